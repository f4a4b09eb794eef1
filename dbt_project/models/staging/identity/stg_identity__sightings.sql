-- Which identifiers came together on one row, whichever source it is of. Rows that were replaced by then tell no more
-- who is who (they count 0 sightings), but an identifier is as old as the first drop that held it: hence all versions.
{%- set sources = [
    ('sales', 'sales_orders', 'ordered_at', ['loyalty_id', 'customer_ref', 'email', 'phone']),
    ('sales', 'sales_returns', 'returned_at', ['customer_ref']),
    ('support', 'support_contacts', 'opened_at', ['loyalty_id', 'customer_ref', 'email', 'phone']),
    ('loyalty', 'loyalty_members', 'enrolled_at', ['loyalty_id', 'customer_ref', 'email', 'phone']),
    ('loyalty', 'loyalty_consents', 'changed_at', ['loyalty_id']),
    ('loyalty', 'loyalty_points', 'occurred_at', ['loyalty_id']),
    ('loyalty', 'loyalty_exposures', 'sent_at', ['loyalty_id', 'customer_ref']),
    ('loyalty', 'loyalty_redemptions', 'redeemed_at', ['loyalty_id', 'customer_ref'])
] %}
with rows_with_identifiers as (

{% for source_name, table, event_column, identifiers in sources %}
    select
        {% for name in ['loyalty_id', 'customer_ref', 'email', 'phone'] %}
        {{ compact_token(name if name in identifiers else 'null') }} as {{ name }},
        {% endfor %}
        _drop_on as landed_on,
        cast({{ event_column }} as date) as seen_on,
        {{ is_in_force(event_column) }} as is_in_force
    from {{ source(source_name, table) }}
    where
        _drop_on <= {{ as_of_date() }}
        and {{ event_column }} < {{ as_of_date() }} + interval 1 day
        and coalesce({{ identifiers | join(', ') }}) is not null
    {{ 'union all' if not loop.last }}
{% endfor %}

),

final as (

    select
        loyalty_id,
        customer_ref,
        email,
        phone,
        min(landed_on) as first_landed_on,
        min(seen_on) as first_seen_on,
        count(case when is_in_force then 1 end) as sightings
    from rows_with_identifiers
    group by loyalty_id, customer_ref, email, phone

)

select * from final
