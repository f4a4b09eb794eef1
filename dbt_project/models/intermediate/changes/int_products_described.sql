{{ config(materialized='view') }}
-- Everything about a product that its lines of the past are built from, put in one word: two nights that agree on the
-- word agree on the lines. A cost counts from its day on, so that a new one changes no line of the past.
{%- set counted_until = "cast('" ~ built_until() ~ "' as date)" if built_until() else as_of_date() %}
with products as (

    select * from {{ ref('stg_sales__products') }}

),

costs as (

    select
        product_id,
        {{ join_sorted("valid_from || '=' || unit_cost") }} as costs_tonight,
        {{ join_sorted("case when valid_from <= " ~ counted_until ~ " then valid_from || '=' || unit_cost end") }}
            as costs_before
    from {{ ref('stg_sales__product_costs') }}
    group by product_id

),

described as (

    select
        products.product_id,
        coalesce(products.category, '') || '|' || coalesce(products.subcategory, '') || '|' || products.is_merchandise
            as description,
        costs.costs_tonight,
        costs.costs_before
    from products
    left join costs on products.product_id = costs.product_id

),

final as (

    select
        product_id,
        description || '|' || coalesce(costs_tonight, '') as signature,
        description || '|' || coalesce(costs_before, '') as signature_before
    from described

)

select * from final
