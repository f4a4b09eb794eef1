-- The list of each customer: the likeliest, with room kept for one step up, two complements and one thing to explore.
with customers as (

    select * from {{ ref('int_customers_expected') }}

),

products as (

    select * from {{ ref('products') }}
    where is_merchandise and is_active

),

durables as (

    select * from {{ ref('int_products_durable') }}

),

owned as (

    select distinct
        bought.customer_id,
        durables.kind
    from {{ ref('int_products_bought') }} as bought
    inner join durables on bought.product_id = durables.product_id

),

-- what goes by the same name is no news: another bottle of the same milk is no complement, find or step up
known_names as (

    select distinct
        bought.customer_id,
        products.name
    from {{ ref('int_products_bought') }} as bought
    inner join products on bought.product_id = products.product_id
    where products.name is not null

),

candidates as (

    select
        customer_id,
        product_id,
        'complement' as kind,
        score,
        antecedent as because_of,
        antecedent_2 as because_of_2
    from {{ ref('int_complements') }}
    union all
    -- one rung up, when the one below would be bought next
    select
        steps.customer_id,
        steps.product_id,
        'upsell' as kind,
        listed.score * steps.chance as score,
        steps.from_product_id as because_of,
        null as because_of_2
    from {{ source('ml', 'step_offers') }} as steps
    inner join {{ source('ml', 'next_baskets') }} as listed
        on steps.customer_id = listed.customer_id and steps.from_product_id = listed.product_id
    union all
    -- the model doesn't know what was bought long ago
    select
        listed.customer_id,
        listed.product_id,
        case when bought.product_id is null then 'explore' else 'repeat' end as kind,
        listed.score,
        null as because_of,
        null as because_of_2
    from {{ source('ml', 'next_baskets') }} as listed
    left join {{ ref('int_products_bought') }} as bought
        on listed.customer_id = bought.customer_id and listed.product_id = bought.product_id

),

allowed as (

    select
        candidates.*,
        customers.expected_on,
        customers.listed,
        case when stock.product_id is not null then true end as in_stock,
        case candidates.kind when 'repeat' then 1 when 'upsell' then 2 when 'complement' then 3 else 4 end as kind_rank
    from candidates
    inner join customers on candidates.customer_id = customers.customer_id
    inner join products on candidates.product_id = products.product_id
    left join {{ ref('int_stock_expected') }} as stock on candidates.product_id = stock.product_id
    left join {{ ref('int_products_refused') }} as refused
        on candidates.customer_id = refused.customer_id and candidates.product_id = refused.product_id
    left join durables on candidates.product_id = durables.product_id
    left join owned on candidates.customer_id = owned.customer_id and durables.kind = owned.kind
    left join known_names on candidates.customer_id = known_names.customer_id and products.name = known_names.name
    where
        refused.product_id is null
        and owned.kind is null
        and (known_names.name is null or candidates.kind = 'repeat')
        and (
            stock.product_id is null
            or (
                stock.available_from <= customers.expected_on
                and coalesce(stock.available_until, customers.expected_on) >= customers.expected_on
            )
        )

),

-- a product stands once in a list, for the reason that says most
once as (

    select
        *,
        row_number() over (partition by customer_id, product_id order by kind_rank, score desc) as telling
    from allowed

),

placed as (

    select
        *,
        row_number() over (partition by customer_id, kind order by score desc, product_id) as place_of_kind
    from once
    where telling = 1

),

chosen as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                case kind when 'upsell' then place_of_kind = 1 when 'complement' then place_of_kind <= 2
                    when 'explore' then place_of_kind = 1 else false
                end desc,
                score desc,
                product_id
        ) as choice
    from placed
    where kind != 'upsell' or place_of_kind = 1

),

final as (

    select
        customer_id,
        row_number() over (partition by customer_id order by score desc, product_id) as rank,
        product_id,
        kind,
        score,
        in_stock,
        because_of,
        because_of_2,
        expected_on
    from chosen
    where choice <= listed

)

select * from final
