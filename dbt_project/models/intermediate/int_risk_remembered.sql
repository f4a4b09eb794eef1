-- Who was at risk when the night before ended, whatever their segment. A night run again finds its own first run's
-- table and takes from it what that run had remembered.
{%- set customers = previous_relation('marts', 'customers') %}
with source as (

{% if customers %}
    select
        customer_id,
        case when as_of_date < {{ as_of_date() }} then is_at_risk else was_at_risk end as was_at_risk
    from {{ customers }}
    where as_of_date <= {{ as_of_date() }}
{% else %}
    select
        cast(null as varchar) as customer_id,
        cast(null as boolean) as was_at_risk
    where false
        {% endif %}

        ),

        final as (

    select
        customer_id,
        was_at_risk
    from source
    where was_at_risk

)

select * from final
