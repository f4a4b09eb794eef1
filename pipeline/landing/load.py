"""The night's load: every new or changed drop goes to raw or quarantine, and every row is accounted for."""

import os
from collections.abc import Callable
from datetime import date, timedelta

import duckdb

from pipeline.errors import RapportError
from pipeline.identity.vault import attach_vault, give_secret, store_identifiers
from pipeline.landing.drops import Drop, KnownFile, LandedFile, discover_drops, find_changed, split_batches
from pipeline.landing.entities import ENTITIES, Entity
from pipeline.landing.judge import judge_rows
from pipeline.landing.merge import merge_rows
from pipeline.landing.quarantine import clear_quarantine, find_drops_to_judge_again, quarantine_files, quarantine_rows
from pipeline.landing.reading import NumberedFile, Reading, drop_parts, read_files
from pipeline.landing.rules import text_sql
from pipeline.landing.summary import FileResult, LoadSummary
from pipeline.landing.tables import create_tables
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing

# Bytes of landed files taken in one pass; bounds what is spilled to disk when years of daily drops come at once.
BATCH_BYTES = 400 * 2**20
_MOST_DROPS_TOLD_ONE_BY_ONE = 10


def load_drops(settings: Settings, as_of: date, run_id: str, report: Callable[[str], None]) -> LoadSummary:
    """Load every drop dated `as_of` or earlier that is new or has changed; say how it goes through `report`.

    Each batch of drops of one entity is one transaction: a load that is killed and started again ends the same.
    """
    drops, warnings = discover_drops(settings.landing, as_of)
    results: list[FileResult] = []
    make_folder(settings.home)
    # Rows are spilled here while they still hold personal identifiers.
    make_folder(settings.temporary)
    os.chmod(settings.temporary, 0o700)
    with open_for_writing(settings) as connection:
        create_tables(connection)
        give_secret(connection, settings)
        for entity in ENTITIES:
            own = [drop for drop in drops if drop.entity is entity]
            changed = _find_drops_to_load(connection, settings, entity, own)
            for batch in split_batches(changed, BATCH_BYTES):
                found = _load_batch(connection, settings, entity, batch, as_of, run_id, warnings)
                results += found
                _tell(report, entity, found)
    for warning in warnings:
        report(f"warning: {warning}")
    return LoadSummary(tuple(results), tuple(warnings))


def _find_drops_to_load(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, drops: list[Drop]
) -> list[Drop]:
    if not drops:
        return []
    rows = connection.execute(
        "select file, size, mtime_ns, sha256 from raw.files where source = ? and entity = ?", [entity.source, entity.name]
    ).fetchall()
    known = {file: KnownFile(size, mtime_ns, sha256) for file, size, mtime_ns, sha256 in rows}
    again = find_drops_to_judge_again(connection, entity, settings.max_bad_share) if known else set()
    to_load, touched = [], []
    for drop in drops:
        changed, only_touched = find_changed(drop, known, drop.drop_on in again)
        to_load += [changed] if changed else []
        touched += only_touched
    for file in touched:
        connection.execute("update raw.files set mtime_ns = ? where file = ?", [file.mtime_ns, file.name])
    return to_load


def _load_batch(
    connection: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, drops: list[Drop], as_of: date, run_id: str,
    warnings: list[str],
) -> list[FileResult]:
    files = [(drop, file) for drop in drops for file in drop.files]
    _list_batch_files(connection, files)
    reading = read_files(connection, entity, [NumberedFile(number, file.path) for number, (_, file) in enumerate(files)])
    blocked = _block_unusable_drops(connection, files, reading)
    warnings += _describe_drift(entity, files, reading)
    blocked |= judge_rows(connection, entity, reading.parts, settings.max_bad_share)
    _store_identifiers(connection, settings, entity, reading)
    connection.execute("begin")
    try:
        clear_quarantine(connection, entity)
        quarantine_rows(connection, entity, reading.parts)
        quarantine_files(connection, entity)
        merge_rows(connection, entity)
        results = _account(connection, entity, files, blocked, as_of)
        _write_ledger(connection, entity, files, results, run_id)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    drop_parts(connection, reading)
    connection.execute("drop table if exists temp.judged")
    return results


def _list_batch_files(connection: duckdb.DuckDBPyConnection, files: list[tuple[Drop, LandedFile]]) -> None:
    connection.execute(
        "create or replace temp table batch_files as "
        "select cast(unnest(?) as integer) as _file_id, cast(unnest(?) as date) as _drop_on, cast(unnest(?) as varchar) as file, "
        "cast(null as varchar) as rule, cast(null as varchar) as message",
        [list(range(len(files))), [drop.drop_on for drop, _ in files], [file.name for _, file in files]],
    )


def _block_unusable_drops(
    connection: duckdb.DuckDBPyConnection, files: list[tuple[Drop, LandedFile]], reading: Reading
) -> dict[date, str]:
    """A drop with a file that can't be used is blocked with all its files."""
    blocked = {}
    for number, (_, sentence) in sorted(reading.problems.items()):
        drop, file = files[number]
        blocked.setdefault(drop.drop_on, f"{file.name}: {sentence}")
    for number, (drop, _) in enumerate(files):
        if drop.drop_on in blocked:
            rule, sentence = reading.problems.get(number, ("drop_blocked", f"another file blocks the drop: {blocked[drop.drop_on]}"))
            connection.execute("update batch_files set rule = ?, message = ? where _file_id = ?", [rule, sentence, number])
    return blocked


def _describe_drift(entity: Entity, files: list[tuple[Drop, LandedFile]], reading: Reading) -> list[str]:
    return [
        f"{entity.path} has a column {column!r} that the landing contract does not know; it was not loaded "
        f"({len(numbers):,} files, first {files[numbers[0]][1].name})"
        for column, numbers in sorted(reading.unknown.items())
    ]


def _store_identifiers(connection: duckdb.DuckDBPyConnection, settings: Settings, entity: Entity, reading: Reading) -> None:
    columns = [
        (column.identifier, text_sql(column, part.types[column.name]), part.relation)
        for part in reading.parts
        for column in entity.columns
        if column.identifier and column.name in part.types
    ]
    if columns:
        with attach_vault(connection, settings):
            store_identifiers(connection, columns)


def _account(
    connection: duckdb.DuckDBPyConnection, entity: Entity, files: list[tuple[Drop, LandedFile]], blocked: dict[date, str], as_of: date
) -> list[FileResult]:
    """Count each file's rows where they ended, and refuse to commit if one is missing or there twice."""
    in_batch = "_drop_on in (select _drop_on from batch_files)"
    read = _counts(connection, "select file, count(*), count(_rule), count_if(_is_repeat) from judged "
                               "join (select _file_id, file from batch_files) using (_file_id) group by file")
    kept = _counts(connection, _kept_sql(entity, in_batch, as_of))
    again = _counts(connection, f"select _file, count(*) from landing.{entity.table}_repeats where {in_batch} group by _file")
    results = []
    for drop, file in files:
        rows, bad, doubled = read.get(file.name, (0, 0, 0))
        loaded, waiting = kept.get(file.name, (0, 0))
        repeated = doubled + again.get(file.name, (0,))[0]
        if rows != loaded + repeated + bad:
            raise RapportError(
                f"{file.name}: {rows} rows read, but {loaded} loaded, {repeated} repeated and {bad} quarantined; nothing of it was kept."
            )
        message = blocked.get(drop.drop_on, "")
        status = "blocked" if message else "loaded"
        results.append(FileResult(entity.path, drop.drop_on, file.name, status, message, rows, loaded - waiting, repeated, bad, waiting))
    return results


def _kept_sql(entity: Entity, in_batch: str, as_of: date) -> str:
    """Rows in raw and how many of them are dated after the night; a line has the date of its order."""
    is_waiting, next_day = "false", f"date '{as_of + timedelta(days=1)}'"
    if entity.event_column:
        is_waiting = f"{entity.event_column} >= {next_day}"
    elif entity.parent:
        orders = f"raw.{entity.parent.replace('/', '_')}"
        is_waiting = f"order_id in (select order_id from {orders} group by order_id having min(ordered_at) >= {next_day})"
    return f"select _file, count(*), count_if({is_waiting}) from raw.{entity.table} where {in_batch} group by _file"


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, tuple[int, ...]]:
    return {file: tuple(counts) for file, *counts in connection.execute(query).fetchall()}


def _write_ledger(
    connection: duckdb.DuckDBPyConnection, entity: Entity, files: list[tuple[Drop, LandedFile]], results: list[FileResult], run_id: str
) -> None:
    connection.execute(
        "delete from raw.files where source = ? and entity = ? and drop_on in (select _drop_on from batch_files)",
        [entity.source, entity.name],
    )
    rows = [
        (entity.source, entity.name, drop.drop_on, file.name, file.size, file.mtime_ns, file.sha256, result.rows_read,
         result.rows_loaded + result.rows_waiting, result.rows_repeated, result.rows_quarantined, result.status,
         result.message or None, run_id, result.rows_waiting)
        for (drop, file), result in zip(files, results, strict=True)
    ]
    connection.execute(
        f"insert into raw.files select {', '.join(['unnest(?)'] * len(rows[0]))}", [list(values) for values in zip(*rows, strict=True)]
    )


def _tell(report: Callable[[str], None], entity: Entity, results: list[FileResult]) -> None:
    """One line a drop, or one line for many; blocked drops always get their own."""
    dates = sorted({result.drop_on for result in results})
    if len(dates) > _MOST_DROPS_TOLD_ONE_BY_ONE:
        report(f"{entity.path} {len(dates)} drops {dates[0]} to {dates[-1]}: {_describe_counts(results)}")
    for drop_on in dates:
        own = [result for result in results if result.drop_on == drop_on]
        if own[0].status == "blocked":
            report(f"{entity.path} {drop_on}: BLOCKED, {own[0].message}")
        elif len(dates) <= _MOST_DROPS_TOLD_ONE_BY_ONE:
            report(f"{entity.path} {drop_on}: {_describe_counts(own)}")


def _describe_counts(results: list[FileResult]) -> str:
    summary = LoadSummary(tuple(results))
    parts = [f"{summary.rows_read:,} rows read", f"{summary.rows_loaded:,} loaded"]
    for rows, word in ((summary.rows_repeated, "repeated"), (summary.rows_quarantined, "quarantined"), (summary.rows_waiting, "waiting")):
        parts += [f"{rows:,} {word}"] if rows else []
    return ", ".join(parts)
