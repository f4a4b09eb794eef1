-- depends_on: {{ ref('int_changed_returns') }}
-- depends_on: {{ ref('int_changed_products') }}
{%- set orders_before = previous_relation('marts', 'orders') if built_until() else none %}
{%- set lines_before = previous_relation('marts', 'order_lines') if built_until() else none %}
{%- set returns_before = previous_relation('marts', 'returns') if built_until() else none %}
with headers as (

    select * from {{ ref('int_changed_headers') }}

),

touched as (

    select
        order_id,
        true as has_changed_lines
    from headers
{% if orders_before and lines_before and returns_before %}
    union all
    select
        order_id,
        true as has_changed_lines
    from ({{ changed_keys('sales', 'sales_order_lines', 'order_id') }}) as lines
    union all
    select
        order_id,
        true as has_changed_lines
    from {{ lines_before }}
    where product_id in (select product_id from {{ ref('int_changed_products') }})
    union all
    select
        order_id,
        false as has_changed_lines
    from {{ source('sales', 'sales_returns') }}
    where return_id in (select return_id from {{ ref('int_changed_returns') }}) and order_id is not null
    union all
    select
        order_id,
        false as has_changed_lines
    from {{ returns_before }}
    where return_id in (select return_id from {{ ref('int_changed_returns') }}) and order_id is not null
{% endif %}

),

final as (

    select
        touched.order_id,
        cast(max(cast(touched.has_changed_lines as integer)) as boolean) as has_changed_lines,
{% if orders_before %}
        max(earlier.ordered_on) as was_ordered_on
    from touched
    left join {{ orders_before }} as earlier on touched.order_id = earlier.order_id
{% else %}
        cast(null as date) as was_ordered_on
    from touched
{% endif %}
    group by touched.order_id

)

select * from final
