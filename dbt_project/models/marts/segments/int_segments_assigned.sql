-- The six segments, the first that holds in the order of the seed segments: by default churned, dormant, vip, near_vip,
-- at_risk, regular.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

top_tier as (

    select threshold_amount as vip_amount from {{ ref('int_tiers_resolved') }}
    where is_top

),

tiers as (

    select * from {{ ref('int_tiers_resolved') }}

),

places as (

    select
        max(case when segment = 'churned' then place end) as churned,
        max(case when segment = 'dormant' then place end) as dormant,
        max(case when segment = 'vip' then place end) as vip,
        max(case when segment = 'near_vip' then place end) as near_vip,
        max(case when segment = 'at_risk' then place end) as at_risk,
        max(case when segment = 'regular' then place end) as regular
    from {{ ref('segments') }}

),

buyers as (

    select * from {{ ref('int_customer_value') }}
    where orders_total > 0

),

scores as (

    select * from {{ source('ml', 'churn_scores') }}

),

remembered as (

    select customer_id from {{ ref('int_customers_remembered') }}
    where was_at_risk

),

reached as (

    select
        buyers.customer_id,
        max(tiers.tier_rank) as tier_rank
    from buyers
    inner join tiers on buyers.net_revenue_12m >= tiers.threshold_amount or tiers.tier_rank = 1
    group by buyers.customer_id

),

judged as (

    select
        buyers.customer_id,
        held.tier,
        buyers.recency_days >= settings.churned_after_days as is_churned,
        buyers.recency_days >= settings.dormant_after_days as is_dormant,
        coalesce(buyers.net_revenue_12m >= top_tier.vip_amount, false) as is_vip,
        coalesce(
            buyers.net_revenue_12m < top_tier.vip_amount
            and buyers.net_revenue_12m + buyers.average_order_value >= top_tier.vip_amount,
            false
        ) as is_near_vip,
        coalesce(
            buyers.recency_days < settings.dormant_after_days
            and scores.dormancy_probability >= settings.at_risk_cutoff
            - case when remembered.customer_id is null then 0 else settings.at_risk_margin end,
            false
        ) as is_at_risk,
        remembered.customer_id is not null as was_at_risk,
        {{ money('next_tier.threshold_amount - buyers.net_revenue_12m') }} as tier_gap_amount,
        case
            when buyers.average_order_value > 0
                then {{ times_to_reach(
                    'next_tier.threshold_amount - buyers.net_revenue_12m', 'buyers.average_order_value'
                ) }}
        end as tier_gap_orders,
        {{ money('top_tier.vip_amount - buyers.net_revenue_12m') }} as vip_gap_amount,
        case when buyers.net_revenue_12m < top_tier.vip_amount then losses.loses_on end as vip_gap_widens_on,
        case when buyers.net_revenue_12m < top_tier.vip_amount then losses.loses_amount end as vip_gap_widens_by
    from buyers
    cross join settings
    cross join top_tier
    inner join reached on buyers.customer_id = reached.customer_id
    inner join tiers as held on reached.tier_rank = held.tier_rank
    left join tiers as next_tier on reached.tier_rank + 1 = next_tier.tier_rank
    left join scores on buyers.customer_id = scores.customer_id
    left join remembered on buyers.customer_id = remembered.customer_id
    left join {{ ref('int_window_losses') }} as losses on buyers.customer_id = losses.customer_id

),

placed as (

    select
        judged.*,
        least(
            case when judged.is_churned then places.churned end,
            case when judged.is_dormant then places.dormant end,
            case when judged.is_vip then places.vip end,
            case when judged.is_near_vip then places.near_vip end,
            case when judged.is_at_risk then places.at_risk end,
            places.regular
        ) as place
    from judged
    cross join places

),

final as (

    select
        placed.customer_id,
        placed.tier,
        placed.is_churned,
        placed.is_dormant,
        placed.is_vip,
        placed.is_near_vip,
        placed.is_at_risk,
        placed.was_at_risk,
        placed.tier_gap_amount,
        placed.tier_gap_orders,
        placed.vip_gap_amount,
        placed.vip_gap_widens_on,
        placed.vip_gap_widens_by,
        segments.segment
    from placed
    inner join {{ ref('segments') }} as segments on placed.place = segments.place

)

select * from final
