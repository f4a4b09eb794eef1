"""Nights one by one, the same nights rebuilt, and the same drops out of order: all published tables have to be equal.

The first night takes all drops so far, each later one a day's. For the rebuild, every night is told anew on a copy. Out
of order, the drops of some days come two nights late, so that the nights they belong to are told anew. Compared are the
tables of the last night, by number of rows and a checksum of all values, without the ledgers, which say when what ran.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from bench.measuring import make_table, positive, run_apart
from bench.shop import BUILDING, Shop
from pipeline.errors import UsageError
from pipeline.progress import say
from pipeline.publish.tables import TABLES
from pipeline.stages import STAGES

TITLE = "nights one by one, rebuilt, and with drops out of order: the same tables"
_TOLD = ("begin", "load", "mend", *BUILDING, "train", "score", "value", "ledger", "segment")
_NIGHTS_LATE = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--people", type=positive, default=50_000, help="simulated people (default: 50,000)")
    parser.add_argument("--days", type=positive, default=150, help="simulated days (default: 150)")
    parser.add_argument("--nights", type=positive, default=30, help="of them run one by one, at the end (default: 30)")
    parser.add_argument("--late", type=positive, default=3, help="days whose drops come two nights late (default: 3)")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Run all three; Markdown that tells for each table whether it is the same."""
    if options.nights >= options.days or options.late > options.nights - _NIGHTS_LATE - 1:
        raise UsageError(f"give more --days than --nights, and at least {_NIGHTS_LATE + 1} --nights more than --late")
    shop, late_shop = (Shop(folder / name, options.people, options.days) for name in ("shop", "late"))
    shop.simulate()
    nights = [shop.tomorrow - timedelta(days=back) for back in range(options.nights - 1, -1, -1)]
    late = _choose_late(nights, options.late)
    ways = {
        "one by one": _run_nights(shop, nights),
        "rebuilt": _rebuild(shop, nights),
        "out of order": _run_nights(late_shop, nights, shop.landing, late),
    }
    return (
        f"{options.people:,} people, {options.days} days, {options.nights} nights from {nights[0]} on; late "
        f"are the drops of {', '.join(str(day) for day in late)}\n\n{_tell(ways)}"
    )


@dataclass(frozen=True)
class _Way:
    """One way to the tables of the last night: the Parquet files, and the CPU seconds that all its nights took."""

    tables: Path
    cpu: float


def _run_nights(shop: Shop, nights: Sequence[date], source: Path | None = None, late: Sequence[date] = ()) -> _Way:
    """Each night in a process of its own; only the last one chooses offers and publishes.

    With a `source`, the shop's drops come from there, those of `late` days two nights after the night they are of.
    """
    home, cpu = shop.folder / "home", 0.0
    home.mkdir(parents=True)
    for night in nights:
        if source:
            _land(source, shop.landing, night, [day for day in late if night < day + timedelta(days=_NIGHTS_LATE)])
        stages = [stage.name for stage in STAGES] if night == nights[-1] else _TOLD
        took, _ = shop.run_night(home, night, *stages)
        cpu += took.cpu
        say(f"night of {night}: {took.cpu:.1f} CPU seconds")
    return _Way(home / "published" / "current" / "parquet", cpu)


def _land(source: Path, landing: Path, night: date, missing: Sequence[date]) -> None:
    """Link the files of all drops up to the night's day, but for those that have not come yet."""
    absent = {day.isoformat() for day in missing}
    for file in source.glob("*/*/*/*"):
        day = file.parent.name
        target = landing / file.relative_to(source)
        if day <= night.isoformat() and day not in absent and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file)


def _rebuild(shop: Shop, nights: Sequence[date]) -> _Way:
    say(f"rebuilding the nights from {nights[0]} on …")
    home, last = shop.folder / "home", str(nights[-1])
    took = shop.run(home, "pipeline", "rebuild", "--date", last, "--since", str(nights[0]))
    return _Way(home / "published" / "rebuilt" / last / "parquet", took.cpu)


def _choose_late(nights: Sequence[date], number: int) -> list[date]:
    """Days spread over the nights after the first, each so early that its drops are there by the last."""
    last_place = len(nights) - 1 - _NIGHTS_LATE
    return [nights[1 + place * last_place // number] for place in range(number)]


def _tell(ways: Mapping[str, _Way]) -> str:
    """A row for each published table, and one for what the ways took."""
    sums = {name: run_apart(_sum_tables, way.tables) for name, way in ways.items()}
    expected, *others = sums.values()
    rows = [
        [table, f"{rows:,}", *("same" if other[table] == (rows, content) else "differs" for other in others)]
        for table, (rows, content) in expected.items()
    ]
    told = [[*row, "yes" if "differs" not in row else "**no**"] for row in rows]
    told.append(["CPU s", *(f"{way.cpu:.0f}" for way in ways.values()), ""])
    return make_table(("table", *ways, "the same"), told)


def _sum_tables(folder: Path) -> dict[str, tuple[int, int]]:
    """Rows of each published table, and a checksum of all their values."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        return {
            table.name: connection.execute(
                f"select count(*), sum(hash(one)::hugeint) from read_parquet('{folder / table.name}.parquet') as one"
            ).fetchone()
            for table in TABLES
        }
