with source as (

    select * from {{ source('loyalty', 'loyalty_points') }}

),

renamed as (

    select
        entry_id,
        loyalty_id,
        occurred_at,
        points,
        reason,
        order_id
    from source
    where {{ is_in_force('occurred_at') }}

)

select * from renamed
