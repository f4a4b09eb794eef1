-- When each customer is next expected, tomorrow at the earliest; who can't be foretold, or is late, tomorrow.
with customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        customer_id,
        greatest(
            least(
                coalesce(next_order_on, {{ day_after(as_of_date()) }}),
                {{ days_after(as_of_date(), var('expected_within_days')) }}
            ),
            {{ day_after(as_of_date()) }}
        ) as expected_on,
        case
            when segment = 'near_vip' or is_at_risk then {{ var('likely_products') }}
            else {{ var('listed_products') }}
        end as listed,
        coalesce(segment = 'near_vip', false) as is_near_vip
    from customers

)

select * from final
