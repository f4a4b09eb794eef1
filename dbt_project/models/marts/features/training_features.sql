-- Of a large shop a sample of customers, the same ones on every date and at every training: more teach nothing new.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

as_of_dates as (

    select {{ days_after('settings.as_of_date', '-steps.step * ' ~ var('feature_date_step_days')) }} as as_of_date
    from settings
    cross join (
        values
        {% for step in range(1, [var('feature_dates_max') | int, 1] | max + 1) -%}
        ({{ step }}){{ ', ' if not loop.last }}
        {%- endfor %}
    ) as steps (step)
    where
        {{ days_after('settings.as_of_date', '-steps.step * ' ~ var('feature_date_step_days')) }}
        >= {{ days_after('settings.first_order_on', var('feature_history_days')) }}

),

{{ sample_buyers(most=var('training_customers_max')) }},

{{ describe_customers(among='sampled') }}

final as (

    select
        {{ features_of_customers() }},
        {{ labels_of_customers() }}
    from described

)

select * from final
