-- Kinds of products that hardly anybody buys a second time within the days they have been here: a subcategory, where
-- products have one. First purchases of the later half are too young to tell.
with bought as (

    select * from {{ ref('int_products_bought') }}

),

products as (

    select * from {{ ref('products') }}

),

span as (

    select
        min(first_on) as first_on,
        max(last_on) as last_on
    from bought

),

kinds as (

    select
        product_id,
        coalesce(subcategory, category, product_id) as kind
    from products
    where is_merchandise

),

buyers as (

    select
        kinds.kind,
        bought.customer_id,
        sum(bought.orders) as orders,
        min(bought.first_on) as first_on
    from bought
    inner join kinds on bought.product_id = kinds.product_id
    group by kinds.kind, bought.customer_id

),

judged as (

    select
        buyers.kind,
        count(*) as buyers,
        sum(case when buyers.orders > 1 then 1 else 0 end) as again
    from buyers
    cross join span
    where
        {{ days_between('span.first_on', 'buyers.first_on') }} * 2
        <= {{ days_between('span.first_on', 'span.last_on') }}
    group by buyers.kind

),

final as (

    select
        kinds.product_id,
        kinds.kind
    from kinds
    inner join judged on kinds.kind = judged.kind
    where
        judged.buyers >= {{ var('durable_least_buyers') }}
        and judged.again < {{ var('durable_again_share') }} * judged.buyers

)

select * from final
