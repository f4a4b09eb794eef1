-- Of the latest period what followed is just known; the earlier one ends so long before it that what followed was known
-- when the latest began.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

steps as (

    select
        {{ days_after('settings.as_of_date', '-settings.dormant_after_days') }} as latest_on,
        settings.dormant_after_days,
        settings.first_order_on,
        {{ var('pattern_step_days') }} * steps.step as days_back
    from settings
    cross join (
        values
        {% for step in range([var('pattern_dates_max') | int, 1] | max) -%}
        ({{ step }}){{ ', ' if not loop.last }}
        {%- endfor %}
    ) as steps (step)

),

dates as (

    select
        {{ days_after('latest_on', '-days_back') }} as observed_on,
        true as is_holdout,
        steps.*
    from steps
    where days_back < {{ var('pattern_holdout_days') }}
    union all
    select
        {{ days_after('latest_on', '-dormant_after_days - ' ~ var('pattern_holdout_days') ~ ' - days_back') }}
            as observed_on,
        false as is_holdout,
        steps.*
    from steps

),

final as (

    select
        observed_on,
        is_holdout,
        dormant_after_days
    from dates
    where observed_on >= {{ days_after('first_order_on', var('pattern_history_days')) }}

)

select * from final
