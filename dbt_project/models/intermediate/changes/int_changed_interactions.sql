-- depends_on: {{ ref('int_changed_identifiers') }}
-- A contact is a question or a call for support: both names are listed, since it may have been taken for the other.
{%- set entities = [
    ('loyalty_points', 'entry_id', 'occurred_at', ['loyalty_id'], 'points'),
    ('loyalty_exposures', 'offer_id', 'sent_at', ['loyalty_id', 'customer_ref'], 'exposure'),
    ('loyalty_redemptions', 'redemption_id', 'redeemed_at', ['loyalty_id', 'customer_ref'], 'redemption'),
] %}
with orders as (

    select
        'order' as kind,
        order_id as reference_id
    from {{ ref('int_changed_orders') }}

),

returns as (

    select
        'return' as kind,
        return_id as reference_id
    from {{ ref('int_changed_returns') }}

),

contacts as (

    select contact_id from {{ ref('int_changed_contacts') }}

),

{% for table, key, event_column, identifiers, kind in entities %}
{{ table }} as (

{% if built_until() %}
    {{ changed_keys('loyalty', table, key, event_column) }}
    union
    {{ changed_by_identity(source('loyalty', table), key, identifiers) }}
{% else %}
    select {{ key }} from {{ source('loyalty', table) }}
    where false
{% endif %}

),

{% endfor %}
final as (

    select * from orders
    union all
    select * from returns
    union all
    select
        'product_question' as kind,
        contact_id as reference_id
    from contacts
    union all
    select
        'support' as kind,
        contact_id as reference_id
    from contacts
{% for table, key, event_column, identifiers, kind in entities %}
    union all
    select
        '{{ kind }}' as kind,
        {{ key }} as reference_id
    from {{ table }}
{% endfor %}

)

select * from final
