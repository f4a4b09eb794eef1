with source as (

    select * from {{ source('loyalty', 'loyalty_redemptions') }}

),

renamed as (

    select
        redemption_id,
        offer_id,
        redeemed_at,
        order_id,
        loyalty_id,
        customer_ref
    from source
    where {{ is_in_force('redeemed_at') }}

)

select * from renamed
