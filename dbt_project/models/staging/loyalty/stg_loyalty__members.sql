with source as (

    select * from {{ source('loyalty', 'loyalty_members') }}

),

renamed as (

    select
        loyalty_id,
        customer_ref,
        email,
        phone,
        enrolled_at,
        birth_year,
        program_tier,
        attributes
    from source
    where {{ is_in_force('enrolled_at') }}

)

select * from renamed
