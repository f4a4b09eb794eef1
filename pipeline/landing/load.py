"""The night's load: every new or changed drop goes to raw or quarantine, and every row is accounted for."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.errors import RapportError
from pipeline.identity.vault import attach_vault, give_secret, store_identifiers
from pipeline.landing.drops import Drop, discover_drops, find_changed, split_batches
from pipeline.landing.entities import ENTITIES, Entity
from pipeline.landing.judge import judge_rows
from pipeline.landing.ledger import Batch, count_rows, note_touched, read_known_files, write_ledger
from pipeline.landing.merge import merge_rows
from pipeline.landing.quarantine import (
    clear_quarantine,
    find_drops_to_judge_again,
    quarantine_files,
    quarantine_rows,
)
from pipeline.landing.reading import NumberedFile, Reading, drop_parts, read_files
from pipeline.landing.rules import BLOCKED, text_sql
from pipeline.landing.summary import FileResult, LoadSummary, describe_results
from pipeline.landing.tables import create_tables
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing

# Bytes of landed files taken in one pass; bounds what is spilled to disk when years of daily drops come at once.
BATCH_BYTES = 400 * 2**20


@dataclass(frozen=True)
class _Night:
    """What every step of one load needs."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    as_of: date
    run_id: str


def load_drops(settings: Settings, as_of: date, run_id: str, report: Callable[[str], None]) -> LoadSummary:
    """Load every drop dated `as_of` or earlier that is new or has changed; say how it goes through `report`.

    Each batch of drops of one entity is one transaction: a load that is killed and started again ends the same.
    """
    drops, warnings = discover_drops(settings.landing, as_of)
    results: list[FileResult] = []
    _make_folders(settings)
    with _room_explained(), open_for_writing(settings) as connection:
        create_tables(connection)
        give_secret(connection, settings)
        night = _Night(connection, settings, as_of, run_id)
        for entity in ENTITIES:
            to_load = _find_drops_to_load(night, entity, [drop for drop in drops if drop.entity is entity])
            for batch_drops in split_batches(to_load, BATCH_BYTES):
                found, drift = _load_batch(night, Batch(entity, tuple(batch_drops)))
                results += found
                warnings += drift
                for line in describe_results(entity.path, found):
                    report(line)
    for warning in warnings:
        report(f"warning: {warning}")
    return LoadSummary(tuple(results), tuple(warnings))


@contextmanager
def _room_explained() -> Iterator[None]:
    """Say in a sentence that disk or memory ran out."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise RapportError(
            f"the load could not go on ({str(error).splitlines()[0]}); free disk space or set RAPPORT_MEMORY, then "
            "run the same command again: what was loaded stays loaded."
        ) from None


def _make_folders(settings: Settings) -> None:
    make_folder(settings.home)
    # Rows may be spilled here while they still hold personal identifiers.
    make_folder(settings.temporary)
    try:
        os.chmod(settings.temporary, 0o700)
    except OSError as error:
        raise RapportError(f"{settings.temporary} can't be made private ({error.strerror}); own it.") from None


def _find_drops_to_load(night: _Night, entity: Entity, drops: list[Drop]) -> list[Drop]:
    if not drops:
        return []
    known = read_known_files(night.connection, entity)
    again = find_drops_to_judge_again(night.connection, entity, night.settings.max_bad_share) if known else set()
    to_load, touched = [], []
    for drop in drops:
        changed, only_touched = find_changed(drop, known, drop.drop_on in again)
        to_load += [changed] if changed else []
        touched += only_touched
    note_touched(night.connection, touched)
    return to_load


def _load_batch(night: _Night, batch: Batch) -> tuple[list[FileResult], list[str]]:
    """Load some drops of one entity; return what became of each file, and what was found that nobody declared."""
    connection, entity = night.connection, batch.entity
    _list_batch_files(connection, batch)
    numbered = [NumberedFile(number, file.path) for number, (_, file) in enumerate(batch.files)]
    reading = read_files(connection, entity, numbered)
    blocked = _block_unusable_drops(connection, batch, reading)
    blocked |= judge_rows(connection, entity, reading.parts, night.settings.max_bad_share)
    _store_identifiers(night, entity, reading)
    connection.execute("begin")
    try:
        clear_quarantine(connection, entity)
        quarantine_rows(connection, entity, reading.parts)
        quarantine_files(connection, entity)
        merge_rows(connection, entity)
        results = count_rows(connection, batch, blocked, night.as_of)
        write_ledger(connection, batch, results, night.run_id)
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise
    drop_parts(connection, reading)
    connection.execute("drop table if exists temp.judged")
    return results, _describe_drift(batch, reading)


def _list_batch_files(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    dates, names = [drop.drop_on for drop, _ in batch.files], [file.name for _, file in batch.files]
    connection.execute(
        "create or replace temp table batch_files as select cast(unnest(?) as integer) as _file_id, "
        "cast(unnest(?) as date) as _drop_on, cast(unnest(?) as varchar) as file, "
        "cast(null as varchar) as rule, cast(null as varchar) as message",
        [list(range(len(names))), dates, names],
    )


def _block_unusable_drops(connection: duckdb.DuckDBPyConnection, batch: Batch, reading: Reading) -> dict[date, str]:
    """A drop with a file that can't be used is blocked with all its files."""
    blocked: dict[date, str] = {}
    for number, (_, sentence) in sorted(reading.problems.items()):
        drop, file = batch.files[number]
        blocked.setdefault(drop.drop_on, f"{file.name}: {sentence}")
    for number, (drop, _) in enumerate(batch.files):
        if drop.drop_on in blocked:
            other = (BLOCKED, f"another file blocks the drop: {blocked[drop.drop_on]}")
            rule, sentence = reading.problems.get(number, other)
            connection.execute(
                "update batch_files set rule = ?, message = ? where _file_id = ?", [rule, sentence, number]
            )
    return blocked


def _describe_drift(batch: Batch, reading: Reading) -> list[str]:
    return [
        f"{batch.entity.path} has a column {column!r} that the landing contract does not know; it was not loaded "
        f"({len(numbers):,} files, first {batch.files[numbers[0]][1].name})"
        for column, numbers in sorted(reading.unknown.items())
    ]


def _store_identifiers(night: _Night, entity: Entity, reading: Reading) -> None:
    columns = [
        (column.identifier, text_sql(column, part.types[column.name]), part.relation)
        for part in reading.parts
        for column in entity.columns
        if column.identifier and column.name in part.types
    ]
    if columns:
        with attach_vault(night.connection, night.settings):
            store_identifiers(night.connection, columns)
