"""Who is not worth keeping, on a simulated retailer whose truth says who buys on price only.

Each customer is compared with the person most of their orders are of. The night is judged twice: with what a minute of
support and a return cost unknown, as it is until somebody sets them, and with both set.
"""

import argparse
import os
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml

from bench.measuring import make_table, measure
from pipeline.dbt import DBT_PROJECT
from pipeline.progress import say

TITLE = "who is not worth keeping, on simulated truth"

_FIRST_DAY = date(2024, 1, 1)
_COSTS = {"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}
_BEFORE = ("begin", "load", "stage", "identify", "build", "train", "score", "segment")
_AGAIN = ("build", "segment")

_JUDGED = """
    with owners as (
        select orders.customer_id, truth.person_id, count(*) as orders
        from marts.orders join '{truth}/orders.parquet' as truth using (order_id)
        where orders.customer_id is not null group by all
    ),
    owner as (
        select customer_id, arg_max(person_id, (orders, -person_id)) as person_id from owners group by customer_id
    )
    select
        count(*) as customers,
        count(*) filter (where is_price_only) as price_only,
        count(*) filter (where is_price_only and is_known_enough) as price_only_known_enough,
        count(*) filter (where keep_status = 'let_go') as let_go,
        count(*) filter (where keep_status = 'let_go' and is_price_only) as both,
        count(*) filter (where keep_status = 'let_go' and margin < 0) as losses
    from (
        select customers.keep_status, people.is_price_only, value.margin_after_service_12m as margin,
            value.orders_12m >= {least_orders} and value.tenure_days >= {least_days} as is_known_enough
        from marts.customers join intermediate.int_customer_value as value using (customer_id)
        join owner using (customer_id) join '{truth}/people.parquet' as people using (person_id)
        where customers.orders_total > 0
    )
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--people", type=int, default=5000, help="simulated people (default: 5,000)")
    parser.add_argument("--days", type=int, default=500, help="simulated days (default: 500)")
    parser.add_argument("--seed", type=int, default=2, help="of the simulation (default: 2)")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with precision and recall of let_go against the people who buy on price only."""
    home, truth = folder / "home", folder / "truth"
    say(f"simulating {options.people:,} people over {options.days} days …")
    size = ["--customers", str(options.people), "--days", str(options.days), "--seed", str(options.seed)]
    size += ["--first-day", str(_FIRST_DAY)]
    _run(home, {}, "datasets", "simulated", *size, "--landing", str(home / "landing"), "--truth", str(truth))
    last_day = _FIRST_DAY + timedelta(days=options.days - 1)
    rows = []
    for name, costs, stages in (("unknown", {}, _BEFORE), ("set", _COSTS, _AGAIN)):
        for stage in stages:
            _run(home, costs, "pipeline", stage, "--date", str(last_day))
        rows.append((name, *_measure(home, truth)))
    header = (
        "cost to serve",
        "customers",
        "price-only",
        "let go",
        "precision",
        "recall",
        "with evidence",
        "at a loss",
    )
    return (
        f"{options.people:,} people, {options.days} days, seed {options.seed}; set: 0.40 a minute, 4 a return\n\n"
        + make_table(header, rows)
    )


def _measure(home: Path, truth: Path) -> tuple[str, ...]:
    """One row of the table; "with evidence" leaves out those with too few orders or days to let anybody go."""
    limits = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    query = _JUDGED.format(truth=truth, least_orders=limits["let_go_min_orders"], least_days=limits["let_go_min_days"])
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        customers, price_only, known_enough, let_go, both, losses = connection.execute(query).fetchone()
    return (
        f"{customers:,}",
        f"{price_only:,}",
        f"{let_go:,}",
        f"{both / max(let_go, 1):.3f}",
        f"{both / max(price_only, 1):.3f}",
        f"{both / max(known_enough, 1):.3f} of {known_enough:,}",
        f"{losses:,}",
    )


def _run(home: Path, costs: dict[str, str], *arguments: str) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**plain, **costs, "RAPPORT_HOME": str(home), "PYTHONPATH": root}
    measure([sys.executable, "-m", *arguments], environment)
