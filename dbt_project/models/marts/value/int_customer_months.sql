-- What each customer brought in each month: sales of the month less the refunds paid in it. Guests are one row a month
-- together, under an empty customer_id, so that the months add up to all there is.
with orders as (

    select
        coalesce(customer_id, '') as customer_id,
        cast(date_trunc('month', ordered_on) as date) as month,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on,
        sum(net_sales) as net_sales,
        -- one order of unknown margin leaves the month's margin unknown
        case when count(gross_margin) = count(*) then sum(gross_margin) end as gross_margin,
        count(*) as orders
    from {{ ref('orders') }}
    where status = 'completed' and lines > 0
    group by all

),

refunds as (

    select
        coalesce(returns.customer_id, '') as customer_id,
        cast(date_trunc('month', returns.returned_on) as date) as month,
        sum(returns.refund_amount) as refund_amount,
        -- goods that come back are worth their cost again; where that is unknown, the whole refund is lost
        sum(returns.refund_amount - coalesce({{ times('returns.quantity', 'products.unit_cost') }}, 0))
            as margin_returned
    from {{ ref('returns') }} as returns
    left join {{ ref('stg_sales__products') }} as products on returns.product_id = products.product_id
    group by all

),

final as (

    select
        customer_id,
        month,
        orders.first_ordered_on,
        orders.last_ordered_on,
        coalesce(orders.orders, 0) as orders,
        {{ money('coalesce(orders.net_sales, 0) - coalesce(refunds.refund_amount, 0)') }} as net_revenue,
        case
            when orders.orders is null or orders.gross_margin is not null
                then {{ money('coalesce(orders.gross_margin, 0) - coalesce(refunds.margin_returned, 0)') }}
        end as gross_margin
    from orders
    full outer join refunds using (customer_id, month)

)

select * from final
