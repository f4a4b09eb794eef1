{%- set before = previous_relation('intermediate', 'int_product_signatures') if built_until() else none %}
with tonight as (

    select * from {{ ref('int_products_described') }}

),

final as (

{% if before %}
    select coalesce(tonight.product_id, earlier.product_id) as product_id
    from tonight
    full outer join {{ before }} as earlier on tonight.product_id = earlier.product_id
    where tonight.signature_before is distinct from earlier.signature
{% else %}
    select product_id
    from tonight
    where false
{% endif %}

)

select * from final
