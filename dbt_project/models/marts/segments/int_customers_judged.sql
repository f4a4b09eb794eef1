-- What keeping each buyer is worth, with the figures it rests on. Nobody is let go without enough orders and history;
-- what is not known is said, and never counted against them.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

remembered as (

    select * from {{ ref('int_customers_remembered') }}

),

evidence as (

    select
        people.*,
        ranked.value_12m,
        ranked.value_band,
        segments.is_vip,
        segments.is_near_vip,
        segments.vip_gap_amount,
        people.tenure_days < {{ var('too_early_days') }} as is_too_early,
        people.orders_12m >= {{ var('let_go_min_orders') }} and people.tenure_days >= {{ var('let_go_min_days') }}
            as is_known_enough,
        coalesce(people.margin_after_service_12m < 0, false) as is_loss,
        coalesce(
            people.full_price_share <= {{ var('price_only_full_price_share') }}
            and people.margin_after_service_12m < {{ var('price_only_margin_share') }} * people.net_revenue_12m,
            false
        ) as is_price_only
    from {{ ref('int_customer_value') }} as people
    inner join {{ ref('int_customers_ranked') }} as ranked on people.customer_id = ranked.customer_id
    inner join {{ ref('int_segments_assigned') }} as segments on people.customer_id = segments.customer_id

),

judged as (

    select
        *,
        case
            when is_too_early then 'too_early'
            when is_known_enough and (is_loss or is_price_only) then 'let_go'
            when is_vip or is_near_vip or value_band in ('top', 'high') then 'invest'
            else 'maintain'
        end as keep_status
    from evidence

),

explained as (

    select
        judged.*,
        {{ counted('judged.orders_12m', 'order') }} || ' in 12 months' as orders_said,
        'a margin of ' || judged.gross_margin_12m || coalesce(
            ' less ' || nullif(
                concat_ws(
                    ' and ',
                    judged.support_cost_12m || ' for support',
                    judged.returns_cost_12m || ' for handling returns'
                ), ''
            ),
            ''
        ) as margin_said,
        nullif(
            concat_ws(
                ', ',
                case
                    when not settings.has_cost then 'unit costs (none landed; value is net revenue, nobody is let go)'
                    when judged.gross_margin_12m is null then 'the unit cost of some goods (so they are kept)'
                end,
                case
                    when not settings.has_support then 'support (no contacts landed)'
                    when settings.cost_per_handling_minute is null then 'the cost of a support minute (not set)'
                    when judged.support_cost_12m is null then 'the minutes of some contacts'
                end,
                case
                    when not settings.has_returns then 'returns (none landed)'
                    when settings.cost_per_return is null then 'the cost of handling a return (not set)'
                end
            ), ''
        ) as unknown_said
    from judged
    cross join settings

),

final as (

    select
        explained.customer_id,
        explained.keep_status,
        case
            when explained.keep_status = 'too_early'
                then
                    'first bought ' || {{ counted('explained.tenure_days', 'day') }}
                    || ' ago, judged from {{ var("too_early_days") }} days on'
            when explained.keep_status = 'let_go' and explained.is_loss
                then
                    explained.orders_said || ' left ' || explained.margin_after_service_12m || ': '
                    || explained.margin_said
            when explained.keep_status = 'let_go'
                then
                    explained.orders_said || ' left ' || explained.margin_after_service_12m || ' of '
                    || explained.net_revenue_12m || ' net revenue: ' || explained.margin_said || '; '
                    || {{ percent('explained.full_price_share') }} || ' of all they bought was at full price'
            when explained.is_vip
                then 'holds the top tier with ' || explained.net_revenue_12m || ' net revenue in 12 months'
            when explained.is_near_vip
                then
                    explained.vip_gap_amount || ' short of the top tier, an order of theirs brings '
                    || explained.average_order_value
            else 'value band ' || explained.value_band || ', worth ' || explained.value_12m || ' in 12 months'
        end
        || case
            when explained.keep_status in ('too_early', 'let_go') then ''
            when not explained.is_loss and not explained.is_price_only then ''
            else
                '; ' || explained.orders_said || ' and ' || {{ counted('explained.tenure_days', 'day') }}
                || ' since the first are too little to let them go'
        end
        || coalesce('; not known: ' || explained.unknown_said, '') as keep_reason,
        case
            when explained.keep_status = 'let_go'
                then coalesce(remembered.let_go_since, explained.as_of_date)
        end as let_go_since
    from explained
    left join remembered on explained.customer_id = remembered.customer_id

)

select * from final
