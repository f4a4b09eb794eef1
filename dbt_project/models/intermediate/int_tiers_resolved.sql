-- A threshold given as a share of customers becomes the amount the last of that share has reached tonight.
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

final as (

    select
        tiers.tier,
        tiers.tier_rank,
        tiers.tier_rank = max(tiers.tier_rank) over () as is_top,
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

)

select * from final
