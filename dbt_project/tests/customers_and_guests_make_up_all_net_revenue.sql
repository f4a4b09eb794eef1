{{ config(tags=['core']) }}
-- Net revenue of all customers, with guests' orders less guests' refunds, is all orders' net sales less all refunds.
with sums as (

    select
        (select coalesce(sum(net_revenue_total), 0) from {{ ref('int_customer_value') }}) as of_customers,
        (select coalesce(sum(net_sales), 0) from {{ ref('orders') }} where customer_id is null)
        - (select coalesce(sum(refund_amount), 0) from {{ ref('returns') }} where customer_id is null) as of_guests,
        (select coalesce(sum(net_sales), 0) from {{ ref('orders') }})
        - (select coalesce(sum(refund_amount), 0) from {{ ref('returns') }}) as of_all

)

select * from sums
where of_customers + of_guests != of_all
