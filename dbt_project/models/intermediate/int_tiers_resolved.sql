-- A threshold given as a share of customers becomes the amount the last of that share has reached tonight, but never
-- less than the tier below asks for.
with tiers as (

    select * from {{ ref('tiers') }}

),

revenue as (

    select
        net_revenue_12m,
        row_number() over (order by net_revenue_12m desc) as place,
        count(*) over () as customers
    from {{ ref('int_customer_value') }}
    where orders_12m > 0

),

priced as (

    select
        tiers.tier,
        tiers.tier_rank,
        case
            when tiers.threshold_kind = 'share'
                then (
                    select min(revenue.net_revenue_12m)
                    from revenue
                    where revenue.place <= ceil(cast(tiers.threshold_value as decimal(9, 6)) * revenue.customers)
                )
            else {{ money('tiers.threshold_value') }}
        end as threshold_amount
    from tiers

),

final as (

    select
        tier,
        tier_rank,
        tier_rank = max(tier_rank) over () as is_top,
        case
            when threshold_amount is not null then max(threshold_amount) over (order by tier_rank)
        end as threshold_amount
    from priced

)

select * from final
