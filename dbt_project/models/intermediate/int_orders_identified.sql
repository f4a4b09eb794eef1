with orders as (

    select * from {{ ref('stg_sales__orders') }}

),

identifiers as (

    select * from {{ ref('int_identifiers_resolved') }}

),

final as (

    select
        orders.order_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.channel,
        orders.store_id,
        orders.status,
        coalesce(references_.customer_id, cards.customer_id) as customer_id
    from orders
    left join identifiers as references_
        on references_.kind = 'customer_ref' and orders.customer_ref = references_.token
    left join identifiers as cards
        on cards.kind = 'loyalty_id' and orders.loyalty_id = cards.token

)

select * from final
