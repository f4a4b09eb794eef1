with source as (

    select * from {{ source('support', 'support_contacts') }}

),

renamed as (

    select
        contact_id,
        opened_at,
        customer_ref,
        loyalty_id,
        email,
        phone,
        channel,
        kind,
        topic,
        product_id,
        order_id,
        resolved_at,
        csat,
        handling_minutes
    from source
    where {{ is_in_force('opened_at') }}

)

select * from renamed
