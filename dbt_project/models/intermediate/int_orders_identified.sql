{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='order_id',
    meta={'changed_by': 'int_changed_headers'}
) }}
with orders as (

    select * from {{ ref('stg_sales__orders') }}
    where {{ is_to_build('order_id', 'int_changed_headers') }}

),

final as (

    select
        orders.order_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.channel,
        orders.store_id,
        orders.status,
        {{ person_of(all_identifiers()) }} as customer_id
    from orders
    {{ joins_to_people('orders', all_identifiers()) }}

)

select * from final
