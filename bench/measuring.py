"""Measuring processes: CPU seconds with children, wall seconds, peak memory; and two of them in turn."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from pipeline.errors import RapportError
from pipeline.progress import say


@dataclass(frozen=True)
class Measured:
    """What one process took: seconds, and bytes of resident memory at its peak."""

    cpu: float
    wall: float
    peak_memory: int


@dataclass(frozen=True)
class Comparison:
    """Runs of the product and of its peer, made in turn."""

    product: tuple[Measured, ...]
    peer: tuple[Measured, ...]

    @property
    def cpu_ratio(self) -> float:
        """The median over the pairs of product by peer, in CPU seconds."""
        return median(ours.cpu / theirs.cpu for ours, theirs in zip(self.product, self.peer, strict=True))

    @property
    def wall_ratio(self) -> float:
        """The same in wall seconds."""
        return median(ours.wall / theirs.wall for ours, theirs in zip(self.product, self.peer, strict=True))


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run a command as a process of its own; RapportError with what it said when it fails."""
    with tempfile.TemporaryFile() as told:
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            last = told.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise RapportError(f"{' '.join(command)[:200]} ended with {process.returncode}: {last[0]}")
    return Measured(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


def run_apart(function: Callable, *arguments: object) -> object:
    """Call a function in a process of its own: a measured process starts with the peak memory of the one it is from."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def compare(name: str, product: Callable[[], Measured], peer: Callable[[], Measured], pairs: int) -> Comparison:
    """Run product and peer in turn, as often as asked."""
    ours, theirs = [], []
    for number in range(1, pairs + 1):
        ours.append(product())
        theirs.append(peer())
        say(
            f"{name}, pair {number} of {pairs}: {ours[-1].cpu:.1f} and {theirs[-1].cpu:.1f} CPU seconds, "
            f"{ours[-1].wall:.1f} and {theirs[-1].wall:.1f} on the clock"
        )
    return Comparison(tuple(ours), tuple(theirs))


def fit_exponent(rows: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of log seconds on log rows, by least squares: 1 is linear."""
    return float(np.polyfit(np.log(rows), np.log(seconds), 1)[0])


def make_environment(requirement: str, home: Path, *more: str) -> Path:
    """A new environment with a package of the index, and more where it takes them: its Python. RapportError with the
    installer's last words."""
    say(f"making an environment for {requirement} …")
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement, *more]
    for command in ([sys.executable, "-m", "venv", str(home)], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
            raise RapportError(f"{requirement} can't be installed for Python {sys.version.split()[0]}: {last[0]}")
    return python


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def positive(text: str) -> int:
    """The argparse type of a whole number above 0."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
