-- What each target is likeliest to buy next: what they buy again and again, what goes with it, what all buy.
-- Weights are summed as whole numbers (millionths), so that the order of summing can't change a digit.
with targets as (

    select customer_id from {{ ref('int_offer_targets') }}

),

products as (

    select * from {{ ref('products') }}
    where is_merchandise and is_active

),

lines as (

    select * from {{ ref('order_lines') }}
    where
        is_merchandise
        and net_sales > 0
        and ordered_on > {{ twelve_months_before(as_of_date()) }}

),

weighed as (

    select
        lines.customer_id,
        lines.order_id,
        lines.product_id,
        lines.net_sales,
        cast(
            round(
                1000000 * pow(
                    0.5,
                    {{ days_between('lines.ordered_on', as_of_date()) }}
                    / cast({{ var('likelihood_half_life_days') }} as double)
                )
            ) as bigint
        ) as weight
    from lines
    inner join targets on lines.customer_id = targets.customer_id

),

order_weights as (

    select
        customer_id,
        sum(weight) as weight
    from (
        select distinct
            customer_id,
            order_id,
            weight
        from weighed
    ) as orders
    group by customer_id

),

repeated as (

    select
        weighed.customer_id,
        weighed.product_id,
        cast(sum(weighed.weight) as double) / cast(max(order_weights.weight) as double) as likelihood,
        'repeat' as kind
    from weighed
    inner join order_weights on weighed.customer_id = order_weights.customer_id
    group by weighed.customer_id, weighed.product_id

),

complements as (

    select
        repeated.customer_id,
        rules.consequent as product_id,
        max(rules.confidence * least(repeated.likelihood, 1)) as likelihood,
        'complement' as kind
    from repeated
    inner join {{ source('ml', 'basket_rules') }} as rules
        on rules.level = 'product' and repeated.product_id = rules.antecedent
    group by repeated.customer_id, rules.consequent

),

popular as (

    select
        product_id,
        count(distinct order_id) / cast((select count(distinct order_id) from lines) as double) as likelihood
    from lines
    group by product_id
    order by likelihood desc, product_id
    limit {{ var('likely_products') }}

),

candidates as (

    select * from repeated
    union all
    select * from complements
    union all
    select
        targets.customer_id,
        popular.product_id,
        popular.likelihood,
        'explore' as kind
    from targets
    cross join popular

),

prices as (

    select
        product_id,
        {{ money_each('sum(net_sales)', 'count(*)') }} as usual_price
    from lines
    group by product_id

),

own_prices as (

    select
        customer_id,
        product_id,
        {{ money_each('sum(net_sales)', 'count(*)') }} as usual_price
    from weighed
    group by customer_id, product_id

),

best as (

    select
        candidates.customer_id,
        candidates.product_id,
        max(candidates.likelihood) as likelihood,
        {{ last_by('candidates.kind', '(candidates.likelihood, candidates.kind)') }} as kind
    from candidates
    inner join products on candidates.product_id = products.product_id
    group by candidates.customer_id, candidates.product_id

),

ranked as (

    select
        best.customer_id,
        best.product_id,
        best.kind,
        best.likelihood,
        coalesce(own_prices.usual_price, prices.usual_price) as expected_price,
        row_number() over (
            partition by best.customer_id
            order by best.likelihood desc, best.product_id
        ) as place
    from best
    inner join prices on best.product_id = prices.product_id
    left join own_prices
        on best.customer_id = own_prices.customer_id and best.product_id = own_prices.product_id

),

final as (

    select * from ranked
    where place <= {{ var('likely_products') }}

)

select * from final
