{#- How customers are described to the models as of any date: the same whether it is tonight, to be scored, or a past one,
    to learn from. `described` is the last of these CTEs; they need `settings` and `as_of_dates` before them. Only what
    happened on or before as_of_date is joined, but for next_ordered_on, which the labels alone may read. `among` names
    a CTE of customers where not all are wanted. -#}
{% macro describe_customers(among=none) -%}
purchase_days as (

    select
        as_of_dates.as_of_date,
        days.*
    from as_of_dates
    inner join {{ ref('int_purchase_days') }} as days on days.ordered_on <= as_of_dates.as_of_date
    {%- if among %}
    where days.customer_id in (select {{ among }}.customer_id from {{ among }})
    {%- endif %}

),

refunds as (

    select
        as_of_dates.as_of_date,
        returns.customer_id,
        sum(returns.refund_amount) as refund_amount,
        coalesce(
            sum(
                case
                    when returns.returned_on > {{ days_after('as_of_dates.as_of_date', -90) }}
                        then returns.refund_amount
                end
            ),
            0
        ) as refund_amount_90d
    from as_of_dates
    inner join {{ ref('returns') }} as returns on returns.returned_on <= as_of_dates.as_of_date
    where returns.customer_id is not null
    group by as_of_dates.as_of_date, returns.customer_id

),

exposures as (

    select
        as_of_dates.as_of_date,
        interactions.customer_id,
        count(*) as exposures_90d
    from as_of_dates
    inner join {{ ref('interactions') }} as interactions
        on
            interactions.kind = 'exposure'
            and cast(interactions.occurred_at as date) <= as_of_dates.as_of_date
            and cast(interactions.occurred_at as date) > {{ days_after('as_of_dates.as_of_date', -90) }}
    group by as_of_dates.as_of_date, interactions.customer_id

),

summed as (

    select
        as_of_date,
        customer_id,
        max(ordered_on) as last_order_on,
        min(ordered_on) as first_order_on,
        sum(orders) as orders_total,
        count(*) as purchase_days_total,
        coalesce(sum(case when ordered_on > {{ days_after('as_of_date', -30) }} then orders end), 0) as orders_30d,
        coalesce(sum(case when ordered_on > {{ days_after('as_of_date', -90) }} then orders end), 0) as orders_90d,
        coalesce(sum(case when ordered_on > {{ days_after('as_of_date', -180) }} then orders end), 0) as orders_180d,
        sum(net_sales) as net_sales_total,
        coalesce(sum(case when ordered_on > {{ days_after('as_of_date', -90) }} then net_sales end), 0)
            as net_sales_90d,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        cast({{ median('gap_days') }} as double) as median_gap_days,
        cast({{ last_by('gap_days', 'ordered_on') }} as double) as last_gap_days,
        -- what came next; the labels alone may read it
        {{ last_by('next_ordered_on', 'ordered_on') }} as next_ordered_on
    from purchase_days
    group by as_of_date, customer_id

),

described as (

    select
        summed.*,
        {{ days_between('summed.last_order_on', 'summed.as_of_date') }} as recency_days,
        {{ days_between('summed.first_order_on', 'summed.as_of_date') }} as tenure_days,
        coalesce(refunds.refund_amount, 0) as refund_amount,
        coalesce(refunds.refund_amount_90d, 0) as refund_amount_90d,
        case when settings.has_exposures then coalesce(exposures.exposures_90d, 0) end as exposures_90d,
        settings.as_of_date as run_as_of_date,
        settings.dormant_after_days,
        settings.churned_after_days,
        settings.warning_window_days
    from summed
    cross join settings
    left join refunds on summed.as_of_date = refunds.as_of_date and summed.customer_id = refunds.customer_id
    left join exposures on summed.as_of_date = exposures.as_of_date and summed.customer_id = exposures.customer_id

)
{%- endmacro %}

{#- The columns of a described customer that look back. -#}
{% macro features_of_customers() -%}
as_of_date,
        customer_id,
        recency_days >= dormant_after_days as is_dormant,
        recency_days >= churned_after_days as is_churned,
        case when recency_days < dormant_after_days then dormant_after_days - recency_days end as days_to_dormancy,
        recency_days,
        tenure_days,
        cast(orders_total as bigint) as orders_total,
        purchase_days_total,
        cast(orders_30d as bigint) as orders_30d,
        cast(orders_90d as bigint) as orders_90d,
        cast(orders_180d as bigint) as orders_180d,
        {{ money('net_sales_total - refund_amount') }} as net_revenue_total,
        {{ money('net_sales_90d - refund_amount_90d') }} as net_revenue_90d,
        {{ money_each('(net_sales_total - refund_amount)', 'orders_total') }} as average_order_value,
        median_gap_days,
        last_gap_days,
        recency_days / greatest(median_gap_days, 1) as recency_over_median_gap,
        case when gross_amount > 0 then cast(discount_amount as double) / cast(gross_amount as double) end
            as discount_share,
        case
            when net_sales_total > 0 then least(cast(refund_amount as double) / cast(net_sales_total as double), 1)
        end as return_share,
        exposures_90d
{%- endmacro %}

{#- What came of a described customer by the run's date; empty where that hasn't passed yet. -#}
{% macro labels_of_customers() -%}
{% for days in [30, 60, 90, 180] -%}
        case
            when {{ days_after('as_of_date', days) }} <= run_as_of_date
                then next_ordered_on is null or next_ordered_on > {{ days_after('as_of_date', days) }}
        end as has_lapsed_{{ days }}d,
        {% endfor -%}
        case
            when
                {{ days_after('as_of_date', 'warning_window_days') }} <= run_as_of_date
                and recency_days < dormant_after_days
                and recency_days + warning_window_days >= dormant_after_days
                then
                    next_ordered_on is null
                    or next_ordered_on > {{ days_after('last_order_on', 'dormant_after_days') }}
        end as falls_dormant_in_window
{%- endmacro %}
