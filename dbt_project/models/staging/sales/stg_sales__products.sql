with source as (

    select * from {{ source('sales', 'sales_products') }}

),

not_merchandise as (

    select * from {{ ref('not_merchandise') }}

),

renamed as (

    select
        product_id,
        name,
        category,
        subcategory,
        brand,
        list_price,
        unit_cost,
        coalesce(is_active, true) as is_active,
        not exists (
            select 1
            from not_merchandise
            where
                (not_merchandise.level = 'category' and not_merchandise.value = source.category)
                or (not_merchandise.level = 'subcategory' and not_merchandise.value = source.subcategory)
                or (not_merchandise.level = 'product' and not_merchandise.value = source.product_id)
        ) as is_merchandise
    from source
    where {{ is_in_force() }}

)

select * from renamed
