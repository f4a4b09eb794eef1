{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- A customer's favourite is the category most of their lines are of.
with products as (

    select
        product_id,
        category
    from {{ ref('stg_sales__products') }}
    where category is not null

),

counted as (

    select
        lines.customer_id,
        products.category,
        count(*) as lines
    from {{ ref('order_lines') }} as lines
    inner join products on lines.product_id = products.product_id
    where
        lines.customer_id is not null
        and lines.is_merchandise
        and {{ is_to_build('lines.customer_id', 'int_changed_customers') }}
    group by lines.customer_id, products.category

),

favourites as (

    select
        customer_id,
        category,
        row_number() over (partition by customer_id order by lines desc, category) as place
    from counted

),

final as (

    select
        customer_id,
        category
    from favourites
    where place = 1

)

select * from final
