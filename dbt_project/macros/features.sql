{#- How customers are described to the models as of any date: the same whether it is tonight, to be scored, or a past one,
    to learn from. `described` is the last of these CTEs; they need `settings` and `as_of_dates` before them. Only what
    happened on or before as_of_date is joined, but for next_ordered_on, which the labels alone may read. `among` names
    a CTE of customer_id and as_of_date where not everybody is wanted on every date. Sums are of whole numbers or money,
    so that they are the same whatever the order of the rows. -#}
{% macro describe_customers(among=none) -%}
purchase_days as (

    select
        as_of_dates.as_of_date,
        {{ days_between('days.ordered_on', 'as_of_dates.as_of_date') }} as age_days,
        days.*
    from {{ join_wanted('int_purchase_days', 'days', among) }} days.ordered_on <= as_of_dates.as_of_date

),

refunds as (

    select
        as_of_dates.as_of_date,
        returns.customer_id,
        count(*) as returns_total,
        sum(returns.refund_amount) as refund_amount,
        {{ sum_within(90, 'returns.refund_amount', 'returns.returned_on') }} as refund_amount_90d,
        {{ sum_within(90, '1', 'returns.returned_on') }} as returns_90d
    from {{ join_wanted('returns', 'returns', among) }} returns.returned_on <= as_of_dates.as_of_date
    where returns.customer_id is not null
    group by as_of_dates.as_of_date, returns.customer_id

),

contacts as (

    select
        as_of_dates.as_of_date,
        interactions.customer_id,
        sum(case when interactions.kind = 'points' then interactions.amount end) as points_balance,
        {% for kind, name in [('exposure', 'exposures'), ('redemption', 'redemptions'), ('support', 'support_contacts'), ('product_question', 'questions')] -%}
        {{ sum_within(90, "case when interactions.kind = '" ~ kind ~ "' then 1 end", 'cast(interactions.occurred_at as date)') }}
            as {{ name }}_90d{{ ',' if not loop.last }}
        {% endfor %}
    from {{ join_wanted('interactions', 'interactions', among) }}
        interactions.kind in ('exposure', 'redemption', 'support', 'product_question', 'points')
        and cast(interactions.occurred_at as date) <= as_of_dates.as_of_date
    where interactions.customer_id is not null
    group by as_of_dates.as_of_date, interactions.customer_id

),

-- whether service was bad is known only when its answer was due; a favourite category is that of the whole history,
-- which a past date must not see
setbacks as (

    select
        as_of_dates.as_of_date,
        setbacks.customer_id,
        {% for cause, name in [('service', 'bad_service'), ('product', 'faulty_products'), ('price', 'price_rises'), ('stock_out', 'stock_outs'), ('moved_channel', 'channel_moves')] -%}
        {{ sum_within(90, "case when setbacks.cause = '" ~ cause ~ "' then 1 end", 'setbacks.happened_on') }}
            as {{ name }}_90d{{ ',' if not loop.last }}
        {% endfor %}
    from {{ join_wanted('int_setbacks', 'setbacks', among) }}
        {{ days_after('setbacks.happened_on', "case when setbacks.cause = 'service' then " ~ var('slow_answer_days') ~ " else 0 end") }}
        <= as_of_dates.as_of_date
        and setbacks.happened_on > {{ days_after('as_of_dates.as_of_date', -90) }}
        and setbacks.cause <> 'category_exit'
    group by as_of_dates.as_of_date, setbacks.customer_id

),

summed as (

    select
        as_of_date,
        customer_id,
        max(ordered_on) as last_order_on,
        min(ordered_on) as first_order_on,
        min(age_days) as recency_days,
        max(age_days) as tenure_days,
        sum(orders) as orders_total,
        count(*) as purchase_days_total,
        {% for days in [14, 30, 60, 90, 180] -%}
        {{ sum_recent(days, '1') }} as purchase_days_{{ days }}d,
        {% endfor -%}
        {% for days in [30, 90, 180] -%}
        {{ sum_recent(days, 'orders') }} as orders_{{ days }}d,
        {{ sum_recent(days, 'net_sales') }} as net_sales_{{ days }}d,
        {% endfor -%}
        sum(net_sales) as net_sales_total,
        sum(lines) as lines_total,
        {{ sum_recent(90, 'lines') }} as lines_90d,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(full_price_amount) as full_price_amount,
        {{ sum_recent(90, 'gross_amount') }} as gross_amount_90d,
        {{ sum_recent(90, 'discount_amount') }} as discount_amount_90d,
        sum(cast(round(1000 * power(0.5, age_days / 60.0)) as bigint)) / 1000.0 as purchase_days_decayed,
        cast({{ median('gap_days') }} as double) as median_gap_days,
        cast({{ quantile('gap_days', 0.8) }} as double) as long_gap_days,
        cast(max(gap_days) as double) as longest_gap_days,
        count(gap_days) as gaps,
        sum(gap_days) as gaps_sum,
        sum(gap_days * gap_days) as gaps_squared,
        cast({{ last_by('gap_days', 'ordered_on') }} as double) as last_gap_days,
        cast({{ last_by('gap_before_days', 'ordered_on') }} as double) as gap_before_days,
        {{ last_by('net_sales', 'ordered_on') }} as last_net_sales,
        -- what came next; the labels alone may read it
        {{ last_by('next_ordered_on', 'ordered_on') }} as next_ordered_on
    from purchase_days
    group by as_of_date, customer_id

),

described as (

    select
        summed.*,
        cast(gaps_sum as double) / nullif(gaps, 0) as mean_gap_days,
        case
            when gaps > 1
                then sqrt(cast(gaps * gaps_squared - gaps_sum * gaps_sum as double) / (cast(gaps as double) * (gaps - 1)))
        end as gap_deviation_days,
        coalesce(refunds.refund_amount, 0) as refund_amount,
        coalesce(refunds.refund_amount_90d, 0) as refund_amount_90d,
        {% for name, source in [
            ('returns_total', 'has_returns'), ('returns_90d', 'has_returns'), ('exposures_90d', 'has_exposures'),
            ('redemptions_90d', 'has_exposures'), ('support_contacts_90d', 'has_support'),
            ('questions_90d', 'has_support'), ('points_balance', 'has_points'), ('bad_service_90d', 'has_support'),
            ('faulty_products_90d', 'has_returns'), ('price_rises_90d', none), ('stock_outs_90d', none),
            ('channel_moves_90d', none)
        ] -%}
        {{ 'case when settings.' ~ source ~ ' then ' if source }}coalesce({{ name }}, 0){{ ' end' if source }} as {{ name }},
        {% endfor -%}
        settings.as_of_date as run_as_of_date,
        settings.dormant_after_days,
        settings.churned_after_days,
        settings.warning_window_days
    from summed
    cross join settings
    {% for part in ['refunds', 'contacts', 'setbacks'] -%}
    left join {{ part }} on summed.as_of_date = {{ part }}.as_of_date and summed.customer_id = {{ part }}.customer_id
    {% endfor %}
),
{%- endmacro %}

{#- As-of dates joined to the rows of a model up to the condition that follows; where not everybody is wanted on every
    date, each customer's own dates to their own rows. -#}
{% macro join_wanted(model, name, among=none) -%}
{{ among or 'as_of_dates' }} as as_of_dates
    inner join {{ ref(model) }} as {{ name }}
        on{{ ' as_of_dates.customer_id = ' ~ name ~ '.customer_id and' if among }}
{%- endmacro %}

{#- The sum over the purchase days of the last so many days; 0 where there are none. -#}
{% macro sum_recent(days, amount) -%}
    coalesce(sum(case when age_days < {{ days }} then {{ amount }} end), 0)
{%- endmacro %}

{#- The sum over what happened in the so many days that end with as_of_dates.as_of_date; 0 where nothing did. -#}
{% macro sum_within(days, amount, day) -%}
    coalesce(sum(case when {{ day }} > {{ days_after('as_of_dates.as_of_date', '-' ~ days) }} then {{ amount }} end), 0)
{%- endmacro %}

{#- One number over another, as a double; empty where there is nothing to divide by. -#}
{% macro ratio(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
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
        {% for days in [14, 30, 60, 90, 180] -%}
        cast(purchase_days_{{ days }}d as bigint) as purchase_days_{{ days }}d,
        {% endfor -%}
        {% for days in [30, 90, 180] -%}
        cast(orders_{{ days }}d as bigint) as orders_{{ days }}d,
        {% endfor -%}
        cast(purchase_days_decayed as double) as purchase_days_decayed,
        cast(purchase_days_total as double) / (tenure_days + 7) as purchase_rate,
        (purchase_days_30d + 0.5) / ((purchase_days_90d - purchase_days_30d) / 2.0 + 0.5) as purchase_trend_30d,
        (purchase_days_90d + 0.5) / (purchase_days_180d - purchase_days_90d + 0.5) as purchase_trend_90d,
        {{ money('net_sales_total - refund_amount') }} as net_revenue_total,
        {{ money('net_sales_30d') }} as net_sales_30d,
        {{ money('net_sales_90d - refund_amount_90d') }} as net_revenue_90d,
        {{ money('net_sales_180d') }} as net_sales_180d,
        {{ ratio('net_sales_30d', 'net_sales_90d') }} as spend_share_30d,
        {{ ratio('net_sales_90d', 'net_sales_180d') }} as spend_share_90d,
        {{ money_each('(net_sales_total - refund_amount)', 'orders_total') }} as average_order_value,
        {{ ratio('net_sales_90d * orders_total', 'net_sales_total * orders_90d') }} as order_value_trend_90d,
        {{ ratio('last_net_sales * purchase_days_total', 'net_sales_total') }} as last_over_average_value,
        {{ ratio('lines_total', 'orders_total') }} as lines_per_order,
        {{ ratio('lines_90d', 'orders_90d') }} as lines_per_order_90d,
        median_gap_days,
        mean_gap_days,
        gap_deviation_days,
        long_gap_days,
        longest_gap_days,
        last_gap_days,
        gap_before_days,
        gap_deviation_days / mean_gap_days as gap_variation,
        recency_days / median_gap_days as recency_over_median_gap,
        recency_days / long_gap_days as recency_over_long_gap,
        recency_days / longest_gap_days as recency_over_longest_gap,
        (recency_days - mean_gap_days) / (gap_deviation_days + 1) as recency_in_deviations,
        case when gross_amount > 0 then {{ ratio('discount_amount', 'gross_amount') }} end as discount_share,
        case when gross_amount_90d > 0 then {{ ratio('discount_amount_90d', 'gross_amount_90d') }} end
            as discount_share_90d,
        case when gross_amount > 0 then {{ ratio('full_price_amount', 'gross_amount') }} end as full_price_share,
        case when net_sales_total > 0 then least({{ ratio('refund_amount', 'net_sales_total') }}, 1) end as return_share,
        {% for name in [
            'returns_total', 'returns_90d', 'exposures_90d', 'redemptions_90d', 'support_contacts_90d', 'questions_90d',
            'points_balance', 'bad_service_90d', 'faulty_products_90d', 'price_rises_90d', 'stock_outs_90d',
            'channel_moves_90d'
        ] -%}
        cast({{ name }} as bigint) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
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
