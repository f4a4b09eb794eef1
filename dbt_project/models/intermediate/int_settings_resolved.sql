with gaps as (

    select cast(ceil({{ quantile('gap_days', var('dormant_gap_share')) }}) as integer) as learnt_days
    from {{ ref('int_purchase_days') }}
    where gap_days is not null

),

orders as (

    select min(ordered_on) as first_order_on from {{ ref('orders') }}

),

dormancy as (

    select
        coalesce(
            cast({{ var('dormant_after_days') or 'null' }} as integer),
            gaps.learnt_days,
            {{ var('dormant_after_days_without_gaps') }}
        ) as dormant_after_days
    from gaps

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        orders.first_order_on,
        dormancy.dormant_after_days,
        greatest(
            coalesce(cast({{ var('churned_after_days') or 'null' }} as integer), 2 * dormancy.dormant_after_days),
            dormancy.dormant_after_days
        ) as churned_after_days,
        {{ var('warning_window_days') }} as warning_window_days,
        cast({{ var('at_risk_cutoff') }} as double) as at_risk_cutoff,
        cast({{ var('at_risk_margin') }} as double) as at_risk_margin,
        cast({{ number_or_null(var('cost_per_handling_minute')) }} as decimal(18, 4)) as cost_per_handling_minute,
        cast({{ number_or_null(var('cost_per_return')) }} as decimal(18, 4)) as cost_per_return,
        exists(select 1 from {{ ref('stg_support__contacts') }}) as has_support,
        exists(select 1 from {{ ref('stg_loyalty__members') }}) as has_loyalty,
        exists(select 1 from {{ ref('stg_loyalty__points') }}) as has_points,
        exists(select 1 from {{ ref('stg_loyalty__consents') }}) as has_consents,
        exists(select 1 from {{ ref('stg_loyalty__exposures') }}) as has_exposures,
        exists(select 1 from {{ ref('stg_sales__returns') }}) as has_returns,
        exists(
            select 1 from {{ ref('stg_sales__products') }}
            where unit_cost is not null
        ) as has_cost
    from dormancy
    cross join orders

)

select * from final
