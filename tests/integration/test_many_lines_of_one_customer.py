"""Ten million order lines of one customer: nothing is quadratic in a customer's lines, and sums stay exact."""

from datetime import date
from decimal import Decimal

import duckdb

from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading
from tests.integration.tracing import run_nights

AS_OF = date(2025, 2, 28)
ORDERS, LINES_OF_AN_ORDER = 1_000_000, 10


def _land_lines(settings: Settings) -> None:
    """An order of ten lines at 1.25 every 63 seconds, from 2023-03-01 on."""
    orders, lines = (settings.landing / f"sales/{name}/{AS_OF}" for name in ("orders", "order_lines"))
    for folder in (orders, lines):
        folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select 'o' || n as order_id, timestamp '2023-03-01' + to_seconds(63 * n) as ordered_at,
                    'one' as customer_ref
                from range({ORDERS}) as numbers(n)
            ) to '{orders}/drop.parquet'
        """)
        connection.execute(f"""
            copy (
                select 'o' || n // {LINES_OF_AN_ORDER} as order_id, n % {LINES_OF_AN_ORDER} as line_no,
                    'p' || n % 1000 as product_id, 1 as quantity, cast(1.25 as decimal(18, 2)) as unit_price
                from range({ORDERS * LINES_OF_AN_ORDER}) as numbers(n)
            ) to '{lines}/drop.parquet'
        """)


def test_ten_million_lines_of_one_customer(tmp_path):
    settings = Settings.from_environment(
        {"RAPPORT_HOME": str(tmp_path), "RAPPORT_SECRET": "for tests", "RAPPORT_MEMORY": "2GB"}
    )
    _land_lines(settings)
    run_nights(settings, {AS_OF: {}})
    with open_for_reading(settings) as connection:
        customers = connection.execute(
            "select orders_total, orders_12m, net_revenue_total, net_revenue_12m, average_order_value, median_gap_days,"
            " first_order_on, last_order_on, segment from marts.customers"
        ).fetchall()
        lines = connection.execute("select count(*) from marts.order_lines").fetchone()
    assert lines == (10_000_000,)
    # An order brings 10 * 1.25 = 12.50. The 12 months begin on 2024-02-29, 365 * 86,400 = 31,536,000 seconds after the
    # first order; 500,572 orders came before, since 500,571 * 63 = 31,535,973. 999,999 * 63 seconds are 729 days and
    # a bit: the last order is of 2025-02-27. Every gap is one day, so one day without a purchase is dormant.
    money = (Decimal("12500000.00"), Decimal("6242850.00"), Decimal("12.50"))
    assert customers == [(1_000_000, 499_428, *money, 1.0, date(2023, 3, 1), date(2025, 2, 27), "dormant")]
