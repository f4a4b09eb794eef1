-- Each list with its reasons in sentences.
with chosen as (

    select * from {{ ref('int_recommendations_chosen') }}

),

named as (

    select
        product_id,
        coalesce(name, product_id) as name
    from {{ ref('products') }}

),

bought as (

    select
        *,
        -- some orders of a few days are no rhythm yet
        case
            when orders >= 3 and {{ days_between('first_on', 'last_on') }} >= {{ var('rhythm_least_days') }}
                then greatest(cast(round({{ days_between('first_on', 'last_on') }} / (orders - 1.0)) as integer), 1)
        end as gap_days
    from {{ ref('int_products_bought') }}

),

near as (

    select
        chosen.customer_id,
        chosen.product_id,
        {{ last_by('repeats.product_id', '(near_products.nearness, repeats.product_id)') }} as near_product_id
    from chosen
    inner join chosen as repeats on chosen.customer_id = repeats.customer_id and repeats.kind = 'repeat'
    inner join {{ source('ml', 'near_products') }} as near_products
        on repeats.product_id = near_products.product_id and chosen.product_id = near_products.near_product_id
    where chosen.kind = 'explore'
    group by chosen.customer_id, chosen.product_id

),

-- the kind stands on both sides: a condition on one side alone would compare every row with every other
rules as (

    select
        *,
        'complement' as kind
    from {{ source('ml', 'basket_rules') }}
    where item_kind = 'product'

),

steps as (

    select
        *,
        'upsell' as kind
    from {{ source('ml', 'step_offers') }}

),

final as (

    select
        chosen.customer_id,
        chosen.rank,
        chosen.product_id,
        chosen.kind,
        chosen.score,
        case chosen.kind
            when 'repeat'
                then
                    case
                        when bought.orders = 1 then 'Bought once, on ' || bought.last_on
                        else 'Bought ' || {{ counted('bought.orders', 'time') }} || ', last on ' || bought.last_on
                    end
                    || case
                        when bought.gap_days is null then '.'
                        else ', usually about every ' || {{ counted('bought.gap_days', 'day') }} || '.'
                    end
            when 'complement'
                then
                    'Goes with ' || first_named.name || coalesce(' and ' || second_named.name, '')
                    || ', which they have bought: '
                    || {{ percent('rules.confidence') }} || ' of such baskets hold it, '
                    || cast(round(rules.lift, 1) as decimal(18, 1)) || ' times as many as usual.'
            when 'upsell'
                then
                    'Keeps buying ' || first_named.name || '; ' || {{ percent('steps.chance') }}
                    || ' of such customers went on to this next step up, '
                    || case
                        when steps.margin_gained is null then 'at ' || steps.price_gained
                        else 'which earns ' || steps.margin_gained
                    end
                    || ' more a unit.'
            when 'explore'
                then
                    case
                        when near_named.name is not null
                            then 'New to them: customers who buy ' || near_named.name || ' often buy this too.'
                        else 'New to them, and among what sells best these days.'
                    end
        end as reason,
        chosen.in_stock,
        coalesce(chosen.because_of, near.near_product_id) as because_of,
        chosen.because_of_2,
        chosen.expected_on
    from chosen
    left join bought on chosen.customer_id = bought.customer_id and chosen.product_id = bought.product_id
    left join near on chosen.customer_id = near.customer_id and chosen.product_id = near.product_id
    left join rules
        on
            chosen.kind = rules.kind
            and chosen.product_id = rules.consequent
            and chosen.because_of = rules.antecedent
            and coalesce(chosen.because_of_2, '') = coalesce(rules.antecedent_2, '')
    left join steps
        on
            chosen.kind = steps.kind
            and chosen.customer_id = steps.customer_id
            and chosen.product_id = steps.product_id
            and chosen.because_of = steps.from_product_id
    left join named as first_named on chosen.because_of = first_named.product_id
    left join named as second_named on chosen.because_of_2 = second_named.product_id
    left join named as near_named on near.near_product_id = near_named.product_id

)

select * from final
