"""A simulated retailer whose truth is kept, and the night of its last day: what judgements are held against."""

import argparse
import os
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from bench.measuring import measure, positive
from pipeline.progress import say

FIRST_DAY = date(2024, 1, 1)
# What serving costs this retailer, which its drops don't say.
COSTS = {"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}

# The stages of a night, its gates left out, up to the one that places and judges every customer.
TO_SEGMENTS = ("begin", "load", "stage", "identify", "build", "features", "train", "score", "value", "segment")

# A customer is the person whom most of their orders are of.
OWNER = """
    with owners as (
        select orders.customer_id, truth.person_id, count(*) as orders
        from marts.orders join '{truth}/orders.parquet' as truth using (order_id)
        where orders.customer_id is not null group by all
    ),
    owner as (
        select customer_id, arg_max(person_id, (orders, -person_id)) as person_id from owners group by customer_id
    )
"""


@dataclass(frozen=True)
class TruthfulShop:
    """So many people who live so many days in a folder of their own; `truth` is what no stage ever reads."""

    folder: Path
    people: int
    days: int
    seed: int

    @property
    def home(self) -> Path:
        """Where the night runs."""
        return self.folder / "home"

    @property
    def truth(self) -> Path:
        """The files of the truth, as docs/how-to/simulate-a-retailer.md lists them."""
        return self.folder / "truth"

    @property
    def title(self) -> str:
        """What was simulated, in words."""
        return f"{self.people:,} people, {self.days} days, seed {self.seed}"

    def simulate(self) -> None:
        """Live the days and land their drops."""
        say(f"simulating {self.people:,} people over {self.days} days …")
        size = ["--customers", str(self.people), "--days", str(self.days), "--seed", str(self.seed)]
        size += ["--first-day", str(FIRST_DAY)]
        self._run(
            {}, "datasets", "simulated", *size, "--landing", str(self.home / "landing"), "--truth", str(self.truth)
        )

    def run_stages(self, stages: tuple[str, ...], costs: dict[str, str]) -> None:
        """Run these stages of the last day's night, `costs` being what serving is said to cost."""
        last_day = FIRST_DAY + timedelta(days=self.days - 1)
        for stage in stages:
            self._run(costs, "pipeline", stage, "--date", str(last_day))

    def ask(self, query: str) -> list[tuple]:
        """Rows of a query that may read the warehouse, and the truth as '{truth}/TABLE.parquet'."""
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query.replace("{truth}", str(self.truth))).fetchall()

    def _run(self, costs: dict[str, str], *arguments: str) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        root = str(Path(__file__).resolve().parent.parent)
        environment = {**plain, **costs, "RAPPORT_HOME": str(self.home), "PYTHONPATH": root}
        measure([sys.executable, "-m", *arguments], environment)


def add_size_options(parser: argparse.ArgumentParser, people: int, seed: int) -> None:
    """How much is simulated, with these defaults."""
    parser.add_argument("--people", type=positive, default=people, help=f"simulated people (default: {people:,})")
    parser.add_argument("--days", type=positive, default=500, help="simulated days (default: 500)")
    parser.add_argument("--seed", type=int, default=seed, help=f"of the simulation (default: {seed})")
