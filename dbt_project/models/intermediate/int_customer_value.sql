-- What a customer has bought, given back and cost, as arithmetic of the as-of date. A refund counts on the day it
-- is paid, whichever order it belongs to. Rounded here once, so that every later rule can be checked by hand.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

people as (

    select customer_id from {{ ref('int_identifiers_resolved') }}
    group by customer_id

),

members as (

    select distinct identifiers.customer_id
    from {{ ref('stg_loyalty__members') }} as members
    inner join {{ ref('int_identifiers_resolved') }} as identifiers
        on identifiers.kind = 'loyalty_id' and members.loyalty_id = identifiers.token

),

orders as (

    select
        customer_id,
        count(*) as orders_total,
        count(*) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }}) as orders_12m,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        sum(net_sales) as net_sales_total,
        coalesce(sum(net_sales) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }}), 0)
            as net_sales_12m,
        -- one order of unknown margin leaves the sum unknown
        case
            when
                count(*) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }})
                = count(gross_margin) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }})
                then coalesce(
                    sum(gross_margin) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }}), 0
                )
        end as gross_margin_12m
    from {{ ref('orders') }}
    where customer_id is not null and status = 'completed' and lines > 0
    group by customer_id

),

refunds as (

    select
        returns.customer_id,
        sum(returns.refund_amount) as refunds_total,
        count(*) filter (where returns.returned_on > {{ twelve_months_before(as_of_date()) }}) as returns_12m,
        coalesce(
            sum(returns.refund_amount) filter (where returns.returned_on > {{ twelve_months_before(as_of_date()) }}), 0
        ) as refunds_12m,
        -- goods that come back are worth their cost again; where that is unknown, the whole refund is lost
        coalesce(
            sum(returns.refund_amount - coalesce({{ times('returns.quantity', 'products.unit_cost') }}, 0))
                filter (where returns.returned_on > {{ twelve_months_before(as_of_date()) }}),
            0
        ) as margin_returned_12m
    from {{ ref('returns') }} as returns
    left join {{ ref('stg_sales__products') }} as products on returns.product_id = products.product_id
    where returns.customer_id is not null
    group by returns.customer_id

),

lines as (

    select
        customer_id,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(gross_amount) filter (where discount_amount = 0) as full_price_amount
    from {{ ref('order_lines') }}
    where customer_id is not null
    group by customer_id

),

gaps as (

    select
        customer_id,
        cast(quantile_cont(gap_days, 0.5) as double) as median_gap_days,
        count(gap_days) as gaps
    from {{ ref('int_purchase_days') }}
    group by customer_id

),

contacts as (

    select
        customer_id,
        count(*) as support_contacts_12m,
        -- one contact of unknown length leaves the sum unknown
        case when count(handling_minutes) = count(*) then sum(cast(handling_minutes as decimal(18, 2))) end
            as handling_minutes_12m
    from {{ ref('int_contacts_identified') }}
    where customer_id is not null and cast(opened_at as date) > {{ twelve_months_before(as_of_date()) }}
    group by customer_id

),

points as (

    select
        customer_id,
        cast(sum(amount) as bigint) as points_balance
    from {{ ref('interactions') }}
    where kind = 'points' and customer_id is not null
    group by customer_id

),

costs as (

    select
        people.customer_id,
        case
            when settings.has_cost
                then {{ money('orders.gross_margin_12m - coalesce(refunds.margin_returned_12m, 0)') }}
        end as gross_margin_12m,
        case
            when settings.has_support and contacts.customer_id is null and settings.cost_per_handling_minute is not null
                then {{ money('0') }}
            when settings.has_support
                then {{ money('contacts.handling_minutes_12m * settings.cost_per_handling_minute') }}
        end as support_cost_12m,
        case
            when settings.has_returns
                then {{ money('coalesce(refunds.returns_12m, 0) * settings.cost_per_return') }}
        end as returns_cost_12m
    from people
    cross join settings
    left join orders on people.customer_id = orders.customer_id
    left join refunds on people.customer_id = refunds.customer_id
    left join contacts on people.customer_id = contacts.customer_id

),

final as (

    select
        people.customer_id,
        settings.as_of_date,
        orders.first_order_on,
        orders.last_order_on,
        settings.as_of_date - orders.last_order_on as recency_days,
        settings.as_of_date - orders.first_order_on as tenure_days,
        coalesce(orders.orders_total, 0) as orders_total,
        coalesce(orders.orders_12m, 0) as orders_12m,
        {{ money('coalesce(orders.net_sales_total, 0) - coalesce(refunds.refunds_total, 0)') }} as net_revenue_total,
        {{ money('coalesce(orders.net_sales_12m, 0) - coalesce(refunds.refunds_12m, 0)') }} as net_revenue_12m,
        costs.gross_margin_12m,
        {{ money('(orders.net_sales_total - coalesce(refunds.refunds_total, 0)) / orders.orders_total') }}
            as average_order_value,
        gaps.median_gap_days,
        coalesce(gaps.gaps, 0) as gaps,
        case
            when settings.has_returns and orders.net_sales_total > 0
                then least(
                    cast(coalesce(refunds.refunds_total, 0) as double) / cast(orders.net_sales_total as double), 1.0
                )
        end as return_share,
        case
            when lines.gross_amount > 0
                then cast(coalesce(lines.full_price_amount, 0) as double) / cast(lines.gross_amount as double)
        end as full_price_share,
        case
            when lines.gross_amount > 0
                then cast(lines.discount_amount as double) / cast(lines.gross_amount as double)
        end as discount_share,
        case when settings.has_support then coalesce(contacts.support_contacts_12m, 0) end as support_contacts_12m,
        costs.support_cost_12m,
        costs.returns_cost_12m,
        {{ money('costs.support_cost_12m + costs.returns_cost_12m') }} as cost_to_serve_12m,
        {{ money(
            'costs.gross_margin_12m - coalesce(costs.support_cost_12m, 0) - coalesce(costs.returns_cost_12m, 0)'
        ) }} as margin_after_service_12m,
        case when settings.has_loyalty then members.customer_id is not null end as is_loyalty_member,
        case when settings.has_points then coalesce(points.points_balance, 0) end as points_balance
    from people
    cross join settings
    left join orders on people.customer_id = orders.customer_id
    left join refunds on people.customer_id = refunds.customer_id
    left join lines on people.customer_id = lines.customer_id
    left join gaps on people.customer_id = gaps.customer_id
    left join contacts on people.customer_id = contacts.customer_id
    left join costs on people.customer_id = costs.customer_id
    left join members on people.customer_id = members.customer_id
    left join points on people.customer_id = points.customer_id

)

select * from final
