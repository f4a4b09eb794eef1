-- vip_pull: the fewest of the likeliest products that close the gap, the incentive taken off; the last of them is
-- the cheapest that still does, so that little is overshot. dormancy_defence: the likeliest three.
with likely as (

    select
        products.*,
        targets.program,
        targets.basket_amount_needed
    from {{ ref('int_likely_products') }} as products
    inner join {{ ref('int_offer_targets') }} as targets on products.customer_id = targets.customer_id

),

by_price as (

    select
        *,
        row_number() over dearest_first as price_place,
        sum(expected_price) over dearest_first as sum_to_here
    from likely
    where program = 'vip_pull'
    window dearest_first as (
        partition by customer_id
        order by expected_price desc, place
        rows between unbounded preceding and current row
    )

),

sizes as (

    select
        customer_id,
        min(price_place) as products_needed,
        {{ first_by('sum_to_here - expected_price', 'price_place') }} as sum_before_last
    from by_price
    where sum_to_here >= basket_amount_needed and price_place <= {{ var('vip_basket_max_products') }}
    group by customer_id

),

ranked as (

    select
        by_price.customer_id,
        by_price.product_id,
        by_price.expected_price,
        by_price.place,
        sizes.products_needed,
        row_number() over (
            partition by by_price.customer_id
            order by
                by_price.price_place < sizes.products_needed desc,
                by_price.expected_price,
                by_price.place
        ) as pick
    from by_price
    inner join sizes on by_price.customer_id = sizes.customer_id
    where
        by_price.price_place < sizes.products_needed
        or by_price.expected_price >= by_price.basket_amount_needed - sizes.sum_before_last

),

closing as (

    select * from ranked
    where pick <= products_needed

),

-- where even the dearest of the likely products don't reach, the basket goes as far as it can
reaching as (

    select * from by_price
    where
        customer_id not in (select customer_id from sizes)
        and price_place <= {{ var('vip_basket_max_products') }}

),

chosen as (

    select
        customer_id,
        product_id,
        expected_price,
        place
    from closing
    union all
    select
        customer_id,
        product_id,
        expected_price,
        place
    from reaching
    union all
    select
        customer_id,
        product_id,
        expected_price,
        place
    from likely
    where program = 'dormancy_defence' and place <= 3

),

final as (

    select
        customer_id,
        product_id,
        expected_price,
        row_number() over (partition by customer_id order by place) as position
    from chosen

)

select * from final
