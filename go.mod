module dot-for-dbt

go 1.25.0
