-- Who the changed interactions belonged to at the last build.
{%- set before = previous_relation('marts', 'interactions') if built_until() else none %}
with changes as (

    select * from {{ ref('int_changed_interactions') }}

),

final as (

{% if before %}
    select distinct earlier.customer_id
    from {{ before }} as earlier
    inner join changes on earlier.kind = changes.kind and earlier.reference_id = changes.reference_id
    where earlier.customer_id is not null
{% else %}
    select reference_id as customer_id from changes
    where false
{% endif %}

)

select * from final
