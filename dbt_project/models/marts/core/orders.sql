{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='order_id',
    meta={'changed_by': 'int_changed_orders'}
) }}
with orders as (

    select * from {{ ref('int_orders_identified') }}
    where {{ is_to_build('order_id', 'int_changed_orders') }}

),

lines as (

    select
        order_id,
        count(*) as lines,
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        sum(case when discount_amount = 0 then gross_amount else 0 end) as full_price_amount,
        sum(discount_amount) as discount_amount,
        sum(net_sales) as net_sales,
        -- one line without a known cost leaves the order's margin unknown
        case when count(gross_margin) = count(*) then sum(gross_margin) end as gross_margin
    from {{ ref('order_lines') }}
    where {{ is_to_build('order_id', 'int_changed_orders') }}
    group by order_id

),

refunds as (

    select
        order_id,
        sum(refund_amount) as refund_amount
    from {{ ref('stg_sales__returns') }}
    where order_id is not null and {{ is_to_build('order_id', 'int_changed_orders') }}
    group by order_id

),

summed as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.channel,
        orders.store_id,
        orders.status,
        orders.customer_id is null as is_guest,
        coalesce(lines.lines, 0) as lines,
        cast(coalesce(lines.units, 0) as decimal(18, 3)) as units,
        {{ money('coalesce(lines.gross_amount, 0)') }} as gross_amount,
        {{ money('coalesce(lines.full_price_amount, 0)') }} as full_price_amount,
        {{ money('coalesce(lines.discount_amount, 0)') }} as discount_amount,
        {{ money('coalesce(lines.net_sales, 0)') }} as net_sales,
        {{ money('coalesce(refunds.refund_amount, 0)') }} as refund_amount,
        {{ money('lines.gross_margin') }} as gross_margin
    from orders
    left join lines on orders.order_id = lines.order_id
    left join refunds on orders.order_id = refunds.order_id

),

final as (

    select
        *,
        {{ money('net_sales - refund_amount') }} as net_revenue
    from summed

)

select * from final
