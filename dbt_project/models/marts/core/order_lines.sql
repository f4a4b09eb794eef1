{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='order_id',
    meta={'changed_by': 'int_changed_orders', 'where': 'has_changed_lines and changed.was_ordered_on is not null'}
) }}
with lines as (

    select * from {{ ref('stg_sales__order_lines') }}
    where {{ is_to_build('order_id', 'int_changed_orders', where='has_changed_lines') }}

),

orders as (

    select * from {{ ref('int_orders_identified') }}
    where status = 'completed'

),

products as (

    select * from {{ ref('stg_sales__products') }}

),

costs as (

    select * from {{ ref('stg_sales__product_costs') }}

),

priced as (

    select
        lines.order_id,
        lines.line_no,
        orders.customer_id,
        orders.ordered_on,
        lines.product_id,
        coalesce(products.is_merchandise, true) as is_merchandise,
        lines.quantity,
        lines.unit_price,
        lines.gross_amount,
        lines.discount_amount,
        {{ money('lines.gross_amount - lines.discount_amount') }} as net_sales,
        costs.unit_cost,
        lines.coupon_id,
        lines.offer_id
    from lines
    inner join orders on lines.order_id = orders.order_id
    left join products on lines.product_id = products.product_id
    -- what it cost on the day it was sold
    left join costs
        on
            lines.product_id = costs.product_id
            and orders.ordered_on >= costs.valid_from
            and orders.ordered_on < costs.valid_before

),

final as (

    select
        *,
        {{ money('net_sales - ' ~ times('quantity', 'unit_cost')) }} as gross_margin
    from priced

)

select * from final
