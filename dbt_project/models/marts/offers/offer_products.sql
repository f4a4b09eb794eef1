with offers as (

    select * from {{ ref('offers') }}

),

baskets as (

    select * from {{ ref('int_offer_baskets') }}

),

final as (

    select
        offers.offer_id,
        baskets.position,
        baskets.product_id,
        baskets.expected_price
    from offers
    inner join baskets on offers.customer_id = baskets.customer_id

)

select * from final
