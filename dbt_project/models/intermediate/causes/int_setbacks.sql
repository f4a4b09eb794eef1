{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_changed_customers'}
) }}
-- What happened to customers that may make them stop. What counts as one is a rule of this model; how much each matters
-- is not: int_setback_hazards learns it.
with orders as (

    select * from {{ ref('int_buying_orders') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

contacts as (

    select
        customer_id,
        'service' as cause,
        cast(opened_at as date) as happened_on
    from {{ ref('int_contacts_identified') }}
    where
        customer_id is not null
        and {{ is_to_build('customer_id', 'int_changed_customers') }}
        and kind is distinct from 'product_question'
        and (
            csat <= {{ var('bad_rating') }}
            or resolved_at is null
            or cast(resolved_at as date) > {{ days_after('cast(opened_at as date)', var('slow_answer_days')) }}
        )

),

faults as (

    select
        returns.customer_id,
        'product' as cause,
        returns.returned_on as happened_on
    from {{ ref('returns') }} as returns
    where
        returns.customer_id is not null
        and {{ is_to_build('returns.customer_id', 'int_changed_customers') }}
        and (
            returns.reason is null
            or exists (
                select 1 from {{ ref('product_faults') }} as faults
                where contains(lower(returns.reason), faults.word)
            )
        )

),

lines as (

    select * from {{ ref('int_usual_purchases') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}

),

rises as (

    select
        customer_id,
        'price' as cause,
        ordered_on as happened_on
    from lines
    where nth >= {{ var('usual_from_purchases') }} and unit_price > price_before * (1 + {{ var('price_rise_share') }})

),

usual as (

    select
        customer_id,
        product_id,
        min(ordered_on) as usual_from
    from lines
    where nth = {{ var('usual_from_purchases') }}
    group by customer_id, product_id

),

-- they came for something else, or for this and left without it
stock_outs as (

    select distinct
        usual.customer_id,
        'stock_out' as cause,
        orders.ordered_on as happened_on,
        usual.product_id
    from {{ ref('stg_sales__stock') }} as stock
    inner join usual on stock.product_id = usual.product_id and stock.snapshot_on > usual.usual_from
    inner join orders on usual.customer_id = orders.customer_id and stock.snapshot_on = orders.ordered_on
    left join lines
        on
            usual.customer_id = lines.customer_id
            and usual.product_id = lines.product_id
            and stock.snapshot_on = lines.ordered_on
    where stock.on_hand <= 0 and lines.customer_id is null

),

habits as (

    select
        customer_id,
        ordered_on,
        avg(case when is_in_store then 1.0 else 0.0 end) over earlier as store_share_before,
        avg(case when is_in_store then 1.0 else 0.0 end) over lately as store_share_now,
        avg(case when has_favourite then 1.0 else 0.0 end) over earlier as favourite_share_before,
        max(case when has_favourite then 1 else 0 end) over lately as has_favourite_now,
        count(*) over earlier as orders_before
    from {{ ref('int_order_habits') }}
    where {{ is_to_build('customer_id', 'int_changed_customers') }}
    window
        earlier as (partition by customer_id order by place rows between 10 preceding and 3 preceding),
        lately as (partition by customer_id order by place rows between 2 preceding and current row)

),

changes as (

    select
        customer_id,
        'moved_channel' as cause,
        ordered_on as happened_on
    from habits
    where
        orders_before >= 3
        and (
            (store_share_before >= {{ var('habit_share') }} and store_share_now = 0)
            or (store_share_before <= 1 - {{ var('habit_share') }} and store_share_now = 1)
        )
    union all
    select
        customer_id,
        'category_exit' as cause,
        ordered_on as happened_on
    from habits
    where orders_before >= 3 and favourite_share_before >= {{ var('habit_share') }} and has_favourite_now = 0

),

final as (

    select * from contacts
    union all
    select * from faults
    union all
    select * from rises
    union all
    select
        customer_id,
        cause,
        happened_on
    from stock_outs
    union all
    select * from changes

)

select * from final
