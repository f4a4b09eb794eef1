{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- A customer's favourite is the category most of their lines are of.
with orders as (

    select * from {{ ref('int_buying_orders') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

products as (

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
    where lines.customer_id is not null and lines.is_merchandise and {{ is_to_build('lines.customer_id', 'int_changed_customers') }}
    group by lines.customer_id, products.category

),

favourites as (

    select
        customer_id,
        category,
        row_number() over (partition by customer_id order by lines desc, category) as place
    from counted

),

with_favourite as (

    select distinct lines.order_id
    from {{ ref('order_lines') }} as lines
    inner join products on lines.product_id = products.product_id
    inner join favourites
        on
            lines.customer_id = favourites.customer_id
            and products.category = favourites.category
            and favourites.place = 1
    where lines.is_merchandise

),

final as (

    select
        orders.customer_id,
        orders.order_id,
        orders.ordered_on,
        orders.place,
        coalesce(orders.channel = 'store', false) as is_in_store,
        with_favourite.order_id is not null as has_favourite
    from orders
    left join with_favourite on orders.order_id = with_favourite.order_id

)

select * from final
