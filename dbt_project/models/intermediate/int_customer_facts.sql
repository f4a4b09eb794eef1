{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- A refund counts on the day it is paid, whichever order it belongs to. Nothing here moves from one night to the next
-- but for customers with something new, or of whom something leaves the 12 months.
with orders as (

    select
        customer_id,
        count(*) as orders_total,
        sum(case when ordered_on > {{ twelve_months_before(as_of_date()) }} then 1 else 0 end) as orders_12m,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(full_price_amount) as full_price_amount,
        sum(net_sales) as net_sales_total,
        sum(case when ordered_on > {{ twelve_months_before(as_of_date()) }} then net_sales else 0 end) as net_sales_12m,
        -- one order of unknown margin leaves the sum unknown
        case
            when
                count(
                    case when ordered_on > {{ twelve_months_before(as_of_date()) }} and gross_margin is null then 1 end
                ) = 0
                then coalesce(
                    sum(case when ordered_on > {{ twelve_months_before(as_of_date()) }} then gross_margin end), 0
                )
        end as gross_margin_12m
    from {{ ref('orders') }}
    where
        customer_id is not null
        and status = 'completed'
        and lines > 0
        and {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id

),

refunds as (

    select
        customer_id,
        sum(refund_amount) as refunds_total,
        sum(case when returned_on > {{ twelve_months_before(as_of_date()) }} then 1 else 0 end) as returns_12m,
        sum(case when returned_on > {{ twelve_months_before(as_of_date()) }} then refund_amount else 0 end)
            as refunds_12m,
        sum(case when returned_on > {{ twelve_months_before(as_of_date()) }} then margin_lost else 0 end)
            as margin_lost_12m
    from {{ ref('returns') }}
    where customer_id is not null and {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id

),

gaps as (

    select
        customer_id,
        cast({{ median('gap_days') }} as double) as median_gap_days,
        count(gap_days) as gaps
    from {{ ref('int_purchase_days') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id

),

contacts as (

    select
        customer_id,
        count(*) as support_contacts_12m,
        -- one contact of unknown length leaves the sum unknown
        case when count(handling_minutes) = count(*) then sum(cast(handling_minutes as decimal(18, 2))) end
            as handling_minutes_12m
    from {{ ref('int_contacts_identified') }}
    where
        customer_id is not null
        and cast(opened_at as date) > {{ twelve_months_before(as_of_date()) }}
        and {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id

),

points as (

    select
        customer_id,
        cast(sum(amount) as bigint) as points_balance
    from {{ ref('interactions') }}
    where kind = 'points' and customer_id is not null and {{ is_to_build('customer_id', 'int_changed_customers') }}
    group by customer_id

),

customers as (

    select customer_id from orders
    union
    select customer_id from refunds
    union
    select customer_id from contacts
    union
    select customer_id from points

),

final as (

    select
        customers.customer_id,
        orders.first_order_on,
        orders.last_order_on,
        coalesce(orders.orders_total, 0) as orders_total,
        cast(coalesce(orders.orders_12m, 0) as bigint) as orders_12m,
        {{ money('coalesce(orders.gross_amount, 0)') }} as gross_amount,
        {{ money('coalesce(orders.discount_amount, 0)') }} as discount_amount,
        {{ money('coalesce(orders.full_price_amount, 0)') }} as full_price_amount,
        {{ money('coalesce(orders.net_sales_total, 0)') }} as net_sales_total,
        {{ money('coalesce(orders.net_sales_12m, 0)') }} as net_sales_12m,
        -- who bought nothing may have given something back; of their purchases no margin is known
        {{ money('orders.gross_margin_12m - coalesce(refunds.margin_lost_12m, 0)') }} as gross_margin_12m,
        {{ money('coalesce(refunds.refunds_total, 0)') }} as refunds_total,
        {{ money('coalesce(refunds.refunds_12m, 0)') }} as refunds_12m,
        cast(coalesce(refunds.returns_12m, 0) as bigint) as returns_12m,
        gaps.median_gap_days,
        coalesce(gaps.gaps, 0) as gaps,
        coalesce(contacts.support_contacts_12m, 0) as support_contacts_12m,
        case
            when contacts.customer_id is null then cast(0 as decimal(18, 2))
            else cast(contacts.handling_minutes_12m as decimal(18, 2))
        end as handling_minutes_12m,
        coalesce(points.points_balance, 0) as points_balance
    from customers
    left join orders on customers.customer_id = orders.customer_id
    left join refunds on customers.customer_id = refunds.customer_id
    left join gaps on customers.customer_id = gaps.customer_id
    left join contacts on customers.customer_id = contacts.customer_id
    left join points on customers.customer_id = points.customer_id

)

select * from final
