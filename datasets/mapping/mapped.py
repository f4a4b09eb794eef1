"""A mapping at work: sources read, tables made, and all that is wrong found before anything is written."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from datasets.drops import drop_day_sql, find_days
from datasets.mapping.accounting import account_for_rows, build_source_lines, count_left_out
from datasets.mapping.building import build_entity, build_order_days, build_table
from datasets.mapping.checking import check_declarations, check_entity, check_last_day, entity_of
from datasets.mapping.declaration import CONTRACT, LINES, ORDERS, EntityMap, Mapping, RowKind
from datasets.mapping.findings import Findings
from datasets.mapping.judging import Judge
from datasets.mapping.reading import read_mapping
from datasets.mapping.sources import load_source
from datasets.mapping.sql import Bench
from datasets.prepared import Entity, Prepared
from datasets.reconciliation import reconcile_tables
from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_in_memory, quote_literal


@dataclass
class Mapped:
    """What a mapping gives: the tables to land in `connection`, and what was found wrong."""

    path: Path
    connection: duckdb.DuckDBPyConnection
    findings: Findings
    prepared: Prepared | None = None
    left_out: tuple[tuple[RowKind, int], ...] = field(default=())

    def refuse_problems(self) -> None:
        """Raise UsageError with every problem, if there is one."""
        problems = self.findings.problems
        if problems:
            listed = "\n".join(f"  {number}. {sentence}" for number, sentence in enumerate(problems, 1))
            count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
            raise UsageError(f"{self.path} has {count}; nothing was written.\n{listed}")


@dataclass(frozen=True)
class DropDates:
    """How drops will be dated: all of a day given, or of the last event's, or with `split` one drop a day."""

    split: bool = False
    day: date | None = None

    def sql(self, connection: duckdb.DuckDBPyConnection, entities: tuple[Entity, ...]) -> str | None:
        """SQL of a row's drop date, or None when nothing that is landed has a date."""
        if self.day:
            return f"date {quote_literal(self.day)}"
        first, last = find_days(connection, entities)
        if last is None:
            return None
        return drop_day_sql(first) if self.split else f"date {quote_literal(last)}"


@contextmanager
def open_mapping(
    settings: Settings, path: Path, dates: DropDates, folder: Path | None = None, aside: Path | None = None
) -> Iterator[Mapped]:
    """Work a mapping out. Its relative paths are looked for in `folder`, by default the mapping's own.

    Once the sources are read, SQL can open no file but those in `aside`, where the drops are written first: a mapping
    may come from anybody. Raises UsageError when the mapping file can't be read.
    """
    findings = Findings()
    mapping = read_mapping(path, findings)
    make_folder(settings.temporary)
    with open_in_memory(settings) as connection:
        mapped = Mapped(path, connection, findings)
        if mapping is not None:
            check_declarations(mapping, findings)
            bench = Bench(connection, findings)
            _read_sources(bench, mapping, folder or path.absolute().parent, settings)
            _shut_out(connection, aside)
            _work_out(bench, mapping, mapped, dates, settings)
        yield mapped


def _read_sources(bench: Bench, mapping: Mapping, folder: Path, settings: Settings) -> None:
    bench.connection.execute("create schema source; create schema landing")
    reserved = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    words = {row[0] for row in bench.connection.execute(reserved).fetchall()}
    for named in (*mapping.sources, *mapping.tables):
        if named.name.lower() in words:
            bench.findings.add_problem(f"{named.name} is a word of SQL; give it another name", named.name.line)
    with tempfile.TemporaryDirectory(dir=settings.temporary) as scratch:
        for source in (source for source in mapping.sources if source.name.lower() not in words):
            print(f"Reading {source.name} ({source.path}) ...", file=sys.stderr)
            if load_source(bench.connection, source, folder, Path(scratch), bench.findings):
                bench.learn_columns(source.name)
            else:
                bench.failed.add(source.name)


def _shut_out(connection: duckdb.DuckDBPyConnection, aside: Path | None) -> None:
    connection.execute("set python_enable_replacements = false")
    connection.execute(f"set allowed_directories = [{quote_literal(aside) if aside else ''}]")
    connection.execute("set enable_external_access = false")


def _work_out(bench: Bench, mapping: Mapping, mapped: Mapped, dates: DropDates, settings: Settings) -> None:
    print("Working out the rows to land and checking them ...", file=sys.stderr)
    for table in mapping.tables:
        build_table(bench, table)
    built = _build_entities(bench, mapping)
    account_for_rows(bench, mapping)
    _check_nothing_vanished(bench, mapping, built)
    if built:
        entities = tuple(_name_landed(bench, mapping, entity) for entity in built)
        drop_on = dates.sql(bench.connection, entities)
        entities = _judge_entities(bench, mapping, built, drop_on or "cast(null as date)", settings)
        check_last_day(bench, entities, dates.day)
        if drop_on is None and not bench.findings.problems:
            bench.findings.add_problem("nothing that is landed has a date; say which with --date YYYY-MM-DD")
    kinds = build_source_lines(bench, mapping)
    notes = _write_notes(bench, mapping)
    if built:
        mapped.prepared = Prepared(mapping.name, mapping.currency or "", entities, kinds, notes)
        _check_sums(bench, mapped.prepared)
    if not bench.findings.problems:
        mapped.left_out = count_left_out(bench, mapping)


def _check_nothing_vanished(bench: Bench, mapping: Mapping, built: list[EntityMap]) -> None:
    """An entity that could not be made has had its problem told; should it not, that is one."""
    for entity in mapping.entities:
        if entity not in built and not bench.findings.problems:
            bench.findings.add_problem(f"entities, {entity.path}: it could not be made", entity.path.line)


def _check_sums(bench: Bench, prepared: Prepared) -> None:
    """Reconcile before the write as well as after it, so that money that goes missing refuses the write."""
    if prepared.kinds and not bench.findings.problems:
        try:
            reconcile_tables(bench.connection, prepared)
        except RapportError as error:
            bench.findings.add_problem(f"reconcile: {error}")


def _build_entities(bench: Bench, mapping: Mapping) -> list[EntityMap]:
    """The entities that could be made, orders first: their days are their lines' days."""
    built = []
    order = list(CONTRACT)
    for entity in sorted(mapping.entities, key=lambda entity: order.index(entity.path)):
        is_known = set(entity.contract.required_names) <= set(entity.values)
        has_order_days = ORDERS in [done.path for done in built]
        if build_entity(bench, mapping, entity, has_order_days) and is_known:
            built.append(entity)
            if entity.path == ORDERS:
                build_order_days(bench)
    return built


def _judge_entities(
    bench: Bench, mapping: Mapping, built: list[EntityMap], drop_on: str, settings: Settings
) -> tuple[Entity, ...]:
    orders = entity_of(mapping, ORDERS) if ORDERS in [entity.path for entity in built] else None
    judge = Judge(bench.connection, settings, bench.findings, drop_on)
    judge.prepare(mapping.currency)
    landed = []
    for entity in built:
        check_entity(bench, mapping, entity, judge.read_types(entity))
        has_doubles = judge.judge(entity, orders if entity.path == LINES else None)
        landed.append(_name_landed(bench, mapping, entity, has_doubles))
    return tuple(landed)


def _name_landed(bench: Bench, mapping: Mapping, entity: EntityMap, has_doubles: bool = False) -> Entity:
    """The entity for writing. Where keys are doubled only all columns together put the rows in one fixed order."""
    described = bench.connection.execute(f"describe select * exclude (_day) from {entity.table}").fetchall()
    columns = [row[0] for row in described]
    declared = entity.contract
    first = [name for name in (declared.event_column, *declared.key) if name in columns]
    order = dict.fromkeys([*first, *columns] if has_doubles else first)
    return Entity(
        declared.source, declared.name, entity.table, tuple(order), mapping.file_name, bool(entity.one_row_per)
    )


def _write_notes(bench: Bench, mapping: Mapping) -> tuple[str, ...]:
    """Each note is a query that gives one text; NULL means that there is nothing to say."""
    notes = []
    for note in mapping.notes if not bench.findings.problems else ():
        if bench.try_query(note, "notes", note):
            try:
                row = bench.connection.execute(note).fetchone()
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                bench.note_error(error, "notes", note)
            else:
                notes.append(str(row[0]) if row and row[0] is not None else "")
    return tuple(note for note in notes if note)
