{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['kind', 'reference_id'],
    meta={'changed_by': 'int_changed_interactions'}
) }}
-- depends_on: {{ ref('int_customers_before') }}
with orders as (

    select
        customer_id,
        null as customer_ref,
        null as loyalty_id,
        ordered_at as occurred_at,
        'order' as kind,
        'sales' as source,
        order_id as reference_id,
        null as product_id,
        net_sales as amount,
        {{ counted('lines', 'line') }} as detail
    from {{ ref('orders') }}
    where status = 'completed' and {{ is_to_build('order_id', 'int_changed_orders') }}

),

returns as (

    select
        customer_id,
        null as customer_ref,
        null as loyalty_id,
        returned_at as occurred_at,
        'return' as kind,
        'sales' as source,
        return_id as reference_id,
        product_id,
        {{ money('-refund_amount') }} as amount,
        reason as detail
    from {{ ref('returns') }}
    where {{ is_to_build('return_id', 'int_changed_returns') }}

),

contacts as (

    select
        customer_id,
        null as customer_ref,
        null as loyalty_id,
        opened_at as occurred_at,
        case when kind = 'product_question' then 'product_question' else 'support' end as kind,
        'support' as source,
        contact_id as reference_id,
        product_id,
        cast(null as decimal(18, 2)) as amount,
        kind as detail
    from {{ ref('int_contacts_identified') }}
    where {{ is_to_build('contact_id', 'int_changed_contacts') }}

),

points as (

    select
        null as customer_id,
        null as customer_ref,
        loyalty_id,
        occurred_at,
        'points' as kind,
        'loyalty' as source,
        entry_id as reference_id,
        null as product_id,
        {{ money('points') }} as amount,
        reason as detail
    from {{ ref('stg_loyalty__points') }}
    where {{ is_to_build('entry_id', 'int_changed_interactions', where="kind = 'points'", column='reference_id') }}

),

exposures as (

    select
        null as customer_id,
        customer_ref,
        loyalty_id,
        sent_at as occurred_at,
        'exposure' as kind,
        'loyalty' as source,
        offer_id as reference_id,
        product_id,
        {{ money('incentive_value') }} as amount,
        program as detail
    from {{ ref('stg_loyalty__exposures') }}
    -- a control customer was chosen but sent nothing
    where
        arm = 'treatment'
        and {{ is_to_build(
            'offer_id', 'int_changed_interactions', where="kind = 'exposure'", column='reference_id'
        ) }}

),

redemptions as (

    select
        null as customer_id,
        customer_ref,
        loyalty_id,
        redeemed_at as occurred_at,
        'redemption' as kind,
        'loyalty' as source,
        redemption_id as reference_id,
        null as product_id,
        cast(null as decimal(18, 2)) as amount,
        offer_id as detail
    from {{ ref('stg_loyalty__redemptions') }}
    where {{ is_to_build(
        'redemption_id', 'int_changed_interactions', where="kind = 'redemption'", column='reference_id'
    ) }}

),

everything as (

    select * from orders
    union all
    select * from returns
    union all
    select * from contacts
    union all
    select * from points
    union all
    select * from exposures
    union all
    select * from redemptions

),

final as (

    select
        coalesce(everything.customer_id, {{ person_of(['loyalty_id', 'customer_ref']) }}) as customer_id,
        everything.occurred_at,
        everything.kind,
        everything.source,
        everything.reference_id,
        everything.product_id,
        everything.amount,
        everything.detail
    from everything
    {{ joins_to_people('everything', ['loyalty_id', 'customer_ref']) }}

)

select * from final
