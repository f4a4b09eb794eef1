with source as (

    select * from {{ source('loyalty', 'loyalty_consents') }}

),

renamed as (

    select
        loyalty_id,
        channel,
        purpose,
        granted,
        changed_at,
        expires_at
    from source
    where {{ is_in_force('changed_at') }}

)

select * from renamed
