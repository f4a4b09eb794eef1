with targets as (

    select * from {{ ref('int_offer_targets') }}

),

baskets as (

    select
        baskets.customer_id,
        count(*) as products,
        sum(baskets.expected_price) as expected_price,
        min_by(baskets.product_id, baskets.position) as product_id,
        min_by(coalesce(products.name, baskets.product_id), baskets.position) as product_name
    from {{ ref('int_offer_baskets') }} as baskets
    inner join {{ ref('products') }} as products on baskets.product_id = products.product_id
    group by baskets.customer_id

),

incentives as (

    select * from {{ ref('incentives') }}

),

final as (

    select
        {{ short_id('o', "sha256(targets.customer_id || '|' || targets.program || '|' || targets.as_of_date)") }} as offer_id,
        targets.customer_id,
        targets.as_of_date,
        targets.segment,
        targets.program,
        baskets.product_id,
        incentives.incentive_type,
        {{ money('incentives.incentive_value') }} as incentive_value,
        {{ money("round(case
            when incentives.incentive_type = 'percent_off' then baskets.expected_price * incentives.incentive_value / 100
            else incentives.incentive_value
        end, 2)") }} as cost,
        targets.send_on,
        case
            when targets.program = 'dormancy_defence'
                then least(targets.send_on + {{ var('offer_valid_days') }}, targets.dormancy_on)
            else targets.send_on + {{ var('offer_valid_days') }}
        end as expires_on,
        incentives.channel,
        case
            when
                {{ stable_fraction("targets.customer_id || '|' || targets.program") }} < {{ var('control_share') }}
                then 'control'
            else 'treatment'
        end as arm,
        -- near-VIPs first, the nearest before the others; then the most valuable of those at risk
        case
            when targets.program = 'vip_pull' then 1 - targets.vip_gap_amount / nullif(targets.average_order_value, 0)
            else targets.dormancy_probability
        end as urgency,
        case targets.program
            when 'vip_pull'
                then format(
                    '{} short of the top tier; one usual order is {}. {} likely product{} come to {}{}',
                    targets.vip_gap_amount,
                    targets.average_order_value,
                    baskets.products,
                    case when baskets.products = 1 then '' else 's' end,
                    baskets.expected_price,
                    case
                        when baskets.expected_price >= targets.vip_gap_amount then ' and close the gap.'
                        else '; the rest of a usual order closes the gap.'
                    end
                )
            else format(
                'Last bought {} days ago{}; falls dormant on {} with probability {}% unless something changes. Likeliest next: {}.',
                targets.recency_days,
                case
                    when targets.median_gap_days is null then ''
                    else format(', usually every {} days', cast(ceil(targets.median_gap_days) as integer))
                end,
                targets.dormancy_on,
                cast(round(100 * targets.dormancy_probability) as integer),
                baskets.product_name
            )
        end as reason
    from targets
    inner join baskets on targets.customer_id = baskets.customer_id
    inner join incentives on targets.program = incentives.program

)

select * from final
