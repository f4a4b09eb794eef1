"""The bare pass: DuckDB reads the raw Parquet and writes the order-line fact into a fresh file, no question asked.

No types to check, no row judged or replaced, nobody identified: what a customer goes by is the first identifier on the
order. Everything else is what marts.order_lines holds.
"""

from collections.abc import Iterable
from pathlib import Path

# All columns but customer_id, in one number that no order of rows changes.
CONTENT = """
    select count(*), sum(hash(order_id, line_no, ordered_on, product_id, is_merchandise, quantity, unit_price,
        gross_amount, discount_amount, net_sales, unit_cost, coupon_id, offer_id, gross_margin)::hugeint)
    from {table}
"""

_FACT = """
    create table order_lines as
    with orders as (
        select order_id, cast(ordered_at as date) as ordered_on,
            coalesce(loyalty_id, customer_ref, email, phone) as customer_id
        from read_parquet({orders}) where coalesce(status, 'completed') = 'completed'
    ),
    products as (
        select product_id, arg_max(unit_cost, filename) as unit_cost
        from read_parquet({products}, filename = true) group by product_id
    ),
    lines as (
        select lines.order_id, line_no, customer_id, ordered_on, lines.product_id,
            lines.product_id <> 'POST' as is_merchandise,
            cast(quantity as decimal(18, 3)) as quantity, cast(unit_price as decimal(18, 8)) as unit_price,
            cast(round(quantity * unit_price, 2) as decimal(18, 2)) as gross_amount,
            cast(coalesce(discount_amount, 0) as decimal(18, 2)) as discount_amount, unit_cost, coupon_id, offer_id
        from read_parquet({order_lines}) as lines join orders using (order_id) left join products using (product_id)
    )
    select *, cast(gross_amount - discount_amount as decimal(18, 2)) as net_sales,
        cast(gross_amount - discount_amount - round(quantity * unit_cost, 2) as decimal(18, 2)) as gross_margin
    from lines
"""

# Given a DuckDB file to make, the number of threads, and a file of SQL.
PROCESS = """import sys, duckdb
with duckdb.connect(sys.argv[1], config={"threads": sys.argv[2]}) as connection:
    connection.execute("set enable_progress_bar = false").execute(open(sys.argv[3]).read())
"""


def write_bare_pass(orders: Iterable[Path], order_lines: Iterable[Path], products: Iterable[Path]) -> str:
    """SQL that makes the table order_lines from these files."""
    files = {"orders": orders, "order_lines": order_lines, "products": products}
    return _FACT.format(**{name: [str(path) for path in paths] for name, paths in files.items()})
