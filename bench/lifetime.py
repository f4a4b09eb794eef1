"""Fitting BG/NBD beside the packages lifetimes and pymc-marketing, and on many customers alone.

Customers are drawn from the model itself with the parameters published for CDNOW, their times in days told as weeks.
Each peer gets an environment of its own, made in the bench's folder from the package index (a few minutes, 2 GB).
Measured is the fit alone, without imports and reading, in a new process each time. The run that proves the parameters
equal comes first and is not counted: pymc-marketing compiles its model in it and finds it compiled from then on.
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.measuring import Comparison, Measured, compare, make_environment, make_table, measure
from pipeline.errors import RapportError
from pipeline.progress import say

TITLE = "fitting BG/NBD, beside lifetimes and pymc-marketing"

_PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}  # of CDNOW, weeks
_LONGEST_WEEKS = 104
_MOST_DIFFERENCE = 0.01  # between the parameters of two packages: optimisers stop at different tolerances
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Peer:
    """A package to compare with: what to install, how many times slower it is to be."""

    name: str
    requirement: str
    least_ratio: float


PEERS = {
    peer.name: peer
    for peer in (Peer("lifetimes", "lifetimes==0.11.3", 4), Peer("pymc-marketing", "pymc-marketing", 50))
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--customers", type=int, default=500_000, help="beside lifetimes (default: 500,000)")
    parser.add_argument("--map-customers", type=int, default=20_000, help="beside pymc-marketing (default: 20,000)")
    parser.add_argument("--alone", type=int, default=2_000_000, help="without a peer (default: 2,000,000)")
    parser.add_argument("--pairs", type=int, default=5, help="runs of product and peer in turn (default: 5)")
    parser.add_argument("--peers", nargs="*", choices=tuple(PEERS), default=tuple(PEERS), help="none: no comparison")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with the comparisons and the fit on many customers."""
    sizes = {"lifetimes": options.customers, "pymc-marketing": options.map_customers}
    rows = [_compare_with(PEERS[name], sizes[name], options.pairs, folder) for name in options.peers]
    rows.append(_measure_alone(options.alone, folder))
    header = (
        *("customers", "beside", "CPU s", "peer CPU s", "times faster (CPU)", "times faster (wall)"),
        *("peak GiB", "peer peak GiB", "parameters differ by", "goal", "holds"),
    )
    return (
        f"{options.pairs} pairs, {os.cpu_count()} cores, numpy {np.__version__}; medians; the fit alone\n\n"
        f"{make_table(header, rows)}"
    )


def _compare_with(peer: Peer, customers: int, pairs: int, folder: Path) -> list[str]:
    """A row of the table; a peer that can't be installed or does not fit gets a row that says so."""
    try:
        python = make_environment(peer.requirement, folder / peer.name)
        fits = _Fits(_draw(customers, folder), folder)
        theirs = fits.run(python, peer.name)[1]
        difference = _compare_parameters(peer, fits.run(sys.executable, "rapport")[1], theirs)
    except RapportError as error:
        say(str(error))
        return [f"{customers:,}", peer.name, *["–"] * 7, f"not compared: {_shorten(str(error))}", "**no**"]
    compared = compare(
        peer.name, lambda: fits.run(sys.executable, "rapport")[0], lambda: fits.run(python, peer.name)[0], pairs
    )
    return _describe(peer, customers, compared, difference)


def _describe(peer: Peer, customers: int, compared: Comparison, difference: float) -> list[str]:
    faster = 1 / compared.cpu_ratio
    return [
        f"{customers:,}",
        peer.name,
        f"{median(measured.cpu for measured in compared.product):.2f}",
        f"{median(measured.cpu for measured in compared.peer):.2f}",
        f"{faster:.1f}",
        f"{1 / compared.wall_ratio:.1f}",
        f"{max(measured.peak_memory for measured in compared.product) / 2**30:.2f}",
        f"{max(measured.peak_memory for measured in compared.peer) / 2**30:.2f}",
        f"{difference:.2%}",
        f"at least {peer.least_ratio:g} times faster",
        "yes" if faster >= peer.least_ratio else "**no**",
    ]


def _measure_alone(customers: int, folder: Path) -> list[str]:
    took, parameters = _Fits(_draw(customers, folder), folder).run(sys.executable, "rapport")
    say(f"{customers:,} customers alone: {took.cpu:.1f} CPU seconds, {took.wall:.1f} on the clock")
    off = max(abs(parameters[name] / value - 1) for name, value in _PUBLISHED.items())
    memory = f"{took.peak_memory / 2**30:.2f}"
    return [
        f"{customers:,}",
        "alone",
        f"{took.cpu:.2f}",
        *["–"] * 3,
        memory,
        "–",
        f"{off:.2%} from the truth",
        "–",
        "–",
    ]


def _compare_parameters(peer: Peer, ours: dict[str, float], theirs: dict[str, float]) -> float:
    difference = max(abs(ours[name] / theirs[name] - 1) for name in _PUBLISHED)
    if not difference <= _MOST_DIFFERENCE:
        raise RapportError(f"{peer.name} ends with {_list(theirs)}, Rapport with {_list(ours)}")
    say(f"{peer.name}: the parameters are the same within {difference:.2%}")
    return difference


def _list(parameters: dict[str, float]) -> str:
    return ", ".join(f"{name} {parameters[name]:.4g}" for name in _PUBLISHED)


@dataclass(frozen=True)
class _Fits:
    """Runs of bench/fitting.py on one file of histories."""

    histories: Path
    folder: Path

    def run(self, python: str | Path, package: str) -> tuple[Measured, dict[str, float]]:
        """What one fit took, and its parameters."""
        result = self.folder / "fit.json"
        environment = {**os.environ, "PYTHONPATH": str(_ROOT) if package == "rapport" else "", "HOME": str(self.folder)}
        script = str(_ROOT / "bench" / "fitting.py")
        measure([str(python), script, package, str(self.histories), str(result)], environment)
        told = json.loads(result.read_text())
        return Measured(told["cpu"], told["wall"], told["peak_memory"]), told["parameters"]


def _draw(customers: int, folder: Path) -> Path:
    """Histories of customers of BG/NBD, in weeks of whole days, saved as columns."""
    say(f"drawing {customers:,} customers …")
    random = np.random.default_rng(customers)
    rate = random.gamma(_PUBLISHED["r"], 1 / (7 * _PUBLISHED["alpha"]), customers)  # a day
    leaving = random.beta(_PUBLISHED["a"], _PUBLISHED["b"], customers)
    age = random.integers(7, 7 * _LONGEST_WEEKS, customers).astype(float)
    frequency, recency, now = (np.zeros(customers) for _ in range(3))
    left = np.arange(customers)
    while len(left):
        now[left] += random.exponential(1, len(left)) / np.maximum(rate[left], 1e-300)
        left = left[now[left] <= age[left]]
        frequency[left] += 1
        recency[left] = np.maximum(np.ceil(now[left]), 1)
        left = left[random.random(len(left)) > leaving[left]]
    path = folder / f"histories-{customers}.npz"
    np.savez(path, frequency=frequency, recency=np.minimum(recency, age) / 7, age=age / 7)
    return path


def _shorten(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
