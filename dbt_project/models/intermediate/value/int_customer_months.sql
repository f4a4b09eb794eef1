{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- What each customer brought in each month: sales of the month less the refunds paid in it. Guests are one row a month
-- together, under an empty customer_id, so that the months add up to all there is.
with orders as (

    select
        coalesce(customer_id, '') as customer_id,
        {{ month_of('ordered_on') }} as month,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on,
        sum(net_sales) as net_sales,
        -- one order of unknown margin leaves the month's margin unknown
        case when count(gross_margin) = count(*) then sum(gross_margin) end as gross_margin,
        count(*) as orders
    from {{ ref('orders') }}
    where
        status = 'completed'
        and lines > 0
        and (customer_id is null or {{ is_to_build('customer_id', 'int_changed_customers') }})
    group by coalesce(customer_id, ''), {{ month_of('ordered_on') }}

),

refunds as (

    select
        coalesce(customer_id, '') as customer_id,
        {{ month_of('returned_on') }} as month,
        sum(refund_amount) as refund_amount,
        sum(margin_lost) as margin_lost
    from {{ ref('returns') }}
    where customer_id is null or {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by coalesce(customer_id, ''), {{ month_of('returned_on') }}

),

final as (

    select
        coalesce(orders.customer_id, refunds.customer_id) as customer_id,
        coalesce(orders.month, refunds.month) as month,
        orders.first_ordered_on,
        orders.last_ordered_on,
        coalesce(orders.orders, 0) as orders,
        {{ money('coalesce(orders.net_sales, 0) - coalesce(refunds.refund_amount, 0)') }} as net_revenue,
        case
            when orders.orders is null or orders.gross_margin is not null
                then {{ money('coalesce(orders.gross_margin, 0) - coalesce(refunds.margin_lost, 0)') }}
        end as gross_margin
    from orders
    full outer join refunds on orders.customer_id = refunds.customer_id and orders.month = refunds.month

)

select * from final
