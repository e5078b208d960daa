// The JSON schema of Argo Workflows, which test/engines reads. Nothing of the module is compiled.
module dot-for-dbt/tools

go 1.26

require github.com/argoproj/argo-workflows/v4 v4.0.5
