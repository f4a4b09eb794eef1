with source as (

    select * from {{ source('sales', 'sales_returns') }}

),

renamed as (

    select
        return_id,
        order_id,
        line_no,
        product_id,
        customer_ref,
        returned_at,
        cast(returned_at as date) as returned_on,
        quantity,
        refund_amount,
        reason
    from source
    where {{ is_in_force('returned_at') }}

)

select * from renamed
