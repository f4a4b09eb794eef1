{{ config(materialized='view') }}
-- What the nights before decided about customers and tonight builds on, as it stood before tonight: forgets as
-- int_segments_remembered does.
{%- set history = previous_relation('marts', 'int_decision_spells') %}
with source as (

{% if history %}
    select
        customer_id,
        is_at_risk,
        let_go_since,
        valid_from,
        valid_to
    from {{ history }}
    where valid_from < {{ as_of_date() }}
{% else %}
    select
        cast(null as string) as customer_id,
        cast(null as boolean) as is_at_risk,
        cast(null as date) as let_go_since,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    where false
{% endif %}

),

final as (

    select
        customer_id,
        is_at_risk,
        let_go_since,
        valid_from,
        {{ end_of_spell_before_tonight('valid_to') }} as valid_to
    from source

)

select * from final
