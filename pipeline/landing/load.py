"""The night's load: every new or changed drop goes to raw or quarantine, and every row is accounted for."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.errors import RapportError
from pipeline.identity.vault import attach_vault, give_secret
from pipeline.landing.batch import Batch
from pipeline.landing.blocking import block_bad_drops, block_unusable_drops
from pipeline.landing.doubles import find_twins, settle_doubles
from pipeline.landing.drift import describe_drift, has_drift, keep_unknown_columns, name_drift
from pipeline.landing.drops import Drop, discover_drops, find_changed, split_batches
from pipeline.landing.entities import ENTITIES, Entity
from pipeline.landing.identifiers import keep_identifiers
from pipeline.landing.judging import (
    Tally,
    count_read_rows,
    insert_rows,
    remove_lines_without_order,
    settle_currency,
)
from pipeline.landing.ledger import count_rows, note_touched, read_known_files, refresh_waiting, write_ledger
from pipeline.landing.merge import merge_rows, set_aside
from pipeline.landing.quarantine import (
    clear_quarantine,
    find_drops_to_judge_again,
    quarantine_files,
    quarantine_rows,
)
from pipeline.landing.reading import Reading, find_broken_files, plan_reading
from pipeline.landing.summary import FileResult, LoadSummary, describe_results
from pipeline.landing.tables import create_tables, write_whole
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing

# Bytes of landed files taken in one pass; bounds what is held in memory when years of daily drops come at once.
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
            refresh_waiting(connection, entity, as_of)
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
    """Load some drops of one entity; return what became of each file, and warnings.

    When the reader gives up, the files it can't read to their end are found and put aside, and the batch begins anew.
    """
    broken: dict[int, str] = {}
    while True:
        reading = plan_reading(night.connection, batch, broken)
        try:
            _keep_personal(night, batch, reading)
            return _load_readable(night, batch, reading)
        except duckdb.Error as error:
            if isinstance(error, duckdb.OutOfMemoryException) or "no space left" in str(error).lower():
                raise
            found = find_broken_files(night.connection, reading.parts)
            if not found:
                raise
            broken |= found


def _keep_personal(night: _Night, batch: Batch, reading: Reading) -> None:
    """Put into the vault what the warehouse must not hold.

    It is done before the warehouse's transaction, for DuckDB writes one attached file a transaction: a value in the
    vault that no row uses does no harm, while a token nobody can map back would.
    """
    is_personal = batch.entity.has_identifiers and bool(reading.parts)
    has_unknown = has_drift(night.connection, batch, reading)
    if is_personal or has_unknown:
        with attach_vault(night.connection, night.settings):
            if is_personal:
                keep_identifiers(night.connection, batch.entity, reading.parts)
            if has_unknown:
                keep_unknown_columns(night.connection, batch, reading.parts)


def _load_readable(night: _Night, batch: Batch, reading: Reading) -> tuple[list[FileResult], list[str]]:
    connection, entity = night.connection, batch.entity
    settle_currency(connection, batch, reading.parts, night.settings.currency)
    with write_whole(connection):
        clear_quarantine(connection, batch)
        set_aside(connection, batch)
        for part in reading.parts:
            insert_rows(connection, batch, part)
        tallies = count_read_rows(connection, batch)
        _judge_together(connection, batch, tallies)
        problems, blocked = block_unusable_drops(batch, reading)
        blocked |= block_bad_drops(connection, batch, reading.parts, tallies, night.settings.max_bad_share)
        quarantine_files(connection, batch, problems)
        quarantine_rows(connection, entity)
        merge_rows(connection, batch)
        results = count_rows(connection, batch, tallies, blocked, night.as_of)
        write_ledger(connection, batch, results, name_drift(batch, reading), night.run_id)
    return results, describe_drift(batch, reading, tallies)


def _judge_together(connection: duckdb.DuckDBPyConnection, batch: Batch, tallies: dict[str, Tally]) -> None:
    """Judge rows by what stands in other rows: a line's order, and other rows with the same key."""
    if batch.entity.parent:
        for name, rows in remove_lines_without_order(connection, batch).items():
            tallies[name].bad += rows
    find_twins(connection, batch)
    for name, (repeated, bad) in settle_doubles(connection, batch).items():
        tallies[name].repeated += repeated
        tallies[name].bad += bad
