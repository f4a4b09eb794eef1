{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key=['contact_id'],
    meta={'changed_by': 'int_changed_contacts'}
) }}
with contacts as (

    select * from {{ ref('stg_support__contacts') }}
    where {{ is_to_build('contact_id', 'int_changed_contacts') }}

),

final as (

    select
        contacts.contact_id,
        contacts.opened_at,
        contacts.channel,
        contacts.kind,
        contacts.topic,
        contacts.product_id,
        contacts.order_id,
        contacts.resolved_at,
        contacts.csat,
        contacts.handling_minutes,
        {{ person_of(all_identifiers()) }} as customer_id
    from contacts
    {{ joins_to_people('contacts', all_identifiers()) }}

)

select * from final
