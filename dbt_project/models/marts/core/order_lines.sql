with lines as (

    select * from {{ ref('stg_sales__order_lines') }}

),

orders as (

    select * from {{ ref('int_orders_identified') }}
    where status = 'completed'

),

products as (

    select * from {{ ref('stg_sales__products') }}

),

priced as (

    select
        lines.order_id,
        lines.line_no,
        orders.customer_id,
        lines.ordered_on,
        lines.product_id,
        coalesce(products.is_merchandise, true) as is_merchandise,
        lines.quantity,
        lines.unit_price,
        lines.gross_amount,
        lines.discount_amount,
        {{ money('lines.gross_amount - lines.discount_amount') }} as net_sales,
        products.unit_cost,
        lines.coupon_id,
        lines.offer_id
    from lines
    inner join orders on lines.order_id = orders.order_id
    left join products on lines.product_id = products.product_id

),

final as (

    select
        *,
        {{ money('net_sales - ' ~ times('quantity', 'unit_cost')) }} as gross_margin
    from priced

)

select * from final
