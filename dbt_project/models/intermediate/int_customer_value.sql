-- What a customer has bought, given back and cost, as arithmetic of the as-of date. Rounded here once, so that every
-- later rule can be checked by hand.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

people as (

    select distinct customer_id from {{ ref('int_identifiers_resolved') }}
    where customer_id is not null

),

members as (

    select distinct identifiers.customer_id
    from {{ ref('stg_loyalty__members') }} as members
    inner join {{ ref('int_identifiers_resolved') }} as identifiers
        on identifiers.kind = 'loyalty_id' and members.loyalty_id = identifiers.token
    where identifiers.customer_id is not null

),

facts as (

    select * from {{ ref('int_customer_facts') }}

),

costs as (

    select
        people.customer_id,
        case when settings.has_cost then facts.gross_margin_12m end as gross_margin_12m,
        case
            when settings.has_support and settings.cost_per_handling_minute is not null and facts.customer_id is null
                then {{ money('0') }}
            when settings.has_support
                then {{ money('facts.handling_minutes_12m * settings.cost_per_handling_minute') }}
        end as support_cost_12m,
        case
            when settings.has_returns
                then {{ money('coalesce(facts.returns_12m, 0) * settings.cost_per_return') }}
        end as returns_cost_12m
    from people
    cross join settings
    left join facts on people.customer_id = facts.customer_id

),

final as (

    select
        people.customer_id,
        settings.as_of_date,
        facts.first_order_on,
        facts.last_order_on,
        {{ days_between('facts.last_order_on', 'settings.as_of_date') }} as recency_days,
        {{ days_between('facts.first_order_on', 'settings.as_of_date') }} as tenure_days,
        coalesce(facts.orders_total, 0) as orders_total,
        coalesce(facts.orders_12m, 0) as orders_12m,
        {{ money('coalesce(facts.net_sales_total, 0) - coalesce(facts.refunds_total, 0)') }} as net_revenue_total,
        {{ money('coalesce(facts.net_sales_12m, 0) - coalesce(facts.refunds_12m, 0)') }} as net_revenue_12m,
        costs.gross_margin_12m,
        {{ money_each('(facts.net_sales_total - facts.refunds_total)', 'facts.orders_total') }}
            as average_order_value,
        facts.median_gap_days,
        coalesce(facts.gaps, 0) as gaps,
        case
            when settings.has_returns and facts.net_sales_total > 0
                then least(cast(facts.refunds_total as double) / cast(facts.net_sales_total as double), 1.0)
        end as return_share,
        case
            when facts.gross_amount > 0
                then cast(facts.full_price_amount as double) / cast(facts.gross_amount as double)
        end as full_price_share,
        case
            when facts.gross_amount > 0
                then cast(facts.discount_amount as double) / cast(facts.gross_amount as double)
        end as discount_share,
        case when settings.has_support then coalesce(facts.support_contacts_12m, 0) end as support_contacts_12m,
        costs.support_cost_12m,
        costs.returns_cost_12m,
        {{ money('costs.support_cost_12m + costs.returns_cost_12m') }} as cost_to_serve_12m,
        {{ money(
            'costs.gross_margin_12m - coalesce(costs.support_cost_12m, 0) - coalesce(costs.returns_cost_12m, 0)'
        ) }} as margin_after_service_12m,
        case when settings.has_loyalty then members.customer_id is not null end as is_loyalty_member,
        case when settings.has_points then coalesce(facts.points_balance, 0) end as points_balance
    from people
    cross join settings
    left join facts on people.customer_id = facts.customer_id
    left join costs on people.customer_id = costs.customer_id
    left join members on people.customer_id = members.customer_id

)

select * from final
