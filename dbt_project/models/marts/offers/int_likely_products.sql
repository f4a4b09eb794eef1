-- What each target is recommended, with what they would pay for it; for near-VIPs also whatever else they bought before
-- and is due and in stock, for a basket that what is recommended can't make.
with targets as (

    select
        customer_id,
        program
    from {{ ref('int_offer_targets') }}

),

recommended as (

    select * from {{ ref('recommendations') }}

),

likely as (

    select
        recommended.customer_id,
        recommended.product_id,
        recommended.kind,
        recommended.score,
        true as is_recommended
    from recommended
    inner join targets on recommended.customer_id = targets.customer_id
    union all
    select
        listed.customer_id,
        listed.product_id,
        listed.kind,
        listed.score,
        false as is_recommended
    from {{ source('ml', 'next_baskets') }} as listed
    inner join targets on listed.customer_id = targets.customer_id
    left join recommended
        on listed.customer_id = recommended.customer_id and listed.product_id = recommended.product_id
    where targets.program = 'vip_pull' and listed.kind = 'repeat' and recommended.product_id is null

),

lines as (

    select * from {{ ref('order_lines') }}
    where
        is_merchandise
        and net_sales > 0
        and ordered_on > {{ twelve_months_before(as_of_date()) }}

),

prices as (

    select
        product_id,
        {{ money_each('sum(net_sales)', 'count(*)') }} as usual_price
    from lines
    group by product_id

),

own_prices as (

    select
        lines.customer_id,
        lines.product_id,
        {{ money_each('sum(lines.net_sales)', 'count(*)') }} as usual_price
    from lines
    inner join targets on lines.customer_id = targets.customer_id
    group by lines.customer_id, lines.product_id

),

priced as (

    select
        likely.customer_id,
        likely.product_id,
        likely.kind,
        likely.score as likelihood,
        likely.is_recommended,
        coalesce(own_prices.usual_price, prices.usual_price) as expected_price
    from likely
    left join prices on likely.product_id = prices.product_id
    left join own_prices
        on likely.customer_id = own_prices.customer_id and likely.product_id = own_prices.product_id

),

-- what nobody bought in 12 months has no price to count with
final as (

    select
        customer_id,
        product_id,
        kind,
        likelihood,
        is_recommended,
        expected_price,
        row_number() over (
            partition by customer_id order by is_recommended desc, likelihood desc, product_id
        ) as place
    from priced
    where expected_price is not null

)

select * from final
