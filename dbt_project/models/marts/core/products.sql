with products as (

    select * from {{ ref('stg_sales__products') }}

),

months as (

    select * from {{ ref('int_product_months') }}

),

-- of the month in which the 12 months begin only the later days count
begun as (

    select
        product_id,
        sum(quantity) as units,
        sum(net_sales) as net_sales
    from {{ ref('order_lines') }}
    where
        ordered_on > {{ twelve_months_before(as_of_date()) }}
        and ordered_on < {{ month_after(month_of(twelve_months_before(as_of_date()))) }}
    group by product_id

),

whole as (

    select
        product_id,
        min(first_sold_on) as first_sold_on,
        max(last_sold_on) as last_sold_on,
        sum(case when month > {{ twelve_months_before(as_of_date()) }} then units else 0 end) as units,
        sum(case when month > {{ twelve_months_before(as_of_date()) }} then net_sales else 0 end) as net_sales
    from months
    group by product_id

),

sales as (

    select
        whole.product_id,
        whole.first_sold_on,
        whole.last_sold_on,
        whole.units + coalesce(begun.units, 0) as units_12m,
        whole.net_sales + coalesce(begun.net_sales, 0) as net_sales_12m
    from whole
    left join begun on whole.product_id = begun.product_id

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
