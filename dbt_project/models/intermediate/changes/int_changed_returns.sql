-- depends_on: {{ ref('int_changed_identifiers') }}
-- depends_on: {{ ref('int_changed_products') }}
-- depends_on: {{ ref('int_changed_headers') }}
-- The orders that a return belongs to, or belonged to at the last build, are needed to find what else it changes.
{%- set before = previous_relation('marts', 'returns') if built_until() else none %}
with final as (

{% if before %}
    {{ changed_keys('sales', 'sales_returns', 'return_id', 'returned_at') }}
    union
    {{ changed_by_identity(source('sales', 'sales_returns'), 'return_id', ['customer_ref']) }}
    union
    -- what they took back is worth its cost of that day
    select return_id from {{ before }}
    where product_id in (select product_id from {{ ref('int_changed_products') }})
    union
    -- a return without a reference of its own is the order's customer's
    select return_id from {{ source('sales', 'sales_returns') }}
    where order_id in (select order_id from {{ ref('int_changed_headers') }})
{% else %}
    select return_id from {{ source('sales', 'sales_returns') }}
    where false
{% endif %}

)

select * from final
