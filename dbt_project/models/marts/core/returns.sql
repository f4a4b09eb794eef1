with returns as (

    select * from {{ ref('stg_sales__returns') }}

),

orders as (

    select
        order_id,
        customer_id
    from {{ ref('int_orders_identified') }}

),

final as (

    select
        returns.return_id,
        returns.order_id,
        returns.line_no,
        coalesce({{ person_of(['customer_ref']) }}, orders.customer_id) as customer_id,
        returns.product_id,
        returns.returned_at,
        returns.returned_on,
        returns.quantity,
        returns.refund_amount,
        returns.reason
    from returns
    left join orders on returns.order_id = orders.order_id
    {{ joins_to_people('returns', ['customer_ref']) }}

)

select * from final
