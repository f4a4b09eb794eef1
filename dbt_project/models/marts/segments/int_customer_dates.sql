-- What the models say of dates, held to the arithmetic of the day: nobody falls dormant before so many days without a
-- purchase, and of who has, the day is a fact.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

people as (

    select
        value_of.customer_id,
        value_of.recency_days < settings.dormant_after_days as is_active,
        {{ days_after('value_of.last_order_on', 'settings.dormant_after_days') }} as dormant_unless_order_on
    from {{ ref('int_customer_value') }} as value_of
    cross join settings
    where value_of.orders_total > 0

),

timing as (

    select * from {{ source('ml', 'timing_scores') }}

),

scores as (

    select
        customer_id,
        dormancy_probability
    from {{ source('ml', 'churn_scores') }}

),

told as (

    select
        people.customer_id,
        people.is_active,
        people.dormant_unless_order_on,
        case
            when not people.is_active then people.dormant_unless_order_on
            -- the churn model looks at the next weeks alone, and closer
            when scores.dormancy_probability >= 0.5 then people.dormant_unless_order_on
            when timing.dormancy_on < people.dormant_unless_order_on then people.dormant_unless_order_on
            else timing.dormancy_on
        end as dormancy_on,
        timing.dormancy_on_low,
        timing.dormancy_on_high,
        coalesce(timing.offer_days, {{ var('offer_valid_days') }}) as offer_days,
        timing.next_order_on,
        timing.next_order_on_low50,
        timing.next_order_on_high50,
        timing.next_order_on_low80,
        timing.next_order_on_high80
    from people
    left join timing on people.customer_id = timing.customer_id
    left join scores on people.customer_id = scores.customer_id

),

final as (

    select
        customer_id,
        dormant_unless_order_on,
        dormancy_on,
        case
            when not is_active or dormancy_on_low < dormant_unless_order_on then dormant_unless_order_on
            when dormancy_on < dormancy_on_low then dormancy_on
            else dormancy_on_low
        end as dormancy_on_low,
        case
            when not is_active then dormant_unless_order_on
            when dormancy_on_high < dormancy_on then dormancy_on
            else dormancy_on_high
        end as dormancy_on_high,
        case when is_active then {{ days_after('dormancy_on', '-offer_days') }} end as contact_before,
        {% for name in ['', '_low50', '_high50', '_low80', '_high80'] -%}
        case when is_active then next_order_on{{ name }} end as next_order_on{{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from told

)

select * from final
