{#- in a young shop a third of its days will do: the first month, a month's outcome, and one more to judge on -#}
{%- set history = days_between('settings.first_order_on', 'settings.as_of_date') -%}
{%- set history_needed = 'least(' ~ var('feature_history_days') ~ ', floor(' ~ history ~ ' / 3.0))' -%}
-- Of a large shop a sample of customers, some on this date and some on that: rows of the same people a fortnight apart
-- say much the same, so that as many rows teach more when they are of more people (docs/how-to/bench.md#churn).
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

as_of_dates as (

    select
        steps.step,
        {{ days_after('settings.as_of_date', '-steps.step * ' ~ var('feature_date_step_days')) }} as as_of_date
    from settings
    cross join (
        values
        {% for step in range(1, [var('feature_dates_max') | int, 1] | max + 1) -%}
        ({{ step }}){{ ', ' if not loop.last }}
        {%- endfor %}
    ) as steps (step)
    where
        {{ days_after('settings.as_of_date', '-steps.step * ' ~ var('feature_date_step_days')) }}
        >= {{ days_after('settings.first_order_on', history_needed) }}

),

{{ sample_buyers(most=var('training_customers_max')) }},

placed as (

    select
        customer_id,
        row_number() over (order by md5(customer_id), customer_id) as place,
        count(*) over () as customers
    from sampled

),

-- each date takes the next so many of them, and begins with the first again; everybody where they are no more
wanted as (

    select
        placed.customer_id,
        as_of_dates.as_of_date
    from placed
    inner join as_of_dates
        on
            mod(placed.place + as_of_dates.step * {{ var('training_customers_a_date') }}, placed.customers)
            < {{ var('training_customers_a_date') }}

),

{{ describe_customers(among='wanted') }}

final as (

    select
        {{ features_of_customers() }},
        {{ labels_of_customers() }}
    from described

)

select * from final
