-- What each target is recommended, with what they would pay for it.
with targets as (

    select customer_id from {{ ref('int_offer_targets') }}

),

recommended as (

    select * from {{ ref('recommendations') }}

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
        recommended.customer_id,
        recommended.product_id,
        recommended.kind,
        recommended.score as likelihood,
        coalesce(own_prices.usual_price, prices.usual_price) as expected_price,
        recommended.rank
    from recommended
    inner join targets on recommended.customer_id = targets.customer_id
    left join prices on recommended.product_id = prices.product_id
    left join own_prices
        on
            recommended.customer_id = own_prices.customer_id
            and recommended.product_id = own_prices.product_id

),

-- what nobody bought in 12 months has no price to count with
final as (

    select
        customer_id,
        product_id,
        kind,
        likelihood,
        expected_price,
        row_number() over (partition by customer_id order by rank) as place
    from priced
    where expected_price is not null

)

select * from final
