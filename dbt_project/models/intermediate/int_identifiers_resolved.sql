-- depends_on: {{ ref('int_changed_identifiers') }}
with source as (

    select * from {{ source('identity', 'identifiers') }}

),

final as (

    select
        kind,
        token,
        customer_id
    from source

)

select * from final
