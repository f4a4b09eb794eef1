"""Things about landed rows that the landing's row rules don't ask, but a person would want to know."""

from datetime import date

import duckdb

from datasets.mapping.building import list_gathered_columns, where_sql
from datasets.mapping.declaration import CONTRACT, LINES, ORDERS, EntityMap, Mapping
from datasets.mapping.findings import Findings, count_things
from datasets.mapping.sources import quote_name
from datasets.mapping.sql import Bench
from datasets.prepared import Entity
from pipeline.landing.entities import TEXT, TIME
from pipeline.landing.rules import OFFSET

LONGEST_PAUSE = 31


def check_declarations(mapping: Mapping, findings: Findings) -> None:
    """What can be said of a mapping without a look at any data."""
    paths = {entity.path for entity in mapping.entities}
    for entity in mapping.entities:
        missing = [name for name in CONTRACT[entity.path].required_names if name not in entity.values]
        for name in missing:
            findings.add_problem(
                f"entities, {entity.path}: the column {name} is missing, which every row needs", entity.path.line
            )
    if findings.problems:
        return  # what follows may only follow from them
    if ORDERS in paths and not mapping.currency and "currency" not in entity_of(mapping, ORDERS).values:
        findings.add_problem(f"currency is missing: say currency: GBP at the top, or map it in {ORDERS}", 1)
    if LINES in paths and ORDERS not in paths:
        findings.add_problem(
            f"entities: {LINES} needs {ORDERS} in the same mapping, for a line has no date of its own",
            entity_of(mapping, LINES).path.line,
        )


def entity_of(mapping: Mapping, path: str) -> EntityMap | None:
    """The mapping's part about an entity."""
    return next((entity for entity in mapping.entities if entity.path == path), None)


def check_entity(bench: Bench, mapping: Mapping, entity: EntityMap, types: dict[str, str]) -> None:
    """Note an entity without rows, times without an offset, orders without a currency, values that don't agree."""
    if _check_rows(bench, entity):
        _check_offsets(bench, mapping, entity, types)
        _check_gathered(bench, entity)
        if "currency" in types:
            _check_currency(bench, entity)


def check_last_day(bench: Bench, entities: tuple[Entity, ...], told: date | None) -> None:
    """A slip in one date would date the whole drop, and no night would take it before that day."""
    days = " union all ".join(f"select _day from {entity.table}" for entity in entities)
    found = bench.connection.execute(
        f"select distinct _day from ({days}) where _day is not null order by 1 desc limit 2"
    ).fetchall()
    if told or len(found) < 2:
        return
    (last,), (before,) = found
    if (last - before).days > LONGEST_PAUSE:
        bench.findings.add_warning(
            f"the last event is of {last}, {(last - before).days:,} days after the one before; its day dates the drop, "
            "which no earlier night takes: is that date right?"
        )


def _check_rows(bench: Bench, entity: EntityMap) -> bool:
    """A day without returns is a warning; orders and their lines there must be."""
    if _count(bench.connection, f"select 1 from {entity.table}"):
        return True
    note = bench.findings.add_problem if entity.path in (ORDERS, LINES) else bench.findings.add_warning
    note(f"entities, {entity.path}: no row of {entity.origin} becomes one", entity.path.line)
    return False


def _check_offsets(bench: Bench, mapping: Mapping, entity: EntityMap, types: dict[str, str]) -> None:
    if mapping.timezone:
        return
    for column in entity.contract.columns:
        kind = types.get(column.name)
        if column.sql_type != TIME or kind is None:
            continue
        condition = f"{column.name} is not null"
        if kind == TEXT:
            condition += f" and not regexp_matches(trim({column.name}), '{OFFSET}')"
        elif kind == "TIMESTAMP WITH TIME ZONE":
            continue
        count = _count(bench.connection, f"select 1 from {entity.table} where {condition}")
        if count:
            bench.findings.add_warning(
                f"{entity.path}: {column.name} carries no offset in {count_things(count, 'row')}, so it is read in "
                "RAPPORT_TIMEZONE; say timezone: Europe/London (or yours) at the top, or timezone: warehouse if that "
                "is right"
            )


def _check_gathered(bench: Bench, entity: EntityMap) -> None:
    """Rows that are gathered into one should agree on a column that is taken as it is."""
    columns = list_gathered_columns(bench, entity)
    if not columns:
        return
    keys = ", ".join(bench.express(entity.origin, key) for key in entity.one_row_per)
    differ = ", ".join(
        f"min({quote_name(column)}) <> max({quote_name(column)}) as _d{place}" for place, column in enumerate(columns)
    )
    counts = bench.connection.execute(
        f"select {', '.join(f'count(*) filter (_d{place})' for place in range(len(columns)))} from ("
        f"select {differ} from {entity.origin} where {where_sql(bench, entity.origin, entity.where)} group by {keys})"
    ).fetchone()
    for column, count in zip(columns, counts, strict=True):
        if count:
            bench.findings.add_warning(
                f"{entity.path}: in {count_things(count, 'group')} of one_row_per the rows differ in {column}; "
                f"the smallest is taken, write min({column}) if that is meant"
            )


def _check_currency(bench: Bench, entity: EntityMap) -> None:
    without = _count(bench.connection, f"select 1 from {entity.table} where currency is null")
    if without:
        bench.findings.add_warning(f"{entity.path}: the currency is missing in {count_things(without, 'row')}")


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.execute(f"select count(*) from ({query})").fetchone()[0]
