with lines as (

    select * from {{ ref('order_lines') }}
    where is_merchandise and customer_id is not null

),

final as (

    select
        customer_id,
        product_id,
        count(distinct order_id) as orders,
        min(ordered_on) as first_on,
        max(ordered_on) as last_on
    from lines
    group by customer_id, product_id

)

select * from final
