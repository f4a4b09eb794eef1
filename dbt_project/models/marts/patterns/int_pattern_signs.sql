-- What of it can be seen on that date: a setback, or a change of habit. A sign is seen on the day it was complete.
-- A category given up is left out: which category was the favourite is told by all purchases, later ones too.
with customers as (

    select * from {{ ref('int_pattern_customers') }}

),

setbacks as (

    select
        customers.observed_on,
        customers.customer_id,
        setbacks.cause as sign,
        max(setbacks.happened_on) as seen_on
    from customers
    inner join {{ ref('int_setbacks') }} as setbacks on customers.customer_id = setbacks.customer_id
    where
        setbacks.cause != 'category_exit'
        and setbacks.happened_on > {{ days_after('customers.observed_on', '-' ~ var('pattern_window_days')) }}
        -- whether a contact stays unanswered is known some days later
        and case
            when setbacks.cause = 'service'
                then {{ days_after('setbacks.happened_on', var('slow_answer_days')) }}
            else setbacks.happened_on
        end <= customers.observed_on
    group by customers.observed_on, customers.customer_id, setbacks.cause

),

silences as (

    select
        observed_on,
        customer_id,
        'long_silence' as sign,
        {{ days_after('last_order_on', 'ceil(2 * usual_gap_days)') }} as seen_on
    from customers
    where gaps_before >= 3 and {{ days_between('last_order_on', 'observed_on') }} >= 2 * usual_gap_days

),

pauses as (

    select
        observed_on,
        customer_id,
        'longer_pause' as sign,
        last_order_on as seen_on
    from customers
    where gaps_before >= 3 and last_gap_days >= 2 * usual_gap_days

),

spending as (

    select
        observed_on,
        customer_id,
        'spends_half' as sign,
        last_order_on as seen_on
    from customers
    -- per purchase day: half the average of those before
    where purchase_days >= 6 and 2 * net_sales_of_last_3 * (purchase_days - 3) <= 3 * net_sales_before

),

discounts as (

    select
        observed_on,
        customer_id,
        'turned_to_discounts' as sign,
        last_order_on as seen_on
    from customers
    where
        purchase_days >= 6
        and discount_of_last_3 >= 0.2 * gross_of_last_3
        and discount_before < 0.1 * gross_before

),

single_purchases as (

    select
        observed_on,
        customer_id,
        'bought_once' as sign,
        last_order_on as seen_on
    from customers
    where purchase_days = 1

),

questions as (

    select
        customers.observed_on,
        customers.customer_id,
        'asked_without_buying' as sign,
        max(cast(contacts.opened_at as date)) as seen_on
    from customers
    inner join {{ ref('int_contacts_identified') }} as contacts on customers.customer_id = contacts.customer_id
    where
        contacts.kind = 'product_question'
        and cast(contacts.opened_at as date) > customers.last_order_on
        and cast(contacts.opened_at as date) <= customers.observed_on
    group by customers.observed_on, customers.customer_id

),

balances as (

    select
        customers.observed_on,
        customers.customer_id,
        sum(points.amount) as balance,
        max(case when points.amount < 0 then cast(points.occurred_at as date) end) as last_spent_on,
        sum(case when points.amount > 0 then points.amount else 0 end) as collected
    from customers
    inner join {{ ref('interactions') }} as points
        on
            customers.customer_id = points.customer_id
            and points.kind = 'points'
            and cast(points.occurred_at as date) <= customers.observed_on
    group by customers.observed_on, customers.customer_id

),

spent_points as (

    select
        observed_on,
        customer_id,
        'points_spent' as sign,
        last_spent_on as seen_on
    from balances
    where
        10 * balance <= collected
        and last_spent_on > {{ days_after('observed_on', '-' ~ var('pattern_window_days')) }}

),

final as (

    {% for sign in [
        'setbacks', 'silences', 'pauses', 'spending', 'discounts', 'single_purchases', 'questions', 'spent_points'
    ] -%}
    select
        observed_on,
        customer_id,
        sign,
        seen_on
    from {{ sign }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
