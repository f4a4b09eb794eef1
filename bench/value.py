"""What the stage of value and dates takes: 12 months' orders and revenue, next orders and dormancy of every customer.

Customers are made up: each buys at a rate of their own, and half of them leave at some time. The stage runs as in a
night, in a process of its own, for all customers and for half as many.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from bench.measuring import Measured, make_table, measure, positive, run_apart
from pipeline.progress import say
from pipeline.runs import begin
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing

TITLE = "value and dates of every customer"
MOST_GIB, MOST_GROWTH = 4, 2.2
_LAST = date(2024, 5, 14)

# Everything stands on hashes of numbers, so that each call makes the same customers.
_TABLES = """
    create schema intermediate; create schema marts;
    create table intermediate.int_settings_resolved as select 90 as dormant_after_days;
    create table intermediate.int_purchase_days as
    with people as (
        select 'c_' || md5(number::varchar)[:20] as customer_id, number, (hash(number, 1) % 125)::integer as born,
            case when hash(number, 2) % 2 = 0 then 1 + (hash(number, 3) % 250)::integer else 250 end as lasts,
            -- an exponential distribution: a purchase in 25 days on average
            -ln(1 - hash(number) % 1000000 / 1000001.0) / 25 as rate
        from range({customers}) as t(number)
    ),
    bought as (
        select customer_id, number, born, lasts, unnest(range(1 + floor(rate * lasts)::bigint)) as nth from people
    )
    select customer_id,
        date '{last}' - 499 + 2 * born + case when nth = 0 then 0 else (hash(number, nth) % lasts) end::integer
            as ordered_on,
        1::bigint as orders, (5 + hash(number) % 40 + max(hash(number, nth) % 20))::decimal(18, 2) as net_sales
    from bought group by customer_id, number, ordered_on;
    create table intermediate.int_customer_facts as
    select customer_id, sum(orders)::bigint as orders_total from intermediate.int_purchase_days group by customer_id;
    create table marts.returns as
    select customer_id, ordered_on as returned_on, 2.00::decimal(18, 2) as refund_amount
    from intermediate.int_purchase_days where hash(customer_id, ordered_on) % 20 = 0;
    create table marts.interactions as
    select 'exposure' as kind, '' as reference_id, timestamp '2024-01-01' as occurred_at, '' as detail where false
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--customers", type=positive, default=500_000, help="default: 500,000")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with what the stage took for half of the customers and for all."""
    sizes = [max(options.customers // 2, 1), options.customers]
    took = [_run_stage(customers, folder / str(customers)) for customers in sizes]
    growth = took[1][1].cpu / took[0][1].cpu
    gib = took[1][1].peak_memory / 2**30
    rows = [
        (f"{customers:,}", f"{days:,}", f"{run.cpu:.1f}", f"{run.wall:.1f}", f"{run.peak_memory / 2**30:.2f}")
        for customers, (days, run) in zip(sizes, took, strict=True)
    ]
    held = "both hold" if growth <= MOST_GROWTH and gib <= MOST_GIB else "**missed**"
    table = make_table(("customers", "purchase days", "CPU s", "wall s", "peak GiB"), rows)
    return (
        f"{table}\n\nTwice the customers took {growth:.2f} times the CPU (goal: {MOST_GROWTH} or less) and {gib:.2f} "
        f"GiB (goal: {MOST_GIB} or less): {held}. Imports are counted, and fitting, which takes the same for any "
        "number of customers above 10,000."
    )


def _run_stage(customers: int, home: Path) -> tuple[int, Measured]:
    """How many purchase days there are, and what the stage took."""
    say(f"making up {customers:,} customers …")
    settings = Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_THREADS": "2", "RAPPORT_MEMORY": "2GB"})
    days = run_apart(_make_customers, settings, customers)
    say("the stage runs …")
    command = [sys.executable, "-m", "pipeline", "value", "--date", _LAST.isoformat()]
    environment = {"RAPPORT_HOME": str(home), "RAPPORT_THREADS": "2", "RAPPORT_MEMORY": "2GB", "OMP_NUM_THREADS": "1"}
    root = str(Path(__file__).resolve().parent.parent)
    return days, measure(command, environment | {"PYTHONPATH": root, "PATH": ""})


def _make_customers(settings: Settings, customers: int) -> int:
    settings.home.mkdir()
    begin(settings, _LAST)
    with open_for_writing(settings) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(_TABLES.format(customers=customers, last=_LAST))
    with open_for_reading(settings) as connection:
        return connection.execute("select count(*) from intermediate.int_purchase_days").fetchone()[0]
