-- depends_on: {{ ref('int_changed_products') }}
with described as (

    select * from {{ ref('int_products_described') }}

),

final as (

    select
        product_id,
        signature
    from described

)

select * from final
