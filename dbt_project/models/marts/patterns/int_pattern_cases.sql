-- A pattern is a sign, or two of them; a customer counts once for each, when it was first seen. usual_share is what was
-- to be expected of the customer whatever happened to them: the share of those who bought as often that left.
with customers as (

    select * from {{ ref('int_pattern_customers') }}

),

signs as (

    select * from {{ ref('int_pattern_signs') }}

),

usual as (

    select
        observed_on,
        frequency,
        avg(cast(has_left as integer)) as usual_share
    from customers
    group by observed_on, frequency

),

patterns as (

    select
        observed_on,
        customer_id,
        sign,
        cast(null as string) as sign_2,
        seen_on
    from signs
    union all
    select
        one.observed_on,
        one.customer_id,
        one.sign,
        other.sign as sign_2,
        greatest(one.seen_on, other.seen_on) as seen_on
    from signs as one
    inner join signs as other
        on one.observed_on = other.observed_on and one.customer_id = other.customer_id and one.sign < other.sign

),

cases as (

    select
        patterns.*,
        customers.is_holdout,
        customers.has_left,
        row_number() over (
            partition by customers.is_holdout, patterns.customer_id, patterns.sign, patterns.sign_2
            order by patterns.observed_on
        ) as nth,
        usual.usual_share,
        {{ days_after('customers.last_order_on', 'customers.dormant_after_days') }} as dormant_on
    from patterns
    inner join customers
        on patterns.observed_on = customers.observed_on and patterns.customer_id = customers.customer_id
    inner join usual on customers.observed_on = usual.observed_on and customers.frequency = usual.frequency

),

final as (

    select
        observed_on,
        customer_id,
        sign,
        sign_2,
        seen_on,
        is_holdout,
        has_left,
        usual_share,
        dormant_on
    from cases
    where nth = 1

)

select * from final
