with paid as (
    select
        order_id,
        sum(amount) as amount
    from {{ ref('stg_payments') }}
    where kind = 'payment'
    group by order_id
)

select
    o.order_id,
    o.customer_id,
    c.country,
    o.ordered_on,
    o.status,
    coalesce(p.amount, 0) as amount,
    '{{ var("currency") }}' as currency
from {{ ref('stg_orders') }} as o
inner join {{ ref('stg_customers') }} as c on c.customer_id = o.customer_id
left join paid as p on p.order_id = o.order_id
