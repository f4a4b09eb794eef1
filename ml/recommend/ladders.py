"""The step up: good, better and best of each subcategory, and who may be offered the next rung.

SQL over a connection the caller opened: what is read of a line is who bought what, when and at which price.
"""

from dataclasses import asdict

import pyarrow as pa

from ml.baskets.read import Connection
from ml.params import LadderParams

TABLES = ("ladder_rungs", "ladder_habits", "ladder_steps")

# A third of a subcategory's products on each rung, by the median price paid; equal prices share a rung. A product
# is sound when it is not returned or complained of much more often than all.
RUNGS = """
create or replace temp table ladder_rungs as
with sold as (
    select product_id, median(unit_price) as price, count(distinct customer_id) as buyers
    from ({lines}) as lines
    group by product_id
    having count(distinct customer_id) >= {min_buyers} and median(unit_price) > 0
),
placed as (
    select
        sold.*, products.subcategory, price - products.unit_cost as margin,
        dense_rank() over (partition by products.subcategory order by price) - 1 as place
    from sold inner join ({products}) as products on sold.product_id = products.product_id
    where products.subcategory is not null
),
faulty as (
    select product_id, count(distinct customer_id) as faulty from ({faults}) as faults group by product_id
),
counted as (
    select placed.*, max(place) over (partition by subcategory) + 1 as prices, coalesce(faulty.faulty, 0) as faulty
    from placed left join faulty on placed.product_id = faulty.product_id
),
usual as (select sum(faulty) / sum(buyers) as share from counted)
select
    product_id, subcategory, place * 3 // prices as rung, price, margin, buyers,
    faulty + share * {prior_customers} <= {most_fault_ratio} * share * (buyers + {prior_customers}) as is_sound
from counted cross join usual
where prices >= 3
"""

# Since when somebody had bought a product at all, and since when in enough orders to keep buying it.
HABITS = """
create or replace temp table ladder_habits as
with orders as (
    select lines.customer_id, lines.product_id, lines.order_id, min(lines.ordered_on) as ordered_on
    from ({lines}) as lines inner join ladder_rungs as rungs on lines.product_id = rungs.product_id
    where lines.customer_id is not null
    group by lines.customer_id, lines.product_id, lines.order_id
),
numbered as (
    select *, row_number() over (partition by customer_id, product_id order by ordered_on, order_id) as number
    from orders
)
select
    customer_id, product_id, min(ordered_on) as first_on,
    min(ordered_on) filter (where number = {keeper_orders}) as keeps_since
from numbered
group by customer_id, product_id
"""

# To each product the sound dearer one, on its rung or the next, that most of its keepers went on to keep; of equals
# what most buy. Who had the dearer one before has nothing to step up to. The average step's word counts before a step
# speaks for itself.
STEPS = """
create or replace temp table ladder_steps as
with possible as (
    select
        lower.product_id, upper.product_id as next_product_id, upper.buyers, upper.price - lower.price as price_gained,
        upper.margin - lower.margin as margin_gained
    from ladder_rungs as lower
    inner join ladder_rungs as upper
        on lower.subcategory = upper.subcategory and upper.rung between lower.rung and lower.rung + 1
    where upper.is_sound and upper.price >= lower.price * (1 + {min_price_step})
),
keepers as (
    select product_id, count(*) as keepers from ladder_habits where keeps_since is not null group by product_id
),
went_on as (
    select
        possible.product_id, possible.next_product_id,
        count(*) filter (where nexts.first_on <= habits.keeps_since) as had_before,
        count(*) filter (where nexts.first_on > habits.keeps_since and nexts.keeps_since is not null) as stepped
    from ladder_habits as habits
    inner join possible on habits.product_id = possible.product_id
    inner join ladder_habits as nexts
        on habits.customer_id = nexts.customer_id and possible.next_product_id = nexts.product_id
    where habits.keeps_since is not null
    group by possible.product_id, possible.next_product_id
),
counted as (
    select
        possible.*, coalesce(keepers.keepers, 0) - coalesce(went_on.had_before, 0) as keepers,
        coalesce(went_on.stepped, 0) as stepped
    from possible
    left join keepers on possible.product_id = keepers.product_id
    left join went_on
        on possible.product_id = went_on.product_id and possible.next_product_id = went_on.next_product_id
    qualify row_number() over (
        partition by possible.product_id order by stepped desc, buyers desc, possible.next_product_id
    ) = 1
),
usual as (select sum(stepped) / greatest(sum(keepers), 1) as share from counted)
select
    product_id, next_product_id, keepers, stepped, price_gained, margin_gained,
    (stepped + share * {prior_customers}) / (keepers + {prior_customers}) as chance
from counted cross join usual
"""

OFFERS = """
select
    habits.customer_id, steps.product_id as from_product_id, steps.next_product_id as product_id, steps.chance,
    steps.price_gained, steps.margin_gained
from ladder_habits as habits
inner join ladder_steps as steps on habits.product_id = steps.product_id
where habits.keeps_since is not null
    and coalesce(steps.margin_gained, steps.price_gained) > 0
    and not exists (
        select 1 from ladder_habits as bought
        where bought.customer_id = habits.customer_id and bought.product_id = steps.next_product_id
    )
qualify row_number() over (
    partition by habits.customer_id
    order by steps.chance * coalesce(steps.margin_gained, steps.price_gained) desc, steps.product_id
) <= {offers_each}
order by habits.customer_id, steps.product_id
"""


def offer_steps(
    connection: Connection, lines_sql: str, products_sql: str, faults_sql: str, params: LadderParams
) -> pa.Table:
    """Who may be offered what: customer_id, from_product_id (what they keep buying), product_id (the next rung), chance
    that such a customer goes on, price_gained and margin_gained by a unit (empty where a cost is unknown).

    The best few of each customer by chance times margin gained (price, where it must do), ordered by customer and
    product. One who has bought the next rung before is not offered it. The queries give lines (customer_id, order_id,
    ordered_on, product_id, unit_price), products (product_id, subcategory, unit_cost) and faults (customer_id,
    product_id: what was returned or complained of).
    """
    filled = {"lines": lines_sql, "products": products_sql, "faults": faults_sql, **asdict(params)}
    try:
        for statement in (RUNGS, HABITS, STEPS):
            connection.execute(statement.format(**filled))
        return connection.execute(OFFERS.format(**filled)).to_arrow_table()
    finally:
        for table in TABLES:
            connection.execute(f"drop table if exists temp.{table}")
