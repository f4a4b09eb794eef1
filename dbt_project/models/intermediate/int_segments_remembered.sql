-- The spells as they stood before tonight. A night run again forgets what it wrote the first time, so that the
-- second run ends as the first did.
{%- set history = previous_relation('marts', 'segment_history') %}
with source as (

{% if history %}
    select * from {{ history }}
    where valid_from < {{ as_of_date() }}
{% else %}
    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as segment,
        cast(null as varchar) as tier,
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
        valid_from,
        case when valid_to < {{ as_of_date() }} - 1 then valid_to end as valid_to
    from source

)

select * from final
