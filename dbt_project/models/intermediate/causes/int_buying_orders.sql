{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- The orders of known people in their order. Which of them was the last before the customer stopped is known once it is
-- old enough: that moves with the date, and is asked where it is needed (can_tell_since).
with orders as (

    select
        customer_id,
        order_id,
        ordered_at,
        ordered_on,
        channel
    from {{ ref('orders') }}
    where
        customer_id is not null
        and status = 'completed'
        and lines > 0
        and {{ is_to_build('customer_id', 'int_changed_customers') }}

),

final as (

    select
        customer_id,
        order_id,
        ordered_on,
        lag(ordered_on) over by_customer as ordered_before_on,
        channel,
        row_number() over by_customer as place,
        least(
            count(*) over (
                partition by customer_id
                order by ordered_on
                range between interval {{ var('cause_frequency_days') }} day preceding and current row
            ),
            {{ var('cause_frequency_most') }}
        ) as recent_orders,
        lead(order_id) over by_customer is null as is_last
    from orders
    window by_customer as (partition by customer_id order by ordered_at, order_id)

)

select * from final
