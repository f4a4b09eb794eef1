with people as (

    select * from {{ ref('int_customer_value') }}

),

segments as (

    select * from {{ ref('int_segments_assigned') }}

),

scores as (

    select * from {{ source('ml', 'churn_scores') }}

),

dates as (

    select * from {{ ref('int_customer_dates') }}

),

since as (

    select
        customer_id,
        segment_since
    from {{ ref('segment_history') }}
    where valid_to is null

),

worth as (

    select * from {{ ref('int_customer_worth') }}

),

ranked as (

    select * from {{ ref('int_customers_ranked') }}

),

judged as (

    select * from {{ ref('int_customers_judged') }}

),

final as (

    select
        people.customer_id,
        people.as_of_date,
        people.first_order_on,
        people.last_order_on,
        people.recency_days,
        people.orders_total,
        people.orders_12m,
        people.net_revenue_total,
        people.net_revenue_12m,
        people.gross_margin_12m,
        people.average_order_value,
        people.median_gap_days,
        people.return_share,
        people.full_price_share,
        people.discount_share,
        people.support_contacts_12m,
        people.support_cost_12m,
        people.returns_cost_12m,
        people.cost_to_serve_12m,
        people.is_loyalty_member,
        people.points_balance,
        segments.tier,
        segments.tier_gap_amount,
        segments.tier_gap_orders,
        segments.vip_gap_amount,
        segments.vip_gap_widens_on,
        segments.vip_gap_widens_by,
        ranked.r_score,
        ranked.f_score,
        ranked.m_score,
        segments.segment,
        since.segment_since,
        segments.is_near_vip,
        segments.is_at_risk,
        segments.was_at_risk,
        ranked.value_band,
        judged.keep_status,
        judged.keep_reason,
        judged.let_go_since,
        -- looked at again after each review period, for as long as the customer is let go
        {{ days_after(
            'judged.let_go_since',
            var('let_go_review_days') ~ ' * (floor(' ~ days_between('judged.let_go_since', 'people.as_of_date')
            ~ ' / ' ~ var('let_go_review_days') ~ ') + 1)'
        ) }} as keep_review_on,
        scores.churn_probability_30d,
        scores.churn_probability_60d,
        scores.churn_probability_90d,
        scores.churn_probability_180d,
        scores.dormancy_probability,
        worth.probability_alive,
        dates.dormant_unless_order_on,
        dates.dormancy_on,
        dates.dormancy_on_low,
        dates.dormancy_on_high,
        dates.contact_before,
        dates.next_order_on,
        dates.next_order_on_low50,
        dates.next_order_on_high50,
        dates.next_order_on_low80,
        dates.next_order_on_high80,
        worth.expected_orders_12m,
        worth.clv_12m_revenue,
        worth.clv_12m_revenue_low,
        worth.clv_12m_revenue_high,
        worth.clv_12m_margin,
        worth.clv_12m_margin_low,
        worth.clv_12m_margin_high,
        case
            when people.orders_total = 0 then null
            when worth.expected_orders_12m is null then 'low'
            when people.gaps >= 9 then 'high'
            when people.gaps >= 2 then 'medium'
            else 'low'
        end as confidence
    from people
    left join segments on people.customer_id = segments.customer_id
    left join ranked on people.customer_id = ranked.customer_id
    left join judged on people.customer_id = judged.customer_id
    left join since on people.customer_id = since.customer_id
    left join scores on people.customer_id = scores.customer_id
    left join dates on people.customer_id = dates.customer_id
    left join worth on people.customer_id = worth.customer_id

)

select * from final
