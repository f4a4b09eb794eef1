{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- When the 12 months that count for a tier move against a customer: purchases leave them and take revenue away, refunds
-- leave them and give it back. Counted up from tonight, day by day, as if nothing more were bought or returned.
with purchases as (

    select
        customer_id,
        {{ leaves_twelve_months_on('ordered_on') }} as leaves_on,
        net_sales as amount
    from {{ ref('int_purchase_days') }}
    where
        ordered_on > {{ twelve_months_before(as_of_date()) }}
        and {{ is_to_build('customer_id', 'int_changed_customers') }}

),

refunds as (

    select
        customer_id,
        {{ leaves_twelve_months_on('returned_on') }} as leaves_on,
        -refund_amount as amount
    from {{ ref('returns') }}
    where
        customer_id is not null
        and returned_on > {{ twelve_months_before(as_of_date()) }}
        and {{ is_to_build('customer_id', 'int_changed_customers') }}

),

leaving as (

    select * from purchases
    union all
    select * from refunds

),

days as (

    select
        customer_id,
        leaves_on,
        sum(amount) as amount
    from leaving
    group by customer_id, leaves_on

),

lost as (

    select
        customer_id,
        leaves_on,
        sum(amount) over (partition by customer_id order by leaves_on) as lost_amount
    from days

),

final as (

    select
        customer_id,
        min(leaves_on) as loses_on,
        {{ money(first_by('lost_amount', 'leaves_on')) }} as loses_amount
    from lost
    where lost_amount > 0
    group by customer_id

)

select * from final
