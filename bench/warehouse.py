"""The warehouse's part of a night, beside DuckDB's bare pass from raw Parquet to the order-line fact.

Full build: the stages stage, identify, build, features and segment on a home in which rows are loaded and nothing else
is there. One-day night: the same the day after, with that day's drops loaded. Both run in one process, as in `nightly`;
the models that speak in between, the churn model learnt once from the smallest size, are not counted.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

import duckdb

from bench.bare import CONTENT, PROCESS, write_bare_pass
from bench.measuring import Comparison, Measured, compare, fit_exponent, make_table, measure, positive, run_apart
from bench.shop import BUILDING, LINES_PER_PERSON, MODELS, Shop
from pipeline.errors import RapportError
from pipeline.progress import say

TITLE = "the full build and the one-day night, beside DuckDB's bare pass"
SIZES = (2_000_000, 5_000_000, 10_000_000, 20_000_000)
MOST_BARE_PASSES, MOST_OF_FULL, MOST_GIB, MOST_EXPONENT = 8, 0.10, 8, 1.1
STAGES = (*BUILDING, "segment")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    parser.add_argument("--lines", type=positive, nargs="+", default=SIZES, help=f"order lines, about ({sizes})")
    parser.add_argument("--pairs", type=positive, default=3, help="runs at the largest size (3); 1 at the others")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Measure each size, the smallest first; Markdown with the figures, the growth, and which goal holds."""
    sizes = sorted(options.lines)
    model = folder / "model"
    measured = []
    for lines in sizes:
        bench = _Bench(Shop(folder / "shop", max(lines // LINES_PER_PERSON, 1)), model)
        measured.append(bench.measure(options.pairs if lines == sizes[-1] else 1))
        shutil.rmtree(bench.shop.folder)
    return "\n\n".join(
        [
            f"{options.pairs} pairs at the largest size, one at the others, {os.cpu_count()} cores, DuckDB "
            f"{duckdb.__version__}; medians",
            _tell_sizes(measured),
            _tell_stages(measured[-1]),
            _tell_goals(measured),
        ]
    )


@dataclass(frozen=True)
class Night:
    """What one night took without its scoring, and of that each stage: CPU, wall and SQL seconds."""

    total: Measured
    stages: dict[str, dict[str, float]]

    @property
    def sql(self) -> float:
        """Seconds on the clock that models and tests ran for."""
        return sum(took["sql"] for took in self.stages.values())


@dataclass(frozen=True)
class Size:
    """What was measured with so many order lines."""

    lines: int
    customers: int
    beside_bare: Comparison
    full: list[Night]
    one_day: list[Night]


@dataclass(frozen=True)
class _Bench:
    """Product and peer on one shop. Each run starts from the same state, made before the clock runs."""

    shop: Shop
    model: Path

    def measure(self, pairs: int) -> Size:
        """Make the shop, then run both nights and the bare pass in turn."""
        self.shop.make()
        if not self.model.exists():
            self.shop.learn(self.model)
        full, one_day = [], []

        def run_nights() -> Measured:
            home = self.shop.open_home("home", self.model)
            full.append(self._run_night(home, self.shop.today))
            self._prove_same_lines(home)
            self.shop.load(home, self.shop.tomorrow)
            one_day.append(self._run_night(home, self.shop.tomorrow))
            return full[-1].total

        compared = compare(f"{self.shop.people:,} people", run_nights, self._run_bare_pass, pairs)
        counts = run_apart(_count, self.shop.folder / "home" / "warehouse.duckdb")
        return Size(*counts, compared, full, one_day)

    def _run_night(self, home: Path, day: date) -> Night:
        whole, stages = self.shop.run_night(home, day, *BUILDING, *MODELS, "segment")
        models = [stages.pop(stage) for stage in MODELS]
        cpu, wall = (sum(model[what] for model in models) for what in ("cpu", "wall"))
        night = Night(Measured(whole.cpu - cpu, whole.wall - wall, whole.peak_memory), stages)
        say(f"{day}: {night.total.cpu:.1f} CPU seconds; SQL ran for {night.sql:.1f} seconds on the clock")
        return night

    def _run_bare_pass(self) -> Measured:
        query = self.shop.folder / "bare.sql"
        files = {name: self.shop.list_files(name, self.shop.today) for name in ("orders", "order_lines", "products")}
        query.write_text(write_bare_pass(**files))
        self._bare_file.unlink(missing_ok=True)
        command = [sys.executable, "-c", PROCESS, str(self._bare_file), str(os.cpu_count() or 1), str(query)]
        return measure(command, self.shop.environment(self.shop.loaded))

    @property
    def _bare_file(self) -> Path:
        return self.shop.folder / "bare.duckdb"

    def _prove_same_lines(self, home: Path) -> None:
        """Refuse to go on unless the fact of the full build is that of the bare pass, its customers apart."""
        if not self._bare_file.exists():
            self._run_bare_pass()
        ours = run_apart(_read_content, home / "warehouse.duckdb", "marts.order_lines")
        theirs = run_apart(_read_content, self._bare_file, "order_lines")
        if ours != theirs:
            raise RapportError(
                f"marts.order_lines holds {ours[0]:,} rows, the bare pass made {theirs[0]:,} or other ones"
            )
        say(f"both facts hold the same {ours[0]:,} lines")


def _read_content(path: Path, table: str) -> tuple:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        return connection.execute(CONTENT.format(table=table)).fetchone()


def _count(path: Path) -> tuple[int, int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "select (select count(*) from marts.order_lines), (select count(*) from marts.customers)"
        ).fetchone()


def _tell_sizes(measured: Sequence[Size]) -> str:
    header = (
        *("lines", "customers", "full: CPU s", "SQL: clock s", "one day: CPU s", "SQL: clock s", "bare: CPU s"),
        *("full / bare", "one day / full", "peak GiB"),
    )
    rows = [
        [
            f"{size.lines:,}",
            f"{size.customers:,}",
            *_tell_seconds(size.full),
            *_tell_seconds(size.one_day),
            f"{median(bare.cpu for bare in size.beside_bare.peer):.1f}",
            f"{size.beside_bare.cpu_ratio:.2f}",
            f"{_compare_with_full(size):.1%}",
            f"{_peak_memory(size) / 2**30:.1f}",
        ]
        for size in measured
    ]
    return make_table(header, rows)


def _tell_seconds(nights: Sequence[Night]) -> tuple[str, str]:
    return f"{_median_cpu(nights):.1f}", f"{_median_sql(nights):.1f}"


def _tell_stages(size: Size) -> str:
    header = ("stage", *(f"{night}: {what}" for night in ("full", "one day") for what in ("CPU s", "clock s", "SQL s")))
    rows = []
    for stage in STAGES:
        row = [stage]
        for nights in (size.full, size.one_day):
            row += [f"{median(night.stages[stage][what] for night in nights):.1f}" for what in ("cpu", "wall", "sql")]
        rows.append(row)
    return f"At {size.lines:,} lines, by stage:\n\n{make_table(header, rows)}"


def _tell_goals(measured: Sequence[Size]) -> str:
    largest = measured[-1]
    goals = [
        ("full build, times the bare pass", largest.beside_bare.cpu_ratio, MOST_BARE_PASSES, "{:.2f}"),
        ("one-day night, of the full build", _compare_with_full(largest), MOST_OF_FULL, "{:.1%}"),
        ("peak memory, GiB", _peak_memory(largest) / 2**30, MOST_GIB, "{:.1f}"),
    ]
    if len(measured) > 1:
        lines = [size.lines for size in measured]
        # start-up hides growth: the stage that builds facts has none
        for name, take in (("the full build", _median_cpu), ("its stage build alone", _median_building)):
            exponent = fit_exponent(lines, [take(size.full) for size in measured])
            goals.append((f"growth of {name}: exponent of lines", exponent, MOST_EXPONENT, "{:.2f}"))
    rows = [
        (name, layout.format(figure), f"at most {layout.format(most)}", "yes" if figure <= most else "**no**")
        for name, figure, most, layout in goals
    ]
    return make_table(("measure", "figure", "goal", "holds"), rows)


def _median_cpu(nights: Sequence[Night]) -> float:
    return median(night.total.cpu for night in nights)


def _median_building(nights: Sequence[Night]) -> float:
    return median(night.stages["build"]["cpu"] for night in nights)


def _median_sql(nights: Sequence[Night]) -> float:
    return median(night.sql for night in nights)


def _compare_with_full(size: Size) -> float:
    """The one-day night's share of the full build in the same home, in CPU seconds; the median over the pairs."""
    return median(after.total.cpu / full.total.cpu for full, after in zip(size.full, size.one_day, strict=True))


def _peak_memory(size: Size) -> int:
    return max(night.total.peak_memory for night in [*size.full, *size.one_day])
