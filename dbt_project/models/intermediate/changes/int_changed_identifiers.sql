{%- set before = previous_relation('intermediate', 'int_identifiers_resolved') if built_until() else none %}
with tonight as (

    select
        kind,
        token,
        customer_id
    from {{ source('identity', 'identifiers') }}

),

final as (

{% if before %}
    -- an identifier never seen before is on changed rows only
    select
        coalesce(tonight.kind, earlier.kind) as kind,
        coalesce(tonight.token, earlier.token) as token
    from {{ before }} as earlier
    left join tonight on earlier.kind = tonight.kind and earlier.token = tonight.token
    where earlier.customer_id is distinct from tonight.customer_id
{% else %}
    select
        kind,
        token
    from tonight
    where false
{% endif %}

)

select * from final
