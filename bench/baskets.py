"""Pairs of products that share a basket, counted beside scipy's XᵀX, PyFIM (Borgelt's C) and mlxtend's fpgrowth.

Baskets are made up: products sell by Zipf's law. All read the same Parquet file, each time in a new process that has to
import what it needs; PyFIM and mlxtend get environments of their own, made in the bench's folder from the package
index. Before anything is timed every way's pairs and counts have to be the same. Then the same with one basket in a
thousand holding 60 to 500 products.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measuring import Comparison, Measured, compare, make_environment, make_table, measure, positive
from pipeline.errors import RapportError
from pipeline.progress import say

TITLE = "pair counts, beside scipy, PyFIM and mlxtend"

PEERS = {"scipy": None, "PyFIM": "pyfim==6.28", "mlxtend": "mlxtend==0.25.0"}
SUPPORTS = (0.001, 0.0001)
_ROOT = Path(__file__).resolve().parent.parent
_MEAN_LINES = 5
_GOALS = {"scipy": ("no goal", None), "PyFIM": ("faster", 1), "mlxtend": ("at least 20 times faster", 20)}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--baskets", type=positive, default=1_000_000, help="default: 1,000,000, of five lines each")
    parser.add_argument("--products", type=positive, default=20_000, help="default: 20,000")
    parser.add_argument("--pairs", type=positive, default=5, help="runs of product and peer in turn (default: 5)")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="default: all")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown: each support beside each peer, then what huge baskets add."""
    plain, huge = folder / "plain.parquet", folder / "huge.parquet"
    _make_baskets(options.baskets, options.products, 0, plain)
    _make_baskets(options.baskets, options.products, options.baskets // 1000, huge)
    pythons = {
        peer: make_environment(requirement, folder / peer, "numpy", "pyarrow") if requirement else Path(sys.executable)
        for peer, requirement in PEERS.items()
        if peer in options.peers
    }
    rows = []
    for support in SUPPORTS:
        least = max(int(np.ceil(support * options.baskets)), 2)
        ways = {way: _Way(way, python, plain, least, folder) for way, python in pythons.items()}
        ours = _Way("rapport", Path(sys.executable), plain, least, folder)
        ours.run()
        for way, peer in ways.items():
            peer.run()
            _require_equal(ours, peer)
            say(f"support {support}: {way} counts the same")
            rows.append(_describe(support, way, compare(f"{support}, {way}", ours.run, peer.run, options.pairs)))
        beside = _Way("rapport", Path(sys.executable), huge, least, folder)
        with_huge = compare(f"{support}, huge baskets", beside.run, ours.run, options.pairs)
        holds = "yes" if with_huge.cpu_ratio <= 2 else "**no**"
        goal = f"at most twice as long: {with_huge.cpu_ratio:.2f} times"
        rows.append([f"{support:g}", "itself, with huge baskets", *_seconds(with_huge), goal, holds])
    header = ("support", "beside", "CPU s", "its CPU s", "peak GiB", "its peak GiB", "goal", "holds")
    about = f"{options.baskets:,} baskets of {_MEAN_LINES} lines on average, {options.products:,} products"
    return f"{about}; of huge baskets the first figures are with them, the second without\n\n{make_table(header, rows)}"


@dataclass(frozen=True)
class _Way:
    name: str
    python: Path
    lines: Path
    least: int
    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / f"{self.name}-{self.lines.stem}.npz"

    def run(self) -> Measured:
        environment = {**os.environ, "PYTHONPATH": str(_ROOT) if self.name == "rapport" else ""}
        script = str(_ROOT / "bench" / "counting.py")
        return measure(
            [str(self.python), script, self.name, str(self.lines), str(self.least), str(self.out)], environment
        )


def _require_equal(ours: _Way, peer: _Way) -> None:
    with np.load(ours.out) as first, np.load(peer.out) as second:
        for name in ("pairs", "counts"):
            if not np.array_equal(first[name], second[name]):
                raise RapportError(
                    f"{peer.name} and rapport don't count the same at {ours.least} baskets: {name} differ"
                )


def _describe(support: float, peer: str, compared: Comparison) -> list[str]:
    goal, least = _GOALS[peer]
    faster = 1 / compared.cpu_ratio
    holds = "–" if least is None else "yes" if faster >= least else "**no**"
    return [f"{support:g}", peer, *_seconds(compared), f"{goal}: {faster:.1f} times as fast", holds]


def _seconds(compared: Comparison) -> list[str]:
    sides = (compared.product, compared.peer)
    seconds = [f"{median(took.cpu for took in side):.2f}" for side in sides]
    return seconds + [f"{max(took.peak_memory for took in side) / 2**30:.1f}" for side in sides]


def _make_baskets(baskets: int, products: int, huge: int, path: Path) -> None:
    random = np.random.default_rng(baskets)
    lines = 1 + random.poisson(_MEAN_LINES - 1, baskets)
    lines[random.choice(baskets, huge, replace=False)] = random.integers(60, 501, huge)
    chance = np.cumsum(1 / (np.arange(products) + 10.0))
    item = np.searchsorted(chance / chance[-1], random.random(lines.sum()))
    basket = np.repeat(np.arange(baskets, dtype=np.int32), lines)
    pq.write_table(pa.table({"basket_id": basket, "item": np.minimum(item, products - 1).astype(np.int32)}), path)
