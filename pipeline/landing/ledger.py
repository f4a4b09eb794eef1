"""The ledger of files: what was loaded before, and where every row of a batch ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import duckdb

from pipeline.errors import RapportError
from pipeline.landing.drops import Drop, KnownFile, LandedFile
from pipeline.landing.entities import Entity
from pipeline.landing.summary import FileResult
from pipeline.landing.tables import repeats_table

_JOIN_FILES = "join (select _file_id, file from batch_files) as files using (_file_id)"
_IN_BATCH = "_drop_on in (select _drop_on from batch_files)"


@dataclass(frozen=True)
class Batch:
    """Drops of one entity that are loaded in one pass."""

    entity: Entity
    drops: tuple[Drop, ...]

    @cached_property
    def files(self) -> list[tuple[Drop, LandedFile]]:
        """Every file with its drop; a file's place is its number in the batch."""
        return [(drop, file) for drop in self.drops for file in drop.files]


def read_known_files(connection: duckdb.DuckDBPyConnection, entity: Entity) -> dict[str, KnownFile]:
    """What earlier loads noted of the entity's files."""
    rows = connection.execute(
        "select file, size, mtime_ns, sha256 from raw.files where source = ? and entity = ?",
        [entity.source, entity.name],
    ).fetchall()
    return {file: KnownFile(size, mtime_ns, sha256) for file, size, mtime_ns, sha256 in rows}


def note_touched(connection: duckdb.DuckDBPyConnection, files: Sequence[LandedFile]) -> None:
    """Remember the new time of files whose bytes are the same, so that they are not opened again."""
    for file in files:
        connection.execute("update raw.files set mtime_ns = ? where file = ?", [file.mtime_ns, file.name])


def count_rows(
    connection: duckdb.DuckDBPyConnection, batch: Batch, blocked: dict[date, str], as_of: date
) -> list[FileResult]:
    """Count each file's rows where they ended; refuse to go on if one is missing or there twice."""
    entity = batch.entity
    read = _counts(connection, f"select file, count(*) from judged {_JOIN_FILES} group by file")
    doubled = _counts(connection, f"select file, count(*) from judged {_JOIN_FILES} where _is_repeat group by file")
    again = _counts(connection, f"select _file, count(*) from {repeats_table(entity)} where {_IN_BATCH} group by _file")
    kept = _counts(connection, f"select _file, count(*) from raw.{entity.table} where {_IN_BATCH} group by _file")
    waiting = _counts(connection, _waiting_sql(entity, as_of))
    bad = _counts(
        connection,
        f"select file, count(*) from quarantine.{entity.table} where row_number is not null "
        "and drop_on in (select _drop_on from batch_files) group by file",
    )
    results = []
    for drop, file in batch.files:
        name, message = file.name, blocked.get(drop.drop_on, "")
        result = FileResult(
            entity=entity.path,
            drop_on=drop.drop_on,
            file=name,
            status="blocked" if message else "loaded",
            message=message,
            rows_read=read.get(name, 0),
            rows_loaded=kept.get(name, 0) - waiting.get(name, 0),
            rows_repeated=doubled.get(name, 0) + again.get(name, 0),
            rows_quarantined=bad.get(name, 0),
            rows_waiting=waiting.get(name, 0),
        )
        results.append(_prove(result))
    return results


def write_ledger(
    connection: duckdb.DuckDBPyConnection, batch: Batch, results: Sequence[FileResult], run_id: str
) -> None:
    """Replace the ledger's rows of the batch's drops."""
    entity = batch.entity
    connection.execute(
        "delete from raw.files where source = ? and entity = ? and drop_on in (select _drop_on from batch_files)",
        [entity.source, entity.name],
    )
    rows = [
        (
            entity.source,
            entity.name,
            result.drop_on,
            result.file,
            file.size,
            file.mtime_ns,
            file.sha256,
            result.rows_read,
            result.rows_loaded + result.rows_waiting,
            result.rows_repeated,
            result.rows_quarantined,
            result.status,
            result.message or None,
            run_id,
            result.rows_waiting,
        )
        for (_, file), result in zip(batch.files, results, strict=True)
    ]
    places = ", ".join(["unnest(?)"] * len(rows[0]))
    connection.execute(f"insert into raw.files select {places}", [list(values) for values in zip(*rows, strict=True)])


def _prove(result: FileResult) -> FileResult:
    ended = result.rows_loaded + result.rows_repeated + result.rows_quarantined + result.rows_waiting
    if result.rows_read != ended:
        raise RapportError(
            f"{result.file}: {result.rows_read} rows were read but {ended} accounted for; nothing of its batch was "
            "kept. This is a fault of the loader: keep the file and report it."
        )
    return result


def _waiting_sql(entity: Entity, as_of: date) -> str:
    """Rows in raw that are dated after the night; a line has the date of its order."""
    next_day = f"date '{as_of + timedelta(days=1)}'"
    if entity.event_column:
        is_waiting = f"{entity.event_column} >= {next_day}"
    elif entity.parent:
        orders = f"raw.{entity.parent.replace('/', '_')}"
        waiting_orders = f"select order_id from {orders} group by order_id having min(ordered_at) >= {next_day}"
        is_waiting = f"order_id in ({waiting_orders})"
    else:
        is_waiting = "false"
    return f"select _file, count(*) from raw.{entity.table} where {_IN_BATCH} and {is_waiting} group by _file"


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(connection.execute(query).fetchall())
