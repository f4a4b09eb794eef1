{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- Only what somebody buys again and again is put in the order of time: that is a small part of all lines, and ordering
-- them all takes more room than most machines have.
with orders as (

    select
        order_id,
        place
    from {{ ref('int_buying_orders') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

bought_often as (

    select
        customer_id,
        product_id
    from {{ ref('order_lines') }}
    where customer_id is not null and is_merchandise and {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id, product_id
    having count(*) >= {{ var('usual_from_purchases') }}

),

final as (

    select
        lines.customer_id,
        lines.product_id,
        lines.ordered_on,
        lines.unit_price,
        lag(lines.unit_price) over by_product as price_before,
        row_number() over by_product as nth
    from {{ ref('order_lines') }} as lines
    inner join bought_often
        on lines.customer_id = bought_often.customer_id and lines.product_id = bought_often.product_id
    inner join orders on lines.order_id = orders.order_id
    where lines.is_merchandise
    window by_product as (
        partition by lines.customer_id, lines.product_id order by orders.place, lines.line_no
    )

)

select * from final
