"""Write tables as landing drops: <landing>/<source>/<entity>/<YYYY-MM-DD>/<file name>.parquet.

A drop appears whole or not at all (written aside, then renamed), the same rows give the same bytes,
and a drop that already holds those bytes is not touched, so that nothing is loaded twice.
"""

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from datasets.prepared import Entity
from pipeline.errors import RapportError
from pipeline.warehouse import quote_literal

# A day gets one file only if DuckDB never closes a file early. 600 days stay below the usual limit of 1,024 open files.
OPEN_FILES = 600

# No file ends in .parquet before it is whole: nobody who lists the landing folder can pick up half of one.
UNFINISHED = "part"


@dataclass(frozen=True)
class Drop:
    """One landed file. `is_new` is False when the same bytes were there already."""

    source: str
    entity: str
    day: date
    path: Path
    is_new: bool


def choose_aside(landing: Path) -> Path:
    """A folder in the landing folder, not made yet, that no other process uses: drops are written there first."""
    return landing / f".incoming-{os.getpid()}-{secrets.token_hex(4)}"


def write_drops(
    connection: duckdb.DuckDBPyConnection,
    entities: tuple[Entity, ...],
    landing: Path,
    split: bool = False,
    day: date | None = None,
    aside: Path | None = None,
) -> list[Drop]:
    """Write every entity: one drop dated `day` (by default the last event's), or with `split` one for each event day.

    Events from before the first order (a campaign sent earlier) go into the first drop, as late rows do.
    """
    first, last = find_days(connection, entities)
    last = day or last
    if last is None:
        raise RapportError("The source holds no event that can be landed; is the file complete?")
    aside = aside or choose_aside(landing)
    drops: list[Drop] = []
    with _explain_failures(landing):
        aside.mkdir(parents=True)
        try:
            for entity in entities:
                folder = aside / entity.source / entity.name
                folder.mkdir(parents=True)
                written = _write_by_day(connection, entity, folder, first) if split else None
                for day, file in written or [(last, _write_whole(connection, entity, folder))]:
                    drops.append(_move_into_place(entity, day, file, landing))
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return drops


def list_other_drops(landing: Path, drops: list[Drop]) -> list[Path]:
    """Files in the landing folder that are not among `drops`, in order."""
    ours = {drop.path for drop in drops}
    found = (path for path in landing.glob("[!.]*/*/*/*") if path.is_file())
    return sorted(path for path in found if path not in ours)


def find_days(connection: duckdb.DuckDBPyConnection, entities: tuple[Entity, ...]) -> tuple[date | None, date | None]:
    """The day of the first order (of the first event, where there is no order) and of the last event."""
    tables = [entity.table for entity in entities]
    orders = [entity.table for entity in entities if (entity.source, entity.name) == ("sales", "orders")]
    days = " union all ".join(f"select min(_day) as first, max(_day) as last from {table}" for table in tables)
    first, last = connection.execute(f"select min(first), max(last) from ({days})").fetchone()
    if orders:
        first = connection.execute(f"select min(_day) from {orders[0]}").fetchone()[0] or first
    return first, last


def drop_day_sql(first: date) -> str:
    """The day of the drop a row goes into when there is one drop a day."""
    return f"greatest(coalesce(_day, date {quote_literal(first)}), date {quote_literal(first)})"


def _write_whole(connection: duckdb.DuckDBPyConnection, entity: Entity, folder: Path) -> Path:
    file = folder / f"{entity.name}.{UNFINISHED}"
    order = ", ".join(("_day", *entity.order_by))
    with _one_thread(connection):
        connection.execute(
            f"copy (select * exclude (_day) from {entity.table} order by {order}) "
            f"to {quote_literal(file)} (format parquet, compression zstd)"
        )
    return file


def _write_by_day(
    connection: duckdb.DuckDBPyConnection, entity: Entity, folder: Path, first: date
) -> list[tuple[date, Path]]:
    order = ", ".join(("_drop_on", *entity.order_by))
    connection.execute(f"set partitioned_write_max_open_files = {OPEN_FILES}")
    with _one_thread(connection):
        connection.execute(
            f"copy (select * exclude (_day), {drop_day_sql(first)} as _drop_on from {entity.table} order by {order}) "
            f"to {quote_literal(folder)} (format parquet, compression zstd, partition_by (_drop_on), "
            f"filename_pattern {quote_literal(entity.name)}, file_extension {quote_literal(UNFINISHED)}, "
            "overwrite_or_ignore true)"
        )
    written = [(date.fromisoformat(file.parent.name.split("=")[1]), file) for file in sorted(folder.glob("*/*"))]
    if len({day for day, _ in written}) < len(written):
        raise RapportError(
            f"Some day of {entity.source}/{entity.name} came out in several files; land without --split."
        )
    return written


def _move_into_place(entity: Entity, day: date, file: Path, landing: Path) -> Drop:
    target = landing / entity.source / entity.name / day.isoformat() / f"{entity.file_name or entity.name}.parquet"
    is_new = not (target.is_file() and filecmp.cmp(file, target, shallow=False))
    if is_new:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)
    return Drop(entity.source, entity.name, day, target, is_new)


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """With one thread DuckDB keeps the order of rows within each partition, whatever the machine's cores."""
    threads = connection.execute("select current_setting('threads')").fetchone()[0]
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")


@contextmanager
def _explain_failures(landing: Path) -> Iterator[None]:
    advice = "give --landing a folder you may write, on a disk with room."
    try:
        yield
    except OSError as error:
        raise RapportError(f"Can't write drops into {landing} ({error.strerror or error}); {advice}") from None
    except duckdb.IOException as error:
        raise RapportError(f"Can't write drops into {landing} ({str(error).splitlines()[0]}); {advice}") from None
