with targets as (

    select * from {{ ref('int_offer_targets') }}

),

baskets as (

    select
        baskets.customer_id,
        count(*) as products,
        sum(baskets.expected_price) as expected_price,
        {{ first_by('baskets.product_id', 'baskets.position') }} as product_id,
        {{ first_by('coalesce(products.name, baskets.product_id)', 'baskets.position') }} as product_name
    from {{ ref('int_offer_baskets') }} as baskets
    inner join {{ ref('products') }} as products on baskets.product_id = products.product_id
    group by baskets.customer_id

),

costed as (

    select
        targets.*,
        -- a vip_pull works while the offer runs, and before purchases that leave the 12 months widen the gap
        case
            when targets.program = 'vip_pull'
                then greatest(
                    least(
                        {{ days_after('targets.send_on', var('offer_valid_days')) }},
                        coalesce(
                            {{ day_before('targets.vip_gap_widens_on') }},
                            {{ days_after('targets.send_on', var('offer_valid_days')) }}
                        )
                    ),
                    targets.send_on
                )
        end as latest_on,
        baskets.products,
        baskets.expected_price,
        baskets.product_id,
        baskets.product_name,
        case targets.incentive_type
            when 'percent_off' then {{ times('0.01 * targets.incentive_value', 'baskets.expected_price') }}
            else targets.incentive_value
        end as cost
    from targets
    inner join baskets on targets.customer_id = baskets.customer_id

),

paid as (

    select
        *,
        expected_price >= basket_amount_needed as is_enough,
        expected_price
        - case when incentive_type in ('percent_off', 'amount_off') then cost else 0 end as price_with_offer
    from costed

),

final as (

    select
        {{ short_id('o', sha256_of("targets.customer_id || '|' || targets.program || '|' || targets.as_of_date")) }}
            as offer_id,
        targets.customer_id,
        targets.as_of_date,
        targets.segment,
        targets.program,
        targets.product_id,
        targets.incentive_type,
        targets.incentive_value,
        targets.cost,
        targets.keep_status,
        targets.dormant_unless_order_on,
        targets.send_on,
        case
            when targets.program = 'dormancy_defence'
                then least(
                    {{ days_after('targets.send_on', var('offer_valid_days')) }}, targets.dormant_unless_order_on
                )
            else {{ days_after('targets.send_on', var('offer_valid_days')) }}
        end as expires_on,
        targets.channel,
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
                then
                    targets.vip_gap_amount || ' short of the top tier; one usual order is '
                    || targets.average_order_value || '. '
                    || case
                        when targets.is_enough then 'To close the gap'
                        else 'Towards the gap'
                    end
                    || ': ' || {{ counted('targets.products', 'likely product') }} || ' for '
                    || {{ money('targets.price_with_offer') }}
                    || ' with the offer'
                    || case
                        when targets.is_enough then '.'
                        else
                            '. Missing is ' || {{ money('targets.vip_gap_amount - targets.price_with_offer') }}
                            || ' more: no four products they are likely to buy come to enough.'
                    end
                    || case
                        when targets.next_order_on > targets.latest_on
                            then
                                ' They are expected on ' || targets.next_order_on || '; it takes an order by '
                                || targets.latest_on || ', '
                                || {{ counted(days_between('targets.latest_on', 'targets.next_order_on'), 'day') }}
                                || ' sooner.'
                        else ''
                    end
            else
                'Last bought ' || {{ counted('targets.recency_days', 'day') }} || ' ago'
                || case
                    when targets.median_gap_days is null then ''
                    else ', usually every ' || {{ counted('cast(ceil(targets.median_gap_days) as integer)', 'day') }}
                end
                || '; falls dormant on ' || targets.dormant_unless_order_on || ' with probability '
                || cast(round(100 * targets.dormancy_probability) as integer) || '% if nothing is done. Likely next: '
                || targets.product_name || '.'
        end as reason,
        cast(
            case
                when targets.next_order_on is not null and targets.latest_on is not null
                    then greatest({{ days_between('targets.latest_on', 'targets.next_order_on') }}, 0)
            end as bigint
        ) as sooner_days
    from paid as targets

)

select * from final
