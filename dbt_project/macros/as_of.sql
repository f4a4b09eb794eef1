{#- The run's "now". The only date a model may call today. -#}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") }}' as date)
{%- endmacro %}

{#- First day after the 12 months that end with the as-of date have begun: dates strictly after it are inside. -#}
{% macro twelve_months_before(day) -%}
    cast({{ day }} - interval 12 month as date)
{%- endmacro %}

{#- The first as-of date whose 12 months no longer hold the day. Its anniversary, but for the last day of February: the
    12 months that end on 28 February 2025 begin after 28 February 2024, so the 29th stays in them a day longer. -#}
{% macro leaves_twelve_months_on(day) -%}
    greatest(
        cast({{ day }} + interval 12 month as date),
        {{ day_after("cast(" ~ day_before(day) ~ " + interval 12 month as date)") }}
    )
{%- endmacro %}

{#- Rows of a raw table in force at the end of the as-of date: landed by then, not yet replaced by a later drop,
    and, where the entity is an event, not dated after it. -#}
{% macro is_in_force(event_column=none) -%}
    _drop_on <= {{ as_of_date() }}
    and (_superseded_on is null or _superseded_on > {{ as_of_date() }})
    {%- if event_column %}
    and {{ event_column }} < {{ as_of_date() }} + interval 1 day
    {%- endif %}
{%- endmacro %}
