-- vip_pull: the basket that closes the gap. dormancy_defence: the likeliest three.
with likely as (

    select
        products.*,
        targets.program
    from {{ ref('int_likely_products') }} as products
    inner join {{ ref('int_offer_targets') }} as targets on products.customer_id = targets.customer_id

),

baskets as (

    select * from {{ ref('int_vip_baskets') }}

),

chosen as (

    select
        likely.customer_id,
        likely.product_id,
        likely.expected_price,
        likely.place
    from likely
    left join baskets on likely.customer_id = baskets.customer_id
    where
        likely.place in (baskets.place_1, baskets.place_2, baskets.place_3, baskets.place_4)
        or (likely.program = 'dormancy_defence' and likely.place <= 3)

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
