"""From sources to tables ready to land: the SQL steps, then every entity."""

import duckdb

from datasets.mapping.declaration import LINES, WAREHOUSE_TIME, EntityMap, Mapping, Table, Value
from datasets.mapping.document import Text
from datasets.mapping.sources import quote_name
from datasets.mapping.sql import Bench
from pipeline.landing.entities import TEXT, TIME, Column
from pipeline.landing.rules import OFFSET, parse_sql, text_sql
from pipeline.warehouse import quote_literal


def build_table(bench: Bench, table: Table) -> None:
    """Run one step; what it gives is known by its name to all that follows."""
    place = f"tables, {table.name}"
    try:
        bench.plan(table.query)
        bench.connection.execute(f"create or replace table {table.name} as {table.query}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        bench.note_error(error, place, table.query)
        bench.failed.add(table.name)
    else:
        bench.learn_columns(table.name)


def build_entity(bench: Bench, mapping: Mapping, entity: EntityMap, has_order_days: bool = False) -> bool:
    """Put the rows of an entity into its table, with `_day`; False, with the problems noted, when that can't be.

    Values stay as the mapping gives them: whether they can be read is judged by the rules of the landing, so that a
    value is refused with what really came. Only times get the offset of the mapping's time zone. Lines get the day of
    their order once `has_order_days`.
    """
    if entity.origin not in bench.columns:
        return False
    values = _gather_values(bench, mapping, entity)
    if not _check_pieces(bench, entity, values):
        return False
    try:
        query = _select_sql(bench, entity, list(values.values()))
        types = dict(zip(values, (kind for _, kind in bench.plan(query)), strict=True))
        bench.connection.execute(
            f"create or replace table {entity.table} as {_landing_sql(mapping, entity, types, query, has_order_days)}"
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        _note_failure(bench, entity, values, error)
        return False
    return True


def where_sql(bench: Bench, relation: str, where: Text | None) -> str:
    """A condition that is true or false; where the mapping's is neither, a row is not taken."""
    return f"coalesce({bench.express(relation, where)}, false)" if where else "true"


def _gather_values(bench: Bench, mapping: Mapping, entity: EntityMap) -> dict[str, str]:
    """SQL of each column, in the contract's order. The mapping's currency is that of its orders."""
    keys = [bench.find_column(entity.origin, key) for key in entity.one_row_per]
    values = {}
    for name in entity.contract.column_names:
        value = entity.values.get(name)
        if value is not None:
            values[name] = _value_sql(bench, entity, value, keys)
        elif name == "currency" and mapping.currency:
            values[name] = quote_literal(mapping.currency)
    return values


def _value_sql(bench: Bench, entity: EntityMap, value: Value, keys: list[str | None]) -> str:
    if value.is_constant:
        return quote_literal(value.text)
    column = bench.find_column(entity.origin, value.text)
    if column and entity.one_row_per and column not in keys:
        return f"min({quote_name(column)})"
    return bench.express(entity.origin, value.text)


def list_gathered_columns(bench: Bench, entity: EntityMap) -> list[str]:
    """Source columns taken as they are though several rows become one: all those rows should agree."""
    keys = [bench.find_column(entity.origin, key) for key in entity.one_row_per]
    found = (bench.find_column(entity.origin, value.text) for value in entity.values.values() if not value.is_constant)
    return [column for column in dict.fromkeys(found) if column and entity.one_row_per and column not in keys]


def _check_pieces(bench: Bench, entity: EntityMap, values: dict[str, str]) -> bool:
    """Try every expression alone, so that each is told with its own place."""
    origin, place, before = entity.origin, f"entities, {entity.path}", len(bench.findings.problems)
    if entity.where:
        bench.try_query(
            f"select 1 from {origin} where {where_sql(bench, origin, entity.where)}",
            f"{place}, where", entity.where, origin,
        )  # fmt: skip
    for key in entity.one_row_per:
        query = f"select 1 from {origin} group by {bench.express(origin, key)}"
        bench.try_query(query, f"{place}, one_row_per", key, origin)
    if len(bench.findings.problems) > before:
        return False
    for name, value in entity.values.items():
        if name in values:
            query = _probe_sql(bench, entity, values[name])
            if bench.try_query(query, f"{place}, {name}", value.text, origin, is_value=True):
                _check_one_column(bench, query, f"{place}, {name}", value.text)
    return len(bench.findings.problems) == before


def _check_one_column(bench: Bench, query: str, place: str, text: Text) -> None:
    names = [name for name, _ in bench.plan(query) if name != "_probe"]
    if len(names) != 1:
        bench.findings.add_problem(f"{place}: {text}: one value was expected, not {len(names)}", text.line)


def _probe_sql(bench: Bench, entity: EntityMap, value: str) -> str:
    """A query of one value. Beside a plain column a value that gathers rows is an error unless one_row_per is given."""
    if entity.one_row_per:
        return f"select {value} from {entity.origin}{_group_sql(bench, entity)}"
    return f"select {value}, _probe from (select *, 1 as _probe from {entity.origin})"


def _select_sql(bench: Bench, entity: EntityMap, values: list[str]) -> str:
    """The entity's rows; columns are numbered, since a landing column's name may be a source column's too."""
    listed = ", ".join(f"{value} as _v{number}" for number, value in enumerate(values))
    condition = f" where {where_sql(bench, entity.origin, entity.where)}" if entity.where else ""
    return f"select {listed} from {entity.origin}{condition}{_group_sql(bench, entity)}"


def _group_sql(bench: Bench, entity: EntityMap) -> str:
    keys = ", ".join(bench.express(entity.origin, key) for key in entity.one_row_per)
    return f" group by {keys}" if keys else ""


def _landing_sql(mapping: Mapping, entity: EntityMap, types: dict[str, str], query: str, has_order_days: bool) -> str:
    """The rows as they land, and `_day`: the day of the event, or of the order for its lines, or NULL."""
    columns = {column.name: column for column in entity.contract.columns}
    landed = ", ".join(
        f"{_land_value(columns[name], f'_v{number}', kind, mapping.timezone)} as {name}"
        for number, (name, kind) in enumerate(types.items())
    )
    rows = f"select {landed} from ({query})"
    event = entity.contract.event_column
    if event in types:
        kind = "TIMESTAMP WITH TIME ZONE" if _gets_offset(columns[event], types[event], mapping) else types[event]
        day = f"cast({parse_sql(columns[event], kind)} as date)"
        return f"select * exclude (raw_{event}), {day} as _day from (select *, {event} as raw_{event} from ({rows}))"
    if entity.path == LINES and "order_id" in types and has_order_days:
        return (
            f"select l.*, o._day from ({rows}) as l left join landing.order_days as o "
            f"on {order_id_sql('l.order_id', types['order_id'])} = o.order_id"
        )
    return f"select *, cast(null as date) as _day from ({rows})"


def _gets_offset(column: Column, kind: str, mapping: Mapping) -> bool:
    zone = mapping.timezone
    return bool(zone) and zone != WAREHOUSE_TIME and column.sql_type == TIME and kind.startswith(("TIMESTAMP", "DATE"))


def _land_value(column: Column, value: str, kind: str, zone: str | None) -> str:
    if kind in ("HUGEINT", "UHUGEINT"):
        return f"cast({value} as decimal(38, 0))"  # Parquet has no such whole numbers and would keep a fraction
    if zone in (None, WAREHOUSE_TIME) or column.sql_type != TIME or kind == "TIMESTAMP WITH TIME ZONE":
        return value
    literal = quote_literal(zone)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"timezone({literal}, cast({value} as timestamp))"
    if kind == TEXT:
        moment = f"timezone('UTC', timezone({literal}, try_cast({value} as timestamp)))"
        return (
            f"case when regexp_matches(trim({value}), '{OFFSET}') then {value} "
            f"else coalesce(strftime({moment}, '%Y-%m-%dT%H:%M:%S.%fZ'), {value}) end"
        )
    return value


def order_id_sql(value: str, kind: str) -> str:
    """An order's id as the landing reads it, so that 17 and '17' are the same order."""
    return text_sql(Column("order_id"), kind).replace("raw_order_id", value)


def build_order_days(bench: Bench) -> None:
    """The day of each order, for its lines."""
    kind = dict(bench.plan("select order_id from landing.sales_orders"))["order_id"]
    bench.connection.execute(
        f"create or replace table landing.order_days as select {order_id_sql('order_id', kind)} as order_id, "
        "min(_day) as _day from landing.sales_orders group by all"
    )


def _note_failure(bench: Bench, entity: EntityMap, values: dict[str, str], error: duckdb.Error) -> None:
    """Find the value that fails when it is worked out; else tell the error of the whole."""
    for name, value in entity.values.items():
        try:
            bench.connection.execute(f"select count(_v0) from ({_select_sql(bench, entity, [values[name]])})")
        except duckdb.Error as found:
            bench.note_error(found, f"entities, {entity.path}, {name}", value.text, entity.origin)
            return
    bench.note_error(error, f"entities, {entity.path}", entity.path)
