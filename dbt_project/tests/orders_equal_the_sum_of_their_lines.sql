{{ config(tags=['core']) }}
-- Every completed order's amounts are its lines' amounts, every line belongs to an order, and cancelled orders have
-- no lines.
with lines as (

    select
        order_id,
        count(*) as lines,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_sales) as net_sales
    from {{ ref('order_lines') }}
    where {{ is_built_tonight('order_id', 'int_changed_orders') }}
    group by order_id

),

orders as (

    select * from {{ ref('orders') }}
    where {{ is_built_tonight('order_id', 'int_changed_orders') }}

)

select
    coalesce(orders.order_id, lines.order_id) as order_id,
    orders.net_sales as order_net_sales,
    lines.net_sales as lines_net_sales
from orders
full outer join lines on orders.order_id = lines.order_id
where
    orders.order_id is null
    or orders.lines != coalesce(lines.lines, 0)
    or orders.gross_amount != coalesce(lines.gross_amount, 0)
    or orders.discount_amount != coalesce(lines.discount_amount, 0)
    or orders.net_sales != coalesce(lines.net_sales, 0)
    or orders.net_sales != orders.gross_amount - orders.discount_amount
    or (orders.status = 'cancelled' and orders.lines > 0)
