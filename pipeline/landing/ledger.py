"""The ledger of files: what was loaded before, and where every row of a file ended."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import duckdb

from pipeline.errors import RapportError
from pipeline.landing.batch import Batch
from pipeline.landing.drops import KnownFile, LandedFile
from pipeline.landing.entities import Entity
from pipeline.landing.judging import Tally
from pipeline.landing.summary import FileResult
from pipeline.landing.tables import repeats_table


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
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    tallies: Mapping[str, Tally],
    blocked: Mapping[date, str],
    as_of: date,
) -> list[FileResult]:
    """Count each file's rows where they ended; refuse to go on if one is missing or there twice."""
    entity = batch.entity
    again = _counts(connection, f"{repeats_table(entity)} where {batch.in_batch}")
    kept = _counts(connection, f"raw.{entity.table} where {batch.in_batch}")
    bad = _counts(connection, "bad_rows")
    is_waiting = _find_waiting(connection, entity, as_of)
    waiting = _counts(connection, f"raw.{entity.table} where {batch.in_batch} and {is_waiting}") if is_waiting else {}
    results = []
    for file in batch.files:
        name, message = file.name, blocked.get(file.drop_on, "")
        result = FileResult(
            entity=entity.path,
            drop_on=file.drop_on,
            file=name,
            status="blocked" if message else "loaded",
            message=message,
            rows_read=tallies[name].read,
            rows_loaded=kept.get(name, 0) - waiting.get(name, 0),
            rows_repeated=tallies[name].repeated + again.get(name, 0),
            rows_quarantined=bad.get(name, 0),
            rows_waiting=waiting.get(name, 0),
        )
        results.append(_prove(result))
    return results


def write_ledger(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    results: Sequence[FileResult],
    drift: Mapping[str, str],
    run_id: str,
) -> None:
    """Replace the ledger's rows of the batch's drops. `drift` names the columns of a file that nobody declared."""
    entity, dates = batch.entity, sorted({drop.drop_on for drop in batch.drops})
    connection.execute(
        "delete from raw.files where source = ? and entity = ? and drop_on in (select unnest(?))",
        [entity.source, entity.name, dates],
    )
    columns = {
        "source": [entity.source for _ in results],
        "entity": [entity.name for _ in results],
        "drop_on": [result.drop_on for result in results],
        "file": [result.file for result in results],
        "size": [file.landed.size for file in batch.files],
        "mtime_ns": [file.landed.mtime_ns for file in batch.files],
        "sha256": [file.landed.sha256 for file in batch.files],
        "rows_read": [result.rows_read for result in results],
        "rows_loaded": [result.rows_loaded for result in results],
        "rows_repeated": [result.rows_repeated for result in results],
        "rows_quarantined": [result.rows_quarantined for result in results],
        "rows_waiting": [result.rows_waiting for result in results],
        "status": [result.status for result in results],
        "message": [result.message or None for result in results],
        "unknown_columns": [drift.get(result.file) for result in results],
        "run_id": [run_id for _ in results],
    }
    places = ", ".join(["unnest(?)"] * len(columns))
    connection.execute(f"insert into raw.files ({', '.join(columns)}) select {places}", list(columns.values()))


def refresh_waiting(connection: duckdb.DuckDBPyConnection, entity: Entity, as_of: date) -> None:
    """Count anew how many rows of each file wait: a later night, or an order with another date, makes them due."""
    of_entity = f"source = '{entity.source}' and entity = '{entity.name}'"
    is_waiting = _find_waiting(connection, entity, as_of)
    were_waiting = connection.execute(
        f"select count(*) > 0 from raw.files where {of_entity} and rows_waiting > 0"
    ).fetchone()[0]
    if not is_waiting and not were_waiting:
        return
    connection.execute(
        "update raw.files as f set rows_loaded = f.rows_loaded + f.rows_waiting - now.rows, rows_waiting = now.rows "
        "from (select file, coalesce(rows, 0) as rows from raw.files left join ("
        f"select _file as file, count(*) as rows from raw.{entity.table} where {is_waiting or 'false'} group by _file"
        f") as waiting using (file) where {of_entity}) as now where {of_entity} and f.file = now.file "
        "and f.rows_waiting <> now.rows"
    )


def _prove(result: FileResult) -> FileResult:
    ended = result.rows_loaded + result.rows_repeated + result.rows_quarantined + result.rows_waiting
    if result.rows_read != ended:
        raise RapportError(
            f"{result.file}: {result.rows_read} rows were read but {ended} accounted for; nothing of its batch was "
            "kept. Did the file change meanwhile? If it did not, this is a fault of the loader: keep it and report it."
        )
    return result


def _find_waiting(connection: duckdb.DuckDBPyConnection, entity: Entity, as_of: date) -> str | None:
    """SQL that tells rows dated after the night (a line has the date of its order), or None when there are none."""
    next_day = f"date '{as_of + timedelta(days=1)}'" if as_of < date.max else "date 'infinity'"
    if not entity.event_column and not entity.parent:
        return None
    table, column = f"raw.{entity.table}", entity.event_column
    if entity.parent:
        table, column = f"raw.{entity.parent.replace('/', '_')}", "ordered_at"
    if not connection.execute(f"select count(*) > 0 from {table} where {column} >= {next_day}").fetchone()[0]:
        return None
    if entity.event_column:
        return f"{column} >= {next_day}"
    late = f"select order_id from {table} where {column} >= {next_day}"
    early = f"select order_id from {table} where {column} < {next_day}"
    return f"order_id in ({late} except {early})"


def _counts(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, int]:
    return dict(connection.execute(f"select _file, count(*) from {rows} group by _file").fetchall())
