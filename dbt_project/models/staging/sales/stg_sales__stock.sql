with source as (

    select * from {{ source('sales', 'sales_stock') }}

),

renamed as (

    select
        product_id,
        snapshot_on,
        on_hand,
        on_order,
        lead_time_days
    from source
    where {{ is_in_force('snapshot_on') }}

)

select * from renamed
