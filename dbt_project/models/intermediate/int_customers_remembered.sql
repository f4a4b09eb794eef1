-- What the night before decided about a customer and tonight builds on. A night run again finds its own first run's
-- table and takes from it what that run had remembered.
{%- set customers = previous_relation('marts', 'customers') %}
with source as (

{% if customers %}
    select
        customer_id,
        case when as_of_date < {{ as_of_date() }} then is_at_risk else was_at_risk end as was_at_risk,
        case when let_go_since < {{ as_of_date() }} then let_go_since end as let_go_since
    from {{ customers }}
    where as_of_date <= {{ as_of_date() }}
{% else %}
    select
        cast(null as varchar) as customer_id,
        cast(null as boolean) as was_at_risk,
        cast(null as date) as let_go_since
    where false
        {% endif %}

        ),

        final as (

    select
        customer_id,
        coalesce(was_at_risk, false) as was_at_risk,
        let_go_since
    from source
    where was_at_risk or let_go_since is not null

)

select * from final
