with source as (

    select * from {{ source('identity', 'identifiers') }}

),

final as (

    select
        kind,
        token,
        customer_id
    from source
    where customer_id is not null

)

select * from final
