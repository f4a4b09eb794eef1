-- depends_on: {{ ref('orders') }}
-- The months whose sales are others now than at the last build.
with changes as (

    select
        order_id,
        was_ordered_on
    from {{ ref('int_changed_orders') }}
    where has_changed_lines

),

final as (

    select {{ month_of('was_ordered_on') }} as month
    from changes
    where was_ordered_on is not null
{% if built_until() %}
    union
    select {{ month_of('orders.ordered_on') }} as month
    from {{ ref('orders') }} as orders
    inner join changes on orders.order_id = changes.order_id
{% endif %}

)

select * from final
