{{ config(tags=['core']) }}
-- Net revenue of all customers, with guests' orders less guests' refunds, is all orders' net sales less all refunds.
with sales as (

    select
        coalesce(sum(net_sales), 0) as of_all,
        coalesce(sum(case when customer_id is null then net_sales end), 0) as of_guests
    from {{ ref('orders') }}

),

refunds as (

    select
        coalesce(sum(refund_amount), 0) as of_all,
        coalesce(sum(case when customer_id is null then refund_amount end), 0) as of_guests
    from {{ ref('returns') }}

),

customers as (

    select coalesce(sum(net_revenue_total), 0) as net_revenue from {{ ref('int_customer_value') }}

)

select
    customers.net_revenue as of_customers,
    sales.of_guests - refunds.of_guests as of_guests,
    sales.of_all - refunds.of_all as of_all
from customers
cross join sales
cross join refunds
where customers.net_revenue + sales.of_guests - refunds.of_guests != sales.of_all - refunds.of_all
