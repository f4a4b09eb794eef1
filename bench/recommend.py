"""Top-10 lists for many customers, beside the package implicit on the same purchases.

Purchases are made up: products sell by Zipf's law, and each customer has a few usual ones. The peer, alternating least
squares with its default of 100 factors, gets an environment of its own, made in the bench's folder from the package
index. Each side learns once, which is told too; compared is the recommending alone, in a new process each time. The
lists are not the same, for the methods are not: proven is that both list ten different products for every customer.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy import sparse

from bench.measuring import Measured, compare, fit_exponent, make_environment, make_table, measure
from pipeline.errors import RapportError
from pipeline.progress import say

TITLE = "ten products for every customer, beside implicit"

PEER = "implicit==0.7.3"
MOST_GIB, MOST_EXPONENT = 8, 1.1
_ROOT = Path(__file__).resolve().parent.parent
_ORDERS, _LINES = 4, 5  # of each customer, and of each order
_USUAL, _USUAL_SHARE = 6, 0.5  # usual products of a customer, and how much of what is bought they are


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--customers", type=int, default=500_000, help="default: 500,000")
    parser.add_argument("--products", type=int, default=20_000, help="default: 20,000")
    parser.add_argument("--pairs", type=int, default=5, help="runs of product and peer in turn (default: 5)")
    parser.add_argument("--alone", action="store_true", help="without the peer")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with what learning and recommending took, the latter for a quarter, a half and all of the customers."""
    say(f"making up purchases of {options.customers:,} customers …")
    _make_purchases(options.customers, options.products, folder)
    lists, everybody = _Lists(folder), options.customers
    say("learning …")
    rows = [_tell(f"rapport, learning from {everybody:,} customers", [lists.run("fit", sys.executable, "rapport")])]
    sizes = [everybody // 4, everybody // 2, everybody]
    fewer = [[lists.recommend(sys.executable, "rapport", size)] for size in sizes[:-1]]
    if options.alone:
        took, peer_rows = [lists.recommend(sys.executable, "rapport", everybody)], []
    else:
        took, peer_rows = _run_beside_peer(lists, options)
    runs = [*fewer, took]
    rows += [_tell(f"rapport, {size:,} customers", some) for size, some in zip(sizes, runs, strict=True)]
    exponent = fit_exponent(sizes, [median(one.cpu for one in some) for some in runs])
    peak = max(one.peak_memory for one in took) / 2**30
    holds = peak < MOST_GIB and exponent <= MOST_EXPONENT
    rows[-1][-2:] = f"under {MOST_GIB} GiB; linear: exponent {exponent:.2f}", "yes" if holds else "**no**"
    header = ("what", "CPU s", "wall s", "peak GiB", "goal", "holds")
    return (
        f"{options.products:,} products, {_ORDERS * _LINES} lines a customer\n\n{make_table(header, rows + peer_rows)}"
    )


def _run_beside_peer(lists: "_Lists", options: argparse.Namespace) -> tuple[tuple[Measured, ...], list[list[str]]]:
    """Our runs, and the peer's rows of the table."""
    python = make_environment(PEER, lists.folder / "peer")
    say("the peer is learning …")
    rows = [_tell("implicit, learning from the same", [lists.run("fit", python, "implicit")])]
    compared = compare(
        "recommending",
        lambda: lists.recommend(sys.executable, "rapport", options.customers),
        lambda: lists.recommend(python, "implicit", options.customers),
        options.pairs,
    )
    goal = f"Rapport no slower: {compared.cpu_ratio:.2f} times the CPU"
    rows.append(_tell("implicit, the same customers", compared.peer, goal, compared.cpu_ratio <= 1))
    return compared.product, rows


@dataclass(frozen=True)
class _Lists:
    """Runs of bench/recommending.py in one folder."""

    folder: Path

    def run(self, step: str, python: str | Path, package: str, *more: str) -> Measured:
        """What the whole process took; its imports and reading with it."""
        environment = {**os.environ, "PYTHONPATH": str(_ROOT) if package == "rapport" else "", "HOME": str(self.folder)}
        # each side works with one thread of linear algebra, as implicit asks for
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        script = str(_ROOT / "bench" / "recommending.py")
        return measure([str(python), script, step, package, str(self.folder), *more], environment)

    def recommend(self, python: str | Path, package: str, customers: int) -> Measured:
        """What it took; RapportError where a list is missing or short."""
        self.run("recommend", python, package, str(customers))
        took = json.loads((self.folder / "took.json").read_text())
        if (took["lists"], took["shortest"]) != (customers, 10):
            raise RapportError(f"{package} gave {took['lists']:,} lists, the shortest of {took['shortest']} products")
        return Measured(took["cpu"], took["wall"], took["peak_memory"])


def _tell(what: str, runs: Sequence[Measured], goal: str = "", holds: bool | None = None) -> list[str]:
    """A row of the table: medians, and the peak of all."""
    return [
        what,
        f"{median(took.cpu for took in runs):.2f}",
        f"{median(took.wall for took in runs):.2f}",
        f"{max(took.peak_memory for took in runs) / 2**30:.1f}",
        goal,
        "" if holds is None else "yes" if holds else "**no**",
    ]


def _make_purchases(customers: int, products: int, folder: Path) -> None:
    """The same purchases as lines of orders and as a matrix of customers by products."""
    random = np.random.default_rng(customers)
    chance = 1 / (np.arange(products) + 10)
    taste = np.cumsum(chance / chance.sum())
    usual = _draw(random, taste, (customers, _USUAL))
    lines = customers * _ORDERS * _LINES
    customer = np.repeat(np.arange(customers, dtype=np.int32), _ORDERS * _LINES)
    is_usual = random.random(lines) < _USUAL_SHARE
    product = np.where(is_usual, usual[customer, random.integers(0, _USUAL, lines)], _draw(random, taste, lines))
    order = np.repeat(np.arange(customers * _ORDERS), _LINES)
    day = np.sort(random.integers(0, 365, (customers, _ORDERS)), axis=1).ravel()[order]
    frame = pd.DataFrame(
        {
            "customer_id": _name(customer, customers),
            "order_id": _name(order, customers * _ORDERS),
            "ordered_at": np.datetime64("2024-01-01", "s") + day.astype("timedelta64[D]"),
            "product_id": _name(product, products),
        }
    )
    frame.to_parquet(folder / "orders.parquet", index=False)
    bought = sparse.csr_matrix((np.ones(lines, np.float32), (customer, product)), shape=(customers, products))
    bought.sum_duplicates()
    sparse.save_npz(folder / "bought.npz", bought, compressed=False)


def _draw(random: np.random.Generator, taste: np.ndarray, shape: int | tuple[int, int]) -> np.ndarray:
    return np.minimum(np.searchsorted(taste, random.random(shape)), len(taste) - 1).astype(np.int32)


def _name(numbers: np.ndarray, count: int) -> pd.Categorical:
    """Names in the order of the numbers, as text once it is read back."""
    width = len(str(count))
    return pd.Categorical.from_codes(numbers, [f"{number:0{width}}" for number in range(count)])
