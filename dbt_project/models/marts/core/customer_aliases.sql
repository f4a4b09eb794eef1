with source as (

    select * from {{ source('identity', 'aliases') }}

),

final as (

    select
        old_customer_id,
        customer_id,
        since
    from source
    where since <= {{ as_of_date() }}

)

select * from final
