{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
with orders as (

    select * from {{ ref('orders') }}
    where
        customer_id is not null
        and status = 'completed'
        and lines > 0
        and {{ is_to_build('customer_id', 'int_changed_customers') }}

),

days as (

    select
        customer_id,
        ordered_on,
        count(*) as orders,
        -- stored in 64 bits like the orders' own amounts: sums of 128 bits are read many times as slowly
        cast(sum(lines) as bigint) as lines,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(full_price_amount)') }} as full_price_amount,
        {{ money('sum(discount_amount)') }} as discount_amount,
        {{ money('sum(net_sales)') }} as net_sales
    from orders
    group by customer_id, ordered_on

),

final as (

    select
        *,
        {{ days_between('lag(ordered_on) over by_customer', 'ordered_on') }} as gap_days,
        {{ days_between('lag(ordered_on, 2) over by_customer', 'lag(ordered_on) over by_customer') }}
            as gap_before_days,
        lead(ordered_on) over by_customer as next_ordered_on
    from days
    window by_customer as (partition by customer_id order by ordered_on)

)

select * from final
