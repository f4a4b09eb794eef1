{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- Shortly before means within the window, or since the order before, for those who buy seldom.
with orders as (

    select * from {{ ref('int_buying_orders') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

setbacks as (

    select * from {{ ref('int_setbacks') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

final as (

    select
        orders.order_id,
        orders.customer_id,
        setbacks.cause,
        count(*) as setbacks,
        least(count(*), 3) as setbacks_up_to_3,
        max(setbacks.happened_on) as last_on
    from orders
    inner join setbacks
        on
            orders.customer_id = setbacks.customer_id
            and setbacks.happened_on <= orders.ordered_on
            and setbacks.happened_on
            >= least({{ days_after('orders.ordered_on', '-' ~ var('cause_window_days')) }}, orders.ordered_before_on)
    group by orders.order_id, orders.customer_id, setbacks.cause

)

select * from final
