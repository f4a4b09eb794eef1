-- How many times as often customers stop after an order with the setback before it than after one without. Frequent
-- buyers meet more of everything and stop less often, so only orders of customers who buy equally often are compared,
-- and the comparisons are put together as Mantel and Haenszel do (1959, J. Natl. Cancer Inst. 22, 719–748), as a risk
-- ratio.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

-- orders so young that nobody can have stopped since are left out: they can't tell yet
orders as (

    select
        buying_orders.order_id,
        buying_orders.recent_orders,
        cast(buying_orders.is_last as integer) as stops
    from {{ ref('int_buying_orders') }} as buying_orders
    cross join settings
    where {{ days_between('buying_orders.ordered_on', 'settings.as_of_date') }} >= settings.dormant_after_days

),

setbacks as (

    select * from {{ ref('int_setbacks_before_orders') }}

),

everybody as (

    select
        recent_orders,
        count(*) as orders,
        sum(stops) as stops
    from orders
    group by recent_orders

),

met as (

    select
        setbacks.cause,
        orders.recent_orders,
        count(*) as orders,
        sum(orders.stops) as stops
    from setbacks
    inner join orders on setbacks.order_id = orders.order_id
    group by setbacks.cause, orders.recent_orders

),

spared as (

    select
        met.cause,
        met.recent_orders,
        everybody.orders - met.orders as orders,
        everybody.stops - met.stops as stops
    from met
    inner join everybody on met.recent_orders = everybody.recent_orders

),

met_so_often as (

    select
        setbacks.cause,
        setbacks.setbacks_up_to_3,
        orders.recent_orders,
        count(*) as orders,
        sum(orders.stops) as stops
    from setbacks
    inner join orders on setbacks.order_id = orders.order_id
    group by setbacks.cause, setbacks.setbacks_up_to_3, orders.recent_orders

),

final as (

    select
        met_so_often.cause,
        met_so_often.setbacks_up_to_3,
        sum(met_so_often.orders) as orders,
        sum(met_so_often.stops) as stops,
        -- rounded, since sums of fractions depend on the order in which threads add them
        round(
            sum(met_so_often.stops * spared.orders / cast(spared.orders + met_so_often.orders as double))
            / nullif(
                sum(spared.stops * met_so_often.orders / cast(spared.orders + met_so_often.orders as double)), 0
            ),
            4
        ) as hazard_ratio
    from met_so_often
    inner join spared
        on met_so_often.cause = spared.cause and met_so_often.recent_orders = spared.recent_orders
    where spared.orders > 0
    group by met_so_often.cause, met_so_often.setbacks_up_to_3

)

select * from final
