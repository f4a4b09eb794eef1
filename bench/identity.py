"""Who is who, over several nights of a simulated retailer whose truth is known; and at ten million identifiers.

Pairs are counted twice: pairs of orders that carry any identifier (is a customer's history whole, and theirs alone?),
and pairs of identifiers that belong to one person only. Of the second, "within reach" are those that some chain of rows
links: a mailbox that never came with anything else can't be placed by anybody who goes by exact links.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from bench.measuring import make_table, measure
from pipeline.errors import RapportError
from pipeline.identity.graph import find_components
from pipeline.progress import say

TITLE = "who is one person, on simulated truth"
LEAST_PRECISION, LEAST_RECALL = 0.995, 0.95
MOST_SECONDS = 60


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--people", type=int, default=100_000, help="simulated people (default: 100,000)")
    parser.add_argument("--days", type=int, default=120, help="simulated days (default: 120)")
    parser.add_argument(
        "--nights", type=int, default=10, help="nights at the end that are run one by one (default: 10)"
    )
    parser.add_argument(
        "--identifiers", type=int, default=10_000_000, help="size of the second measurement (default: 10,000,000)"
    )


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with precision, recall, what became of ids from night to night, and seconds at scale."""
    shop = _Shop(folder / "home", folder / "truth")
    last_day = shop.simulate(options.people, options.days)
    changes = shop.run_nights(last_day, options.nights)
    rows = [
        *shop.measure_pairs(),
        ("ids that changed without being told as former", f"{changes.lost:,}", "0", changes.lost == 0),
    ]
    told = [(name, figure, goal, "yes" if holds else "**no**") for name, figure, goal, holds in rows]
    told.insert(-1, ("former ids told in customer_aliases", f"{changes.former:,}", "", ""))
    told.append(_measure_scale(folder / "large", options.identifiers))
    return (
        f"{options.people:,} people with the default noise, {options.days} days, the last {options.nights} one by "
        "one\n\n" + make_table(("measure", "figure", "goal", "holds"), told)
    )


@dataclass(frozen=True)
class _Changes:
    """What happened to ids over the nights: gone without a word, and told as former."""

    lost: int
    former: int


@dataclass(frozen=True)
class _Shop:
    """A simulated retailer, its truth, and a home in which only identity is worked out."""

    home: Path
    truth: Path

    def simulate(self, people: int, days: int) -> date:
        """Land one drop a day; return the last day."""
        say(f"simulating {people:,} people over {days} days …")
        first = date(2024, 1, 1)
        size = ["--customers", str(people), "--days", str(days), "--first-day", str(first), "--seed", "1", "--split"]
        self._run("datasets", "simulated", *size, "--landing", str(self.home / "landing"), "--truth", str(self.truth))
        return max(date.fromisoformat(path.name) for path in (self.home / "landing/sales/orders").iterdir())

    def run_nights(self, last_day: date, nights: int) -> _Changes:
        """The first night takes all drops so far, each later one a day's. Only what identity needs is run."""
        told: set[str] = set()
        lost = 0
        for back in range(nights - 1, -1, -1):
            day = last_day - timedelta(days=back)
            for stage in ("load", "stage", "identify"):
                self._run("pipeline", stage, "--date", str(day))
            with self._open() as connection:
                living = {row[0] for row in connection.execute(_LIVING).fetchall()}
                former = {
                    row[0] for row in connection.execute("select old_customer_id from identity.aliases").fetchall()
                }
            lost += len(told - living - former)
            told |= living
            say(f"{day}: {len(living):,} people, {len(former):,} former ids")
        return _Changes(lost, len(former))

    def measure_pairs(self) -> list[tuple[str, str, str, bool]]:
        """Pair precision and recall, with the goals."""
        with self._open() as connection:
            connection.execute(f"attach '{self.home / 'vault.duckdb'}' as vault (read_only)")
            orders = _count_pairs(connection, _ORDERS.format(truth=self.truth))
            everything = _IDENTIFIERS.format(truth=self.truth)
            identifiers = _count_pairs(connection, everything)
            _name_components(connection)
            reach = _count_pairs(
                connection,
                f"select person, component || '' as customer from ({everything}) join components using (node)",
            )
        return [
            *_judge("pairs of orders", orders),
            *_judge("pairs of identifiers", identifiers),
            (
                "… recall within reach of exact links",
                f"{identifiers.recall / reach.recall:.4f}",
                f"{reach.recall:.4f} of all pairs are",
                identifiers.recall / reach.recall >= LEAST_RECALL,
            ),
        ]

    def _run(self, *arguments: str) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        root = str(Path(__file__).resolve().parent.parent)
        measure([sys.executable, "-m", *arguments], {**plain, "RAPPORT_HOME": str(self.home), "PYTHONPATH": root})

    def _open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True)


@dataclass(frozen=True)
class _Pairs:
    precision: float
    recall: float


_LIVING = "select distinct customer_id from identity.identifiers where customer_id is not null"

# Orders by their strongest identifier, as the core layer does it; one that names nobody is a customer of its own.
_ORDERS = """
    select truth.person_id as person,
        coalesce(card.customer_id, account.customer_id, mailbox.customer_id, phone.customer_id, orders.order_id)
            as customer
    from raw.sales_orders as orders
    join '{truth}/orders.parquet' as truth using (order_id)
    left join identity.identifiers as card on card.token = orders.loyalty_id
    left join identity.identifiers as account on account.token = orders.customer_ref
    left join identity.identifiers as mailbox on mailbox.token = orders.email
    left join identity.identifiers as phone on phone.token = orders.phone
    where coalesce(orders.loyalty_id, orders.customer_ref, orders.email, orders.phone) is not null
"""

_IDENTIFIERS = """
    select node, person, coalesce(customer_id, token) as customer
    from (
        select kind, value, any_value(person_id) as person from '{truth}/identifiers.parquet'
        group by all having count(distinct person_id) = 1
    )
    join vault.identifiers using (kind, value)
    join identity.identifiers using (token)
"""


def _count_pairs(connection: duckdb.DuckDBPyConnection, query: str) -> _Pairs:
    """Of the pairs that were put together, how many are one person's; and of those, how many were put together."""
    pairs = "sum(n * (n - 1) / 2)"
    both, told, true = connection.execute(
        f"with rows as ({query}) select "
        f"(select {pairs} from (select count(*) as n from rows group by person, customer)), "
        f"(select {pairs} from (select count(*) as n from rows group by customer)), "
        f"(select {pairs} from (select count(*) as n from rows group by person))"
    ).fetchone()
    if not told or not true:
        raise RapportError("there is no pair to judge; simulate more people or days")
    return _Pairs(both / told, both / true)


def _name_components(connection: duckdb.DuckDBPyConnection) -> None:
    """`components` (node, component): what following every link that is not cut would make one."""
    links = connection.execute("select node, other from identity.node_links").fetchnumpy()
    size = connection.execute("select max(node) + 1 from identity.identifiers").fetchone()[0]
    labels = find_components(size, links["node"], links["other"])
    connection.register("labels", pa.table({"node": np.arange(size), "component": labels}))
    connection.execute("create temp table components as from labels")


def _judge(name: str, pairs: _Pairs) -> list[tuple[str, str, str, bool]]:
    return [
        (
            f"{name}: precision",
            f"{pairs.precision:.4f}",
            f"at least {LEAST_PRECISION}",
            pairs.precision >= LEAST_PRECISION,
        ),
        (f"{name}: recall", f"{pairs.recall:.4f}", f"at least {LEAST_RECALL}", pairs.recall >= LEAST_RECALL),
    ]


def _measure_scale(home: Path, identifiers: int) -> tuple[str, str, str, str]:
    """The whole of identity but the gathering of sightings by dbt, on made-up sightings, as a process of its own."""
    say(f"making sightings of about {identifiers:,} identifiers …")
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "RAPPORT_HOME": str(home), "PYTHONPATH": root}
    command = [sys.executable, "-m", "bench.resolving"]
    measure([*command, "make", str(identifiers)], environment)
    took = measure([*command, "resolve"], environment)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found, people = connection.execute(
            "select count(*), count(distinct customer_id) from identity.identifiers"
        ).fetchone()
    return (
        f"{found:,} identifiers to {people:,} people",
        f"{took.cpu:.0f} CPU s, {took.wall:.0f} s on the clock, {took.peak_memory / 2**30:.1f} GiB",
        f"under {MOST_SECONDS} s",
        "yes" if took.wall < MOST_SECONDS else "**no**",
    )
