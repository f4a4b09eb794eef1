with source as (

    select * from {{ source('sales', 'sales_order_lines') }}

),

orders as (

    select * from {{ ref('stg_sales__orders') }}

),

renamed as (

    select
        source.order_id,
        source.line_no,
        orders.ordered_at,
        orders.ordered_on,
        source.product_id,
        source.quantity,
        source.unit_price,
        {{ times('source.quantity', 'source.unit_price') }} as gross_amount,
        {{ money('coalesce(source.discount_amount, 0)') }} as discount_amount,
        source.coupon_id,
        source.offer_id
    from source
    inner join orders on source.order_id = orders.order_id
    where {{ is_in_force() }}

)

select * from renamed
