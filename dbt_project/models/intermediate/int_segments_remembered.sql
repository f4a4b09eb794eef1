{{ config(materialized='view') }}
-- The spells as they stood before tonight. A night run again forgets what it wrote the first time, so that the second
-- run ends as the first did; a night of the past forgets all that came after it.
{%- set history = previous_relation('marts', 'segment_history') %}
with source as (

{% if history %}
    select
        customer_id,
        segment,
        tier,
        segment_since,
        valid_from,
        valid_to
    from {{ history }}
    where valid_from < {{ as_of_date() }}
{% else %}
    select
        cast(null as string) as customer_id,
        cast(null as string) as segment,
        cast(null as string) as tier,
        cast(null as date) as segment_since,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
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
        {{ end_of_spell_before_tonight('valid_to') }} as valid_to
    from source

)

select * from final
