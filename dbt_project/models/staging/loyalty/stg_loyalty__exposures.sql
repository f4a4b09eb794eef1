with source as (

    select * from {{ source('loyalty', 'loyalty_exposures') }}

),

renamed as (

    select
        offer_id,
        sent_at,
        loyalty_id,
        customer_ref,
        channel,
        program,
        product_id,
        incentive_value,
        cost,
        expires_at,
        coalesce(arm, 'treatment') as arm
    from source
    where {{ is_in_force('sent_at') }}

)

select * from renamed
