-- The orders of known people in their order, and which of them was the last before the customer stopped. Orders so young
-- that nobody can have stopped since are left out: they can't tell yet.
with orders as (

    select
        customer_id,
        order_id,
        ordered_on,
        channel,
        row_number() over by_customer as place,
        count(*) over (
            partition by customer_id
            order by ordered_on
            range between interval {{ var('cause_frequency_days') }} day preceding and current row
        ) as recent_orders,
        lag(ordered_on) over by_customer as ordered_before_on,
        lead(order_id) over by_customer is null as is_last
    from {{ ref('orders') }}
    where customer_id is not null and status = 'completed' and lines > 0
    window by_customer as (partition by customer_id order by ordered_at, order_id)

),

settings as (

    select * from {{ ref('int_settings_resolved') }}

),

final as (

    select
        orders.customer_id,
        orders.order_id,
        orders.ordered_on,
        orders.ordered_before_on,
        orders.channel,
        orders.place,
        least(orders.recent_orders, {{ var('cause_frequency_most') }}) as recent_orders,
        settings.as_of_date - orders.ordered_on >= settings.dormant_after_days as can_tell,
        orders.is_last and settings.as_of_date - orders.ordered_on >= settings.dormant_after_days as has_stopped
    from orders
    cross join settings

)

select * from final
