with returns as (

    select * from {{ ref('returns') }}

),

contacts as (

    select * from {{ ref('int_contacts_identified') }}

),

final as (

    select
        customer_id,
        product_id
    from returns
    where customer_id is not null and product_id is not null
    union
    select
        customer_id,
        product_id
    from contacts
    where customer_id is not null and product_id is not null and kind in ('complaint', 'return_request')

)

select * from final
