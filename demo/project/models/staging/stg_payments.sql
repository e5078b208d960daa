select
    id as payment_id,
    order_id,
    kind,
    {{ money.from_cents('amount_cents') }} as amount
from {{ ref('payments') }}
