with source as (

    select * from {{ source('sales', 'sales_order_lines') }}

),

renamed as (

    select
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price,
        {{ times('quantity', 'unit_price') }} as gross_amount,
        {{ money('coalesce(discount_amount, 0)') }} as discount_amount,
        coupon_id,
        offer_id
    from source
    where {{ is_in_force() }}

)

select * from renamed
