with source as (

    select * from {{ source('sales', 'sales_orders') }}

),

renamed as (

    select
        order_id,
        ordered_at,
        cast(ordered_at as date) as ordered_on,
        customer_ref,
        loyalty_id,
        email,
        phone,
        channel,
        store_id,
        coalesce(status, 'completed') as status
    from source
    where {{ is_in_force('ordered_at') }}

)

select * from renamed
