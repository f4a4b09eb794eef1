with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

people as (

    select * from {{ ref('int_customer_value') }}

),

segments as (

    select * from {{ ref('int_segments_assigned') }}

),

scores as (

    select * from {{ source('ml', 'churn_scores') }}

),

since as (

    select
        history.customer_id,
        min(history.valid_from) as segment_since
    from {{ ref('segment_history') }} as history
    inner join segments on history.customer_id = segments.customer_id
    where
        history.valid_from > coalesce(
            (
                select max(other.valid_from)
                from {{ ref('segment_history') }} as other
                where other.customer_id = history.customer_id and other.segment != segments.segment
            ),
            cast('0001-01-01' as date)
        )
    group by history.customer_id

),

ranked as (

    select
        customer_id,
        cast(ceil(5 * cume_dist() over (order by last_order_on)) as integer) as r_score,
        cast(ceil(5 * cume_dist() over (order by orders_12m)) as integer) as f_score,
        cast(ceil(5 * cume_dist() over (order by net_revenue_12m)) as integer) as m_score,
        coalesce(gross_margin_12m - coalesce(cost_to_serve_12m, 0), net_revenue_12m) as value_12m,
        row_number() over (
            order by coalesce(gross_margin_12m - coalesce(cost_to_serve_12m, 0), net_revenue_12m) desc, customer_id
        ) / cast(count(*) over () as double) as value_place
    from people
    where orders_total > 0

),

bands as (

    select
        ranked.customer_id,
        min_by(bands.value_band, bands.up_to_share) as value_band
    from ranked
    inner join {{ ref('value_bands') }} as bands on ranked.value_place <= bands.up_to_share
    group by ranked.customer_id

),

valued as (

    select
        ranked.*,
        case when ranked.value_12m < 0 then 'negative' else bands.value_band end as value_band
    from ranked
    inner join bands on ranked.customer_id = bands.customer_id

),

remembered as (

    select * from {{ ref('int_customers_remembered') }}

),

judged as (

    select
        people.customer_id,
        case
            when people.tenure_days < {{ var('too_early_days') }} then 'too_early'
            when
                settings.has_cost
                and people.orders_total >= {{ var('let_go_min_orders') }}
                and people.gross_margin_12m - coalesce(people.cost_to_serve_12m, 0) < 0
                then 'let_go'
            when segments.is_near_vip or segments.is_vip or valued.value_band in ('top', 'high') then 'invest'
            else 'maintain'
        end as keep_status
    from people
    cross join settings
    inner join segments on people.customer_id = segments.customer_id
    inner join valued on people.customer_id = valued.customer_id

),

kept as (

    select
        judged.customer_id,
        judged.keep_status,
        case when judged.keep_status = 'let_go' then coalesce(remembered.let_go_since, {{ as_of_date() }}) end
            as let_go_since
    from judged
    left join remembered on judged.customer_id = remembered.customer_id

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
        people.support_contacts_12m,
        people.cost_to_serve_12m,
        people.is_loyalty_member,
        people.points_balance,
        segments.tier,
        segments.tier_gap_amount,
        segments.tier_gap_orders,
        segments.vip_gap_amount,
        segments.vip_gap_widens_on,
        segments.vip_gap_widens_by,
        valued.r_score,
        valued.f_score,
        valued.m_score,
        segments.segment,
        since.segment_since,
        segments.is_near_vip,
        segments.is_at_risk,
        segments.was_at_risk,
        valued.value_band,
        kept.keep_status,
        case kept.keep_status
            when 'too_early' then 'first bought less than {{ var("too_early_days") }} days ago'
            when 'let_go' then 'margin after cost to serve was negative over 12 months'
            when 'invest' then 'among the most valuable, or one order from the top tier'
            when 'maintain' then 'worth the usual care'
        end
        || case
            when settings.has_cost then ''
            else '; no unit cost has landed, so value is net revenue and nobody is let go'
        end as keep_reason,
        kept.let_go_since,
        -- looked at again after each review period, for as long as the customer is let go
        kept.let_go_since + cast(
            {{ var('let_go_review_days') }}
            * (floor((people.as_of_date - kept.let_go_since) / {{ var('let_go_review_days') }}) + 1)
            as integer
        ) as keep_review_on,
        scores.churn_probability_30d,
        scores.churn_probability_60d,
        scores.churn_probability_90d,
        scores.churn_probability_180d,
        scores.dormancy_probability,
        cast(null as double) as probability_alive,
        people.last_order_on + settings.dormant_after_days as dormancy_on,
        cast(null as date) as dormancy_on_low,
        cast(null as date) as dormancy_on_high,
        case
            when people.recency_days < settings.dormant_after_days
                then people.last_order_on + settings.dormant_after_days - 1
        end as contact_before,
        case
            when
                people.gaps >= 2
                and people.recency_days < settings.dormant_after_days
                and people.last_order_on + cast(ceil(people.median_gap_days) as integer) > people.as_of_date
                then people.last_order_on + cast(ceil(people.median_gap_days) as integer)
        end as next_order_on,
        cast(null as date) as next_order_on_low50,
        cast(null as date) as next_order_on_high50,
        cast(null as date) as next_order_on_low80,
        cast(null as date) as next_order_on_high80,
        cast(null as double) as expected_orders_12m,
        cast(null as decimal(18, 2)) as clv_12m_revenue,
        cast(null as decimal(18, 2)) as clv_12m_margin,
        cast(null as decimal(18, 2)) as clv_12m_margin_low,
        cast(null as decimal(18, 2)) as clv_12m_margin_high,
        case
            when people.orders_total = 0 then null
            when people.gaps >= 9 then 'high'
            when people.gaps >= 2 then 'medium'
            else 'low'
        end as confidence
    from people
    cross join settings
    left join segments on people.customer_id = segments.customer_id
    left join valued on people.customer_id = valued.customer_id
    left join kept on people.customer_id = kept.customer_id
    left join since on people.customer_id = since.customer_id
    left join scores on people.customer_id = scores.customer_id

)

select * from final
