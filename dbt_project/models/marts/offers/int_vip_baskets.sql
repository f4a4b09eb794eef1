-- Of every basket of one to four products the one offered to each near-VIP: it closes the gap, overshoots by the fewest
-- tenths of it, and among those is likeliest, its products taken together. What isn't recommended is taken only where
-- no four that are come to enough. Where nothing closes the gap, the dearest.
with likely as (

    select
        products.customer_id,
        products.expected_price,
        products.likelihood,
        products.is_recommended,
        products.place,
        targets.basket_amount_needed,
        row_number() over (
            partition by products.customer_id, products.is_recommended
            order by products.expected_price desc, products.place
        ) as price_place
    from {{ ref('int_likely_products') }} as products
    inner join {{ ref('int_offer_targets') }} as targets on products.customer_id = targets.customer_id
    where targets.program = 'vip_pull'

),

reaches as (

    select
        customer_id,
        sum(case when is_recommended and price_place <= 4 then expected_price else 0 end) as recommended_reach
    from likely
    group by customer_id

),

considered as (

    select
        likely.customer_id,
        likely.expected_price,
        likely.likelihood,
        likely.place,
        likely.basket_amount_needed,
        row_number() over (
            partition by likely.customer_id
            order by
                likely.expected_price <= likely.basket_amount_needed desc, likely.expected_price desc, likely.place
        ) as below_place,
        row_number() over (
            partition by likely.customer_id
            order by likely.expected_price > likely.basket_amount_needed desc, likely.expected_price, likely.place
        ) as above_place
    from likely
    inner join reaches on likely.customer_id = reaches.customer_id
    where likely.is_recommended or reaches.recommended_reach < likely.basket_amount_needed

),

-- The likeliest, the dearest that alone are not too much, and the cheapest that alone is enough: where any four close
-- the gap, some of these do. So few that a customer has some thousands of baskets at most.
pool as (

    select * from considered
    where
        place <= {{ var('vip_basket_pool') }}
        or (below_place <= {{ var('vip_basket_pool') }} and expected_price <= basket_amount_needed)
        or (above_place = 1 and expected_price > basket_amount_needed)

),

ones as (

    select
        customer_id,
        basket_amount_needed,
        place as place_1,
        cast(null as bigint) as place_2,
        cast(null as bigint) as place_3,
        cast(null as bigint) as place_4,
        expected_price,
        likelihood
    from pool

),

twos as (

    select
        ones.customer_id,
        ones.basket_amount_needed,
        ones.place_1,
        pool.place as place_2,
        cast(null as bigint) as place_3,
        cast(null as bigint) as place_4,
        ones.expected_price + pool.expected_price as expected_price,
        ones.likelihood * pool.likelihood as likelihood
    from ones
    inner join pool on ones.customer_id = pool.customer_id and ones.place_1 < pool.place

),

threes as (

    select
        twos.customer_id,
        twos.basket_amount_needed,
        twos.place_1,
        twos.place_2,
        pool.place as place_3,
        cast(null as bigint) as place_4,
        twos.expected_price + pool.expected_price as expected_price,
        twos.likelihood * pool.likelihood as likelihood
    from twos
    inner join pool on twos.customer_id = pool.customer_id and twos.place_2 < pool.place

),

fours as (

    select
        threes.customer_id,
        threes.basket_amount_needed,
        threes.place_1,
        threes.place_2,
        threes.place_3,
        pool.place as place_4,
        threes.expected_price + pool.expected_price as expected_price,
        threes.likelihood * pool.likelihood as likelihood
    from threes
    inner join pool on threes.customer_id = pool.customer_id and threes.place_3 < pool.place

),

baskets as (

    select * from ones
    union all
    select * from twos
    union all
    select * from threes
    union all
    select * from fours

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                expected_price >= basket_amount_needed desc,
                case
                    when expected_price >= basket_amount_needed
                        then ceil((expected_price - basket_amount_needed) * 10 / greatest(basket_amount_needed, 1))
                    else basket_amount_needed - expected_price
                end,
                likelihood desc,
                expected_price,
                place_1,
                place_2 nulls first,
                place_3 nulls first,
                place_4 nulls first
        ) as choice
    from baskets

),

final as (

    select
        customer_id,
        place_1,
        place_2,
        place_3,
        place_4,
        expected_price,
        likelihood
    from ranked
    where choice = 1

)

select * from final
