{{ config(materialized='view') }}
-- The spells as they stood before tonight. A night run again forgets what it wrote the first time, so that the second
-- run ends as the first did; a night of the past forgets all that came after it.
{%- set history = previous_relation('marts', 'segment_history') %}
{#- a history begun before seen_until was kept goes on without it -#}
{%- set columns = adapter.get_columns_in_relation(history) | map(attribute='name') | list if history else [] %}
with source as (

{% if history %}
    select
        customer_id,
        segment,
        tier,
        segment_since,
        valid_from,
        valid_to,
        {{ 'seen_until' if 'seen_until' in columns else 'cast(null as date) as seen_until' }}
    from {{ history }}
    where valid_from < {{ as_of_date() }}
{% else %}
    select
        cast(null as string) as customer_id,
        cast(null as string) as segment,
        cast(null as string) as tier,
        cast(null as date) as segment_since,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        cast(null as date) as seen_until
    where false
{% endif %}

),

final as (

    select
        customer_id,
        segment,
        tier,
        segment_since,
        valid_from,
        coalesce(
            {{ end_of_spell_before_tonight('valid_to') }}, {{ end_of_spell_before_tonight('seen_until') }}
        ) as valid_to,
        case when {{ end_of_spell_before_tonight('valid_to') }} is not null then seen_until end as seen_until
    from source

)

select * from final
