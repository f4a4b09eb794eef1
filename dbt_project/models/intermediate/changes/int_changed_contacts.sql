-- depends_on: {{ ref('int_changed_identifiers') }}
with final as (

{% if built_until() %}
    {{ changed_keys('support', 'support_contacts', 'contact_id', 'opened_at') }}
    union
    {{ changed_by_identity(source('support', 'support_contacts'), 'contact_id', all_identifiers()) }}
{% else %}
    select contact_id from {{ source('support', 'support_contacts') }}
    where false
{% endif %}

)

select * from final
