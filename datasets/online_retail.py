"""UCI Online Retail: a British online gift shop from 2010-12-01 to 2011-12-09, as landing drops."""

from pathlib import Path

import duckdb

from datasets.prepared import Entity, LineKind, Prepared
from pipeline.errors import RapportError
from pipeline.warehouse import quote_literal

ENTITIES = (
    Entity("sales", "orders", "landing_orders", ("ordered_at", "order_id")),
    Entity("sales", "order_lines", "landing_order_lines", ("order_id", "line_no")),
    Entity("sales", "returns", "landing_returns", ("returned_at", "return_id")),
    Entity("sales", "products", "landing_products", ("product_id",)),
)

KINDS = (
    LineKind("sale", "sale", "Quantity and price: landed as it is, with or without a customer (a guest)."),
    LineKind("free item", "sale", "Price 0 on a customer's invoice: goods given for nothing. Landed at price 0."),
    LineKind(
        "cancelled", "return", "Invoice C...: goods or money given back (fees and discounts too). Landed as a return."
    ),
    LineKind("bad debt", None, "Invoice A...: the books were adjusted, nothing was sold. Left out."),
    LineKind("stock write-off", None, "Negative quantity at price 0, no customer: lost or broken stock. Left out."),
    LineKind("stock entry", None, "Price 0 and no customer (found, check, amazon ...): stock booked in. Left out."),
)

# Codes that stand for money rather than for goods. PADS looks like one but is merchandise.
# A gift voucher is money paid now for goods taken later.
NOT_MERCHANDISE = {
    "POST": "postage",
    "DOT": "postage",
    "C2": "postage",
    "M": "manual",
    "BANK CHARGES": "bank charges",
    "S": "sample",
    "AMAZONFEE": "commission",
    "CRUK": "commission",
    "D": "discount",
    "B": "bad debt",
}
VOUCHER_PREFIX = "gift_0001_"

# Codes differ in case for one and the same product (85123A and 85123a): they are joined in upper case.
# A line that fits none of the kinds keeps kind NULL, which the reconciliation refuses.
SOURCE_LINES = f"""
create or replace table source_lines as
with typed as (
    select
        InvoiceNo as invoice_no,
        case when starts_with(StockCode, '{VOUCHER_PREFIX}') then StockCode else upper(StockCode) end as product_id,
        StockCode as stock_code,
        nullif(trim(Description), '') as description,
        Quantity as quantity,
        min(InvoiceDate) over (partition by InvoiceNo) as invoiced_at,
        UnitPrice::decimal(18, 8) as unit_price,
        CustomerID::varchar as customer_ref,
        row_number() over (partition by InvoiceNo order by source_row) as line_no
    from online_retail
)
select
    *,
    round(quantity * unit_price, 2)::decimal(18, 2) as value,
    case
        when quantity is null or unit_price is null or product_id is null then null
        when starts_with(invoice_no, 'A') then 'bad debt'
        when starts_with(invoice_no, 'C') and quantity < 0 and unit_price > 0 then 'cancelled'
        when starts_with(invoice_no, 'C') or unit_price < 0 then null
        when quantity > 0 and unit_price > 0 then 'sale'
        when quantity > 0 and customer_ref is not null then 'free item'
        when quantity > 0 then 'stock entry'
        when quantity < 0 and unit_price = 0 and customer_ref is null then 'stock write-off'
    end as kind
from typed
"""

ORDER_LINES = """
create or replace table landing_order_lines as
select
    invoice_no as order_id,
    line_no,
    product_id,
    quantity::decimal(18, 3) as quantity,
    unit_price,
    0::decimal(18, 2) as discount_amount,
    invoiced_at::date as _day
from source_lines
where kind in ('sale', 'free item')
"""

ORDERS = """
create or replace table landing_orders as
select
    invoice_no as order_id,
    min(invoiced_at) as ordered_at,
    any_value(customer_ref) as customer_ref,
    'web' as channel,
    'GBP' as currency,
    'completed' as status,
    min(invoiced_at)::date as _day
from source_lines
where kind in ('sale', 'free item')
group by invoice_no
"""

# What may be matched: the sale lines of known customers, and returns numbered in time order
# among those of one customer, product and price.
MATCH_TABLES = """
create or replace table sale_lines as
select invoice_no, line_no, customer_ref, product_id, unit_price, quantity, invoiced_at
from source_lines
where kind = 'sale' and customer_ref is not null;
create or replace table numbered_returns as
select
    invoice_no || '-' || line_no as return_id, customer_ref, product_id, unit_price, -quantity as quantity, invoiced_at,
    row_number() over (
        partition by customer_ref, product_id, unit_price order by invoiced_at, invoice_no, line_no
    ) as turn
from source_lines
where kind = 'cancelled' and customer_ref is not null;
create or replace table matched_returns (return_id varchar, order_id varchar, line_no bigint, quantity integer);
"""

# One statement for the first return of every group, one for the second, and so on: what earlier returns took back
# must be known before the next one chooses. A return is never shared out over several sales.
MATCH_TURN = """
insert into matched_returns
with taken_back as (
    select order_id, line_no, sum(quantity) as quantity from matched_returns group by all
)
select r.return_id, s.invoice_no, s.line_no, r.quantity
from numbered_returns as r
inner join sale_lines as s using (customer_ref, product_id, unit_price)
left join taken_back as t on s.invoice_no = t.order_id and s.line_no = t.line_no
where r.turn = ? and s.invoiced_at <= r.invoiced_at and s.quantity - coalesce(t.quantity, 0) >= r.quantity
qualify row_number() over (
    partition by r.return_id order by s.invoiced_at desc, s.invoice_no desc, s.line_no desc
) = 1
"""

RETURNS = """
create or replace table landing_returns as
select
    l.invoice_no || '-' || l.line_no as return_id,
    l.product_id,
    l.invoiced_at as returned_at,
    (-l.quantity)::decimal(18, 3) as quantity,
    (-l.value)::decimal(18, 2) as refund_amount,
    m.order_id,
    m.line_no,
    l.customer_ref,
    l.invoiced_at::date as _day
from source_lines as l
left join matched_returns as m on l.invoice_no || '-' || l.line_no = m.return_id
where l.kind = 'cancelled'
"""

# The name is what most landed lines call the product; on a tie the first in the alphabet.
PRODUCTS = f"""
create or replace table landing_products as
with descriptions as (
    select product_id, description, count(*) as times
    from source_lines
    where kind in ('sale', 'free item', 'cancelled')
    group by all
),
names as (
    select product_id, description as name
    from descriptions
    qualify row_number() over (
        partition by product_id order by description is null, times desc, description
    ) = 1
),
classes as (
    select
        product_id, name,
        case when starts_with(product_id, '{VOUCHER_PREFIX}') then 'voucher' else map($codes, $classes)[product_id] end
            as class
    from names
)
select
    product_id, name,
    case when class is not null then 'NOT MERCHANDISE' end as category,
    class as subcategory,
    null::date as _day
from classes
"""


def find_source() -> Path:
    """The file shipped with the project (see datasets/data/README.md)."""
    return Path(__file__).resolve().parent / "data" / "online_retail.parquet"


def prepare(connection: duckdb.DuckDBPyConnection, source: Path) -> Prepared:
    """Read the source file and build the tables to land."""
    if not source.is_file():
        raise RapportError(f"{source} is missing; it is part of the project: git checkout -- datasets/data")
    connection.execute(f"""
        create or replace table online_retail as
        select * exclude (file_row_number), file_row_number as source_row
        from read_parquet({quote_literal(source)}, file_row_number = true)
    """)
    return build_landing_tables(connection)


def build_landing_tables(connection: duckdb.DuckDBPyConnection) -> Prepared:
    """Build the tables to land from a table `online_retail`: the source's columns and `source_row`, its order."""
    for statement in (SOURCE_LINES, ORDERS, ORDER_LINES):
        connection.execute(statement)
    match_returns(connection)
    connection.execute(RETURNS)
    classes = {"codes": list(NOT_MERCHANDISE), "classes": list(NOT_MERCHANDISE.values())}
    connection.execute(PRODUCTS, classes)
    return Prepared("online_retail", "GBP", ENTITIES, KINDS, _describe(connection))


def match_returns(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the sale each return takes back: same customer, product and price, the latest that still has enough left."""
    connection.execute(MATCH_TABLES)
    turns = connection.execute("select coalesce(max(turn), 0) from numbered_returns").fetchone()[0]
    for turn in range(1, turns + 1):
        connection.execute(MATCH_TURN, [turn])


def _describe(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    returns, matched, refunds, matched_refunds, guests = connection.execute("""
        select count(*), count(order_id), coalesce(sum(refund_amount), 0),
            coalesce(sum(refund_amount) filter (where order_id is not null), 0), count(*) - count(customer_ref)
        from landing_returns
    """).fetchone()
    joined, guest_orders, repeats, other = connection.execute("""
        select
            (select count(distinct stock_code) - count(distinct product_id) from source_lines),
            (select count(*) - count(customer_ref) from landing_orders),
            (select count(*) from online_retail)
            - (select count(*) from (select distinct * exclude (source_row) from online_retail)),
            (select count(*) from landing_products where category = 'NOT MERCHANDISE')
    """).fetchone()
    return (
        f"{matched:,} of {returns:,} returns ({matched_refunds:,} of {refunds:,}) are matched to the sale they take "
        f"back; of the others {guests:,} have no customer.",
        f"{guest_orders:,} orders have no customer: landed as guest orders.",
        f"{joined:,} stock codes differ from another only in case: joined in upper case.",
        f"{repeats:,} lines repeat another of the same invoice exactly: kept, an invoice may list a product twice "
        "and the source's total counts both.",
        f"{other:,} product codes (postage, fees, vouchers ...) are in category NOT MERCHANDISE.",
    )
