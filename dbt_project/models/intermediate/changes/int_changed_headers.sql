-- depends_on: {{ ref('int_changed_identifiers') }}
{%- set before = previous_relation('marts', 'orders') if built_until() else none %}
with final as (

{% if before %}
    {{ changed_keys('sales', 'sales_orders', 'order_id', 'ordered_at') }}
    union
    {{ changed_by_identity(source('sales', 'sales_orders'), 'order_id', all_identifiers()) }}
{% else %}
    select order_id from {{ source('sales', 'sales_orders') }}
    where false
{% endif %}

)

select * from final
