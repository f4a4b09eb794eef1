"""What becomes of every row of a source: an entity takes it, it is left out for a reason, or it is a problem."""

from collections.abc import Iterable

import duckdb

from datasets.mapping.building import where_sql
from datasets.mapping.declaration import LINES, RETURNS, EntityMap, Mapping, RowKind
from datasets.mapping.document import Text
from datasets.mapping.findings import count_things
from datasets.mapping.sources import locate_row, quote_name
from datasets.mapping.sql import Bench
from datasets.prepared import LineKind
from pipeline.warehouse import quote_literal

LANDS_AS = {LINES: "sale", RETURNS: "return"}
SHOWN_COLUMNS = 4


def account_for_rows(bench: Bench, mapping: Mapping) -> None:
    """Every row of what entities are made from must be taken or left out, and not both."""
    for kind in mapping.left_out:
        _check_where(bench, kind.origin, kind.where, "left_out, where")
    for origin in dict.fromkeys(entity.origin for entity in mapping.entities):
        takers = _list_takers(mapping, origin)
        left_out = [kind for kind in mapping.left_out if kind.origin == origin]
        if origin in bench.columns and _can_tell(bench, origin, [*takers, *left_out]):
            _account(bench, mapping, origin, takers, left_out)
    used = {entity.origin for entity in mapping.entities} | {kind.origin for kind in mapping.left_out}
    queries = " ".join((*(table.query for table in mapping.tables), *mapping.notes)).lower()
    for source in mapping.sources:
        if source.name not in used and source.name.lower() not in queries:
            bench.findings.add_warning(f"sources, {source.name}: nothing is made from it", source.name.line)


def count_left_out(bench: Bench, mapping: Mapping) -> tuple[tuple[RowKind, int], ...]:
    """Every declared reason with the number of rows it leaves out."""
    return tuple(
        (kind, _count(bench.connection, kind.origin, where_sql(bench, kind.origin, kind.where)))
        for kind in mapping.left_out
    )


def build_source_lines(bench: Bench, mapping: Mapping) -> tuple[LineKind, ...]:
    """The table landing.source_lines(kind, value), a row for each row that is reckoned, and the kinds there may be."""
    parts, kinds = [], {}
    for reckoning in mapping.reckonings:
        origin = reckoning.origin
        if origin not in bench.columns:
            continue
        value = f"cast(round({bench.express(origin, reckoning.value)}, 2) as decimal(18, 2))"
        if not _can_add_up(bench, origin, value, reckoning.value):
            continue
        cases = []
        for kind, lands_as, where in _list_kinds(bench, mapping, origin):
            if kinds.setdefault(kind.name, LineKind(kind.name, lands_as, kind.reason)).reason != kind.reason:
                bench.findings.add_problem(
                    f"two kinds of rows are named {kind.name}; name them apart", kind.reason.line
                )
            cases.append(f"when {where} then {quote_literal(kind.name)}")
        if not cases:
            bench.findings.add_problem(
                f"reconcile: neither {LINES} nor {RETURNS} is made from {origin}, so that nothing of it can be "
                "reconciled; name what they are made from",
                origin.line,
            )
            continue
        parts.append(f"select case {' '.join(cases)} end as kind, {value} as value from {origin}")
    if parts and not bench.findings.problems:
        bench.connection.execute(f"create or replace table landing.source_lines as {' union all '.join(parts)}")
        _check_source_lines(bench)
    return tuple(kinds.values())


def _check_source_lines(bench: Bench) -> None:
    faults = {"value is null": "without a value", "kind is null": "of none of its entity's kinds"}
    for condition, fault in faults.items():
        count = _count(bench.connection, "landing.source_lines", condition)
        if count:
            bench.findings.add_problem(f"reconcile: {count_things(count, 'row')} {fault}")


def _can_add_up(bench: Bench, origin: str, value: str, text: Text) -> bool:
    """Whether the value can be worked out for every row; if not, its problem is noted."""
    try:
        bench.plan(f"select {value} from {origin}")
        bench.connection.execute(f"select sum({value}) from {origin}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        bench.note_error(error, "reconcile, value", text, origin)
        return False
    return True


def _list_takers(mapping: Mapping, origin: str) -> list[EntityMap]:
    """Entities that take the origin's rows one by one, and lines and returns, which carry their money anyway.

    Another that gathers rows counts only where there is none of these: that a receipt became an order does not say
    that each of its lines went somewhere.
    """
    entities = [entity for entity in mapping.entities if entity.origin == origin]
    return [entity for entity in entities if not entity.one_row_per or entity.path in LANDS_AS] or entities


def _can_tell(bench: Bench, origin: str, parts: Iterable[EntityMap | RowKind]) -> bool:
    """Whether all conditions can be worked out; those that can't have been told where they stand."""
    conditions = " or ".join(where_sql(bench, origin, part.where) for part in parts)
    try:
        bench.connection.execute(f"select count(*) from {origin} where {conditions}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False
    return True


def _account(
    bench: Bench, mapping: Mapping, origin: str, takers: Iterable[EntityMap], left_out: Iterable[RowKind]
) -> None:
    taken = " or ".join(where_sql(bench, origin, entity.where) for entity in takers)
    left = " or ".join(where_sql(bench, origin, kind.where) for kind in left_out) or "false"
    forgotten, both = bench.connection.execute(
        f"select count(*) filter (not ({taken}) and not ({left})), count(*) filter (({taken}) and ({left})) "
        f"from {origin}"
    ).fetchone()
    named = ", ".join(entity.path for entity in takers)
    if forgotten:
        bench.findings.add_problem(
            f"{origin}: no entity ({named}) takes {count_things(forgotten, 'row')} and nothing under left_out does, "
            f"the first is {_show_row(bench, mapping, origin, f'not ({taken}) and not ({left})')}; "
            "widen a where, or declare them under left_out"
        )
    if both:
        bench.findings.add_problem(
            f"{origin}: {count_things(both, 'row')} taken by an entity ({named}) and left out as well, "
            f"the first is {_show_row(bench, mapping, origin, f'({taken}) and ({left})')}; narrow one of the conditions"
        )


def _show_row(bench: Bench, mapping: Mapping, origin: str, condition: str) -> str:
    is_source = origin in [source.name for source in mapping.sources]
    shown = [column for column in bench.columns[origin] if not column.startswith("_")][:SHOWN_COLUMNS]
    listed = ", ".join(f"coalesce(left(cast({quote_name(column)} as varchar), 30), 'empty')" for column in shown)
    order = "_row" if "_row" in bench.columns[origin] else "all"
    number = "_row" if is_source else "0"
    row, *values = bench.connection.execute(
        f"select {number}, {listed} from {origin} where {condition} order by {order} limit 1"
    ).fetchone()
    told = ", ".join(f"{column} {value}" for column, value in zip(shown, values, strict=True))
    return f"{locate_row(bench.connection, origin, row)} ({told})" if is_source else told


def _list_kinds(bench: Bench, mapping: Mapping, origin: str) -> list[tuple[RowKind, str | None, str]]:
    """Every kind of row of the origin, what it lands as, and when a row is of it; the first that holds counts."""
    found = []
    for entity in mapping.entities:
        if entity.origin != origin or entity.path not in LANDS_AS:
            continue
        taken, lands_as = where_sql(bench, origin, entity.where), LANDS_AS[entity.path]
        for kind in entity.kinds:
            if _check_where(bench, origin, kind.where, f"entities, {entity.path}, kinds, where"):
                found.append((kind, lands_as, f"{taken} and {where_sql(bench, origin, kind.where)}"))
        if not entity.kinds:
            reason = Text(f"Landed in {entity.path}.", entity.path.line)
            found.append((RowKind(entity.path, origin, entity.where, reason), lands_as, taken))
    for kind in mapping.left_out if found else ():
        if kind.origin == origin:
            found.append((kind, None, where_sql(bench, origin, kind.where)))
    return found


def _check_where(bench: Bench, origin: str, where: Text | None, place: str) -> bool:
    if origin not in bench.columns:
        return False
    if where is None:
        return True
    return bench.try_query(f"select 1 from {origin} where {where_sql(bench, origin, where)}", place, where, origin)


def _count(connection: duckdb.DuckDBPyConnection, relation: str, condition: str) -> int:
    return connection.execute(f"select count(*) from {relation} where {condition}").fetchone()[0]
