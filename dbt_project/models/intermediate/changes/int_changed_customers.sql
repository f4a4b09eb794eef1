-- depends_on: {{ ref('orders') }}
-- Whose purchases, returns, contacts or points are others now than at the last build, or of whom something has left the
-- 12 months since. For all others only the date has moved.
with changes as (

    select * from {{ ref('int_changed_interactions') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

before as (

    select * from {{ ref('int_customers_before') }}

),

final as (

    select customer_id from before
{% if built_until() %}
    union
    select '' as customer_id
    union
    select interactions.customer_id
    from interactions
    inner join changes on interactions.kind = changes.kind and interactions.reference_id = changes.reference_id
    where interactions.customer_id is not null
    union
    select customer_id from interactions
    where
        customer_id is not null
        and kind in ('order', 'return', 'product_question', 'support')
        and cast(occurred_at as date) > {{ twelve_months_before("cast('" ~ built_until() ~ "' as date)") }}
        and cast(occurred_at as date) <= {{ twelve_months_before(as_of_date()) }}
    union
    -- a price or a shelf that turns out otherwise may have been a setback on the days it was so
    select orders.customer_id
    from {{ ref('orders') }} as orders
    inner join ({{ changed_keys('sales', 'sales_stock', 'snapshot_on', 'snapshot_on') }}) as stock
        on orders.ordered_on = stock.snapshot_on
    where orders.customer_id is not null
{% endif %}

)

select * from final
