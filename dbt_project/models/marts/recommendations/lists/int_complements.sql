-- What goes with a product that is likely in a customer's next order, by a published rule, and was never bought.
with listed as (

    select * from {{ source('ml', 'next_baskets') }}
    where kind = 'repeat'

),

rules as (

    select * from {{ source('ml', 'basket_rules') }}
    where item_kind = 'product'

),

bought as (

    select * from {{ ref('int_products_bought') }}

),

led_to as (

    select
        listed.customer_id,
        rules.consequent as product_id,
        rules.antecedent,
        rules.antecedent_2,
        rules.confidence,
        rules.lift,
        -- the consequent follows when the antecedents, the less likely of them, are bought
        rules.confidence * least(listed.score, coalesce(seconds.score, listed.score)) as score
    from listed
    inner join rules on listed.product_id = rules.antecedent
    left join listed as seconds
        on listed.customer_id = seconds.customer_id and rules.antecedent_2 = seconds.product_id
    where rules.antecedent_2 is null or seconds.product_id is not null

),

best as (

    select
        *,
        row_number() over (
            partition by customer_id, product_id
            order by score desc, antecedent_2 is null desc, antecedent, antecedent_2
        ) as place
    from led_to

),

final as (

    select
        best.customer_id,
        best.product_id,
        best.antecedent,
        best.antecedent_2,
        best.confidence,
        best.lift,
        best.score
    from best
    left join bought on best.customer_id = bought.customer_id and best.product_id = bought.product_id
    where best.place = 1 and bought.product_id is null

)

select * from final
