"""Describing and scoring customers beside scikit-learn's bare predict_proba, and what learning from a sample costs.

A made-up retailer's customers are multiplied in the warehouse, each copy under a name of its own, and the stages
`train`, `features` and `score` run as they do at night: a model learnt anew, every feature, every horizon's score, and
reasons. The peer reads the same matrix from a file and asks scikit-learn for the probabilities of the horizons alone.
"""

import argparse
import math
import os
import pickle
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.churn_sample import compare_samples
from bench.measuring import Comparison, Measured, compare, make_table, measure, positive, run_apart
from bench.shop import BUILDING, Shop
from ml.churn.features import DORMANCY_LABEL, read_features
from ml.churn.fit import FittedModel, describe_rows
from ml.churn.store import find_model, load_model
from pipeline.errors import RapportError
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing

TITLE = "describing, scoring and learning about many customers"
MOST_RATIO, MOST_GIB = 3, 6
# DuckDB's share of it; the rest is for what it doesn't count, and for Python.
MEMORY = "3GiB"
# Sizes that are measured, as shares of the largest.
SHARES = (0.15, 0.5, 1)

_PEER = """
import pickle, sys
import numpy as np
models = pickle.load(open(sys.argv[2], 'rb'))
matrix = np.load(sys.argv[1], mmap_mode='r')
for columns, parts in models:
    for start in range(0, len(matrix), int(sys.argv[3])):
        chunk = np.ascontiguousarray(matrix[start:start + int(sys.argv[3]), columns])
        for part in parts:
            part.predict_proba(chunk)
"""
# Customers again under other names, scattered among the first ones; how many there were makes the names new each time.
_MULTIPLY = """
    create or replace table {table} as
    select customers.* replace (
        case
            when customer_id is not null and copy > 0
                then 'c_' || md5(concat_ws('|', customer_id, copy, {customers}))[:20]
            else customer_id
        end as customer_id)
    from {table} as customers cross join range({copies}) as copies(copy)
"""
_OF_CUSTOMERS = (
    "intermediate.int_customer_facts",
    "intermediate.int_purchase_days",
    "intermediate.int_setbacks",
    "marts.returns",
    "marts.interactions",
)


@dataclass(frozen=True)
class Size:
    """What so many customers took: learning, then describing and scoring beside the peer."""

    customers: int
    learning: Measured
    compared: Comparison

    @property
    def cpu(self) -> float:
        """CPU seconds of features and score."""
        return median(one.cpu for one in self.compared.product)

    @property
    def gib(self) -> float:
        """The most memory that features and score took."""
        return max(one.peak_memory for one in self.compared.product) / 2**30


@dataclass(frozen=True)
class Crowd:
    """A home whose customers are multiplied as one goes along."""

    shop: Shop
    home: Path

    @property
    def settings(self) -> Settings:
        """Those of its commands."""
        return Settings.from_environment(self.shop.environment(self.home))

    def count(self) -> int:
        """Customers by now."""
        with open_for_reading(self.settings) as connection:
            found = "select count(distinct customer_id) from intermediate.int_purchase_days"
            return connection.execute(found).fetchone()[0]

    def multiply(self, copies: int) -> None:
        """Make each customer so many."""
        customers = self.count()
        with open_for_writing(self.settings) as connection:
            for table in _OF_CUSTOMERS:
                connection.execute(_MULTIPLY.format(table=table, copies=copies, customers=customers))

    def measure(self, pairs: int) -> Size:
        """Learn, then describe and score in turn with the peer."""
        customers = run_apart(self.count)
        say(f"learning from {customers:,} customers …")
        shutil.rmtree(self.home / "models", ignore_errors=True)
        learning = self.run_stages("train")
        (self.home / "matrix.npy").unlink(missing_ok=True)
        name = f"{customers:,} customers"
        return Size(customers, learning, compare(name, lambda: self.run_stages("features", "score"), self.ask, pairs))

    def run_stages(self, *stages: str) -> Measured:
        """Stages of the night in a process of their own, dbt's start included."""
        return self.shop.run_night(self.home, self.shop.today, *stages)[0]

    def ask(self) -> Measured:
        """scikit-learn alone, in chunks as large as the product's, which has described the customers before."""
        if not (self.home / "matrix.npy").exists():
            run_apart(self.write_for_peer)
        with (self.home / "chunk").open() as chunk:
            files = [str(self.home / "matrix.npy"), str(self.home / "models.pickle"), chunk.read()]
        # one thread, as the product's: two that wait for each other on a busy machine burn twice the CPU
        environment = self.shop.environment(self.home) | {"OMP_NUM_THREADS": "1"}
        return measure([sys.executable, "-c", _PEER, *files], environment)

    def write_for_peer(self) -> None:
        """The matrix that is scored, and scikit-learn's own parts of the models of each horizon."""
        kept, _ = find_model(self.settings.models / "churn", self.shop.today)
        model = load_model(kept)
        fitted = [
            piece.predictor
            for piece in model.targets
            if isinstance(piece.predictor, FittedModel) and piece.target.label != DORMANCY_LABEL
        ]
        if not fitted:
            raise RapportError("the shop taught no model, so there is nothing to compare with; take more --people")
        say(f"models answer for {len(fitted)} of {len(model.params.horizons_days)} horizons")
        with open_for_reading(self.settings) as connection:
            rows = read_features(connection.execute("from features.customer_features").to_arrow_table())
        parts = [(list(one.columns), [one.blend.regression_, *one.blend.boosting_.members_]) for one in fitted]
        (self.home / "models.pickle").write_bytes(pickle.dumps(parts))
        (self.home / "chunk").write_text(str(model.params.score_chunk_rows))
        np.save(self.home / "matrix.npy", describe_rows(rows, fitted[0].rhythm))


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--customers", type=positive, default=2_000_000, help="about so many (default: 2,000,000)")
    parser.add_argument("--people", type=positive, default=145_000, help="of the made-up retailer (default: 145,000)")
    parser.add_argument("--pairs", type=positive, default=5, help="runs of each in turn (default: 5)")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Make the customers, measure each size; Markdown with which goal holds."""
    shop = Shop(folder / "shop", options.people, memory=MEMORY)
    shop.make()
    crowd = Crowd(shop, shop.open_home("home"))
    say("building …")
    crowd.run_stages(*BUILDING)
    say("learning from a sample and from more …")
    samples = run_apart(compare_samples, crowd.settings, shop.today)
    sizes = []
    for share in SHARES:
        say("multiplying the customers …")
        run_apart(crowd.multiply, max(round(options.customers * share / run_apart(crowd.count)), 1))
        sizes.append(crowd.measure(options.pairs if share == SHARES[-1] else 1))
    return f"{options.pairs} pairs at the last size, {os.cpu_count()} cores; medians\n\n{describe(sizes)}\n\n{samples}"


def describe(sizes: list[Size]) -> str:
    """Markdown: a table of what each size took, and how it grows."""
    header = ("customers", "features, score: CPU s", "bare CPU s", "ratio of CPU", "peak GiB", "learning: CPU s")
    rows = [
        (
            f"{size.customers:,}",
            f"{size.cpu:.1f}",
            f"{median(one.cpu for one in size.compared.peer):.1f}",
            f"{size.compared.cpu_ratio:.2f}",
            f"{size.gib:.1f}",
            f"{size.learning.cpu:.1f}",
        )
        for size in sizes
    ]
    small, large = sizes[0], sizes[-1]
    times = large.customers / small.customers
    grows = f"exponent {math.log(large.cpu / small.cpu) / math.log(times):.2f}" if times > 1 else "one size only"
    learning = large.learning.cpu / small.learning.cpu
    is_held = large.compared.cpu_ratio <= MOST_RATIO and large.gib < MOST_GIB
    return (
        f"{make_table(header, rows)}\n\nAt most {MOST_RATIO} times the bare CPU and under {MOST_GIB} GiB at the last "
        f"size: {'both hold' if is_held else '**missed**'}. Features and score grow with the customers ({grows}); "
        f"learning took {learning:.2f} times the CPU for {times:.1f} times the customers."
    )
