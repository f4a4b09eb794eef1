{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- Each month of a customer beside the one before it, and when they had last bought by then and bought next. The month
-- after their last one is there too: what it lacks is a change. Months that are not over yet are for the reader to
-- leave out.
with months as (

    select * from {{ ref('int_customer_months') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

beside as (

    select
        customer_id,
        month,
        net_revenue,
        gross_margin,
        cast(0 as decimal(18, 2)) as net_revenue_before,
        cast(0 as decimal(18, 2)) as gross_margin_before
    from months
    union all
    select
        customer_id,
        {{ month_after('month') }} as month,
        cast(0 as decimal(18, 2)) as net_revenue,
        cast(0 as decimal(18, 2)) as gross_margin,
        net_revenue as net_revenue_before,
        gross_margin as gross_margin_before
    from months

),

changes as (

    select
        customer_id,
        month,
        {{ money('sum(net_revenue) - sum(net_revenue_before)') }} as net_revenue_change,
        -- unknown where a margin of either month is
        case
            when count(gross_margin) = count(*) and count(gross_margin_before) = count(*)
                then {{ money('sum(gross_margin) - sum(gross_margin_before)') }}
        end as margin_change
    from beside
    group by customer_id, month

),

purchases as (

    select
        customer_id,
        month,
        last_ordered_on,
        lead(first_ordered_on) over by_customer as next_ordered_on,
        {{ days_between('lag(last_ordered_on) over by_customer', 'first_ordered_on') }} as days_since_order_before,
        row_number() over by_customer = 1 as is_new
    from months
    where orders > 0
    window by_customer as (partition by customer_id order by month)

),

placed as (

    select
        changes.*,
        purchases.month is not null as has_ordered,
        coalesce(purchases.is_new, false) as is_new,
        purchases.days_since_order_before,
        max(purchases.last_ordered_on) over (partition by changes.customer_id order by changes.month)
            as last_ordered_on
    from changes
    left join purchases on changes.customer_id = purchases.customer_id and changes.month = purchases.month

),

final as (

    select
        placed.*,
        silences.next_ordered_on
    from placed
    left join purchases as silences
        on placed.customer_id = silences.customer_id and placed.last_ordered_on = silences.last_ordered_on

)

select * from final
