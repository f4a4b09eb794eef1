{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
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

favourites as (

    select * from {{ ref('int_favourite_categories') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

with_favourite as (

    select distinct lines.order_id
    from {{ ref('order_lines') }} as lines
    inner join products on lines.product_id = products.product_id
    inner join favourites
        on
            lines.customer_id = favourites.customer_id
            and products.category = favourites.category
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
