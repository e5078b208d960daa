select
    cast(date_trunc('month', ordered_on) as date) as month,
    count(*) as orders,
    sum(amount) as revenue
from {{ ref('fct_orders') }}
group by 1
