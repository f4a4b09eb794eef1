with products as (

    select * from {{ ref('stg_sales__products') }}

),

sales as (

    select
        product_id,
        min(ordered_on) as first_sold_on,
        max(ordered_on) as last_sold_on,
        sum(quantity) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }}) as units_12m,
        sum(net_sales) filter (where ordered_on > {{ twelve_months_before(as_of_date()) }}) as net_sales_12m
    from {{ ref('order_lines') }}
    group by product_id

),

final as (

    select
        coalesce(products.product_id, sales.product_id) as product_id,
        products.name,
        products.category,
        products.subcategory,
        products.brand,
        {{ money('products.list_price') }} as list_price,
        {{ money('products.unit_cost') }} as unit_cost,
        coalesce(products.is_active, true) as is_active,
        coalesce(products.is_merchandise, true) as is_merchandise,
        sales.first_sold_on,
        sales.last_sold_on,
        cast(coalesce(sales.units_12m, 0) as decimal(18, 3)) as units_12m,
        {{ money('coalesce(sales.net_sales_12m, 0)') }} as net_sales_12m
    from products
    full outer join sales on products.product_id = sales.product_id

)

select * from final
