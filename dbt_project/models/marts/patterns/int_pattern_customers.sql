-- Everything but has_left is as of observed_on. Of a large shop a sample of customers, the same ones on every date and
-- every night: more teach nothing new.
with periods as (

    select * from {{ ref('int_pattern_periods') }}

),

{{ sample_buyers(most=var('pattern_customers_max')) }},

days as (

    select
        days.customer_id,
        days.ordered_on,
        days.gap_days,
        days.next_ordered_on,
        days.net_sales,
        days.gross_amount,
        days.discount_amount
    from {{ ref('int_purchase_days') }} as days
    inner join sampled on days.customer_id = sampled.customer_id

),

numbered as (

    select
        periods.observed_on,
        periods.is_holdout,
        periods.dormant_after_days,
        days.*,
        row_number() over (
            partition by periods.observed_on, days.customer_id order by days.ordered_on desc
        ) as days_back
    from periods
    inner join days on periods.observed_on >= days.ordered_on

),

described as (

    select
        observed_on,
        is_holdout,
        customer_id,
        dormant_after_days,
        count(*) as purchase_days,
        max(ordered_on) as last_order_on,
        count(
            case when ordered_on > {{ days_after('observed_on', '-' ~ var('cause_frequency_days')) }} then 1 end
        ) as recent_purchase_days,
        max(case when days_back = 1 then next_ordered_on end) as next_order_on,
        max(case when days_back = 1 then gap_days end) as last_gap_days,
        {{ median('case when days_back > 1 then gap_days end') }} as usual_gap_days,
        count(case when days_back > 1 then gap_days end) as gaps_before,
        {{ money('sum(case when days_back <= 3 then net_sales end)') }} as net_sales_of_last_3,
        {{ money('sum(case when days_back > 3 then net_sales end)') }} as net_sales_before,
        {{ money('sum(case when days_back <= 3 then gross_amount end)') }} as gross_of_last_3,
        {{ money('sum(case when days_back > 3 then gross_amount end)') }} as gross_before,
        {{ money('sum(case when days_back <= 3 then discount_amount end)') }} as discount_of_last_3,
        {{ money('sum(case when days_back > 3 then discount_amount end)') }} as discount_before
    from numbered
    group by observed_on, is_holdout, customer_id, dormant_after_days

),

final as (

    select
        *,
        least(recent_purchase_days, {{ var('cause_frequency_most') }}) as frequency,
        next_order_on is null
        or next_order_on > {{ days_after('observed_on', 'dormant_after_days') }} as has_left
    from described
    where {{ days_between('last_order_on', 'observed_on') }} < dormant_after_days

)

select * from final
