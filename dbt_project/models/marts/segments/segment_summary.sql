{%- set earlier_nights = previous_relation('marts', 'segment_summary') %}
with customers as (

    select * from {{ ref('customers') }}
    where segment is not null

),

remembered as (

    select
        customer_id,
        segment
    from {{ ref('int_segments_remembered') }}
    where valid_to is null

),

six as (

    select segment from {{ ref('segments') }}

),

sums as (

    select
        customers.segment,
        count(*) as customers,
        sum(customers.orders_12m) as orders_12m,
        sum(customers.net_revenue_12m) as net_revenue_12m,
        sum(customers.gross_margin_12m) as gross_margin_12m,
        sum(customers.clv_12m_margin) as clv_12m_margin,
        count(case when remembered.segment is distinct from customers.segment then 1 end) as entered
    from customers
    left join remembered on customers.customer_id = remembered.customer_id
    group by customers.segment

),

leavers as (

    select
        remembered.segment,
        count(*) as customers
    from remembered
    left join customers on remembered.customer_id = customers.customer_id
    where customers.segment is distinct from remembered.segment
    group by remembered.segment

),

tonight as (

    select
        {{ as_of_date() }} as as_of_date,
        six.segment,
        coalesce(sums.customers, 0) as customers,
        cast(coalesce(sums.orders_12m, 0) as bigint) as orders_12m,
        {{ money('coalesce(sums.net_revenue_12m, 0)') }} as net_revenue_12m,
        {{ money('sums.gross_margin_12m') }} as gross_margin_12m,
        -- on the first night there is nothing to have come from
        case when exists (select 1 from remembered) then coalesce(sums.entered, 0) end as entered,
        case when exists (select 1 from remembered) then coalesce(leavers.customers, 0) end
            as {{ adapter.quote('left') }},
        {{ money('sums.clv_12m_margin') }} as expected_margin_12m
    from six
    left join sums on six.segment = sums.segment
    left join leavers on six.segment = leavers.segment

),

final as (

    select * from tonight
    {% if earlier_nights %}
    union all
    select * from {{ earlier_nights }}
    where as_of_date < {{ as_of_date() }}
    {% endif %}

)

select * from final
