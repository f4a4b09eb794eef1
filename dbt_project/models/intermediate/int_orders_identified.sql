with orders as (

    select * from {{ ref('stg_sales__orders') }}

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
