"""Reading rows with their typed values and a verdict, and putting the good ones into a raw table in the same pass."""

from dataclasses import dataclass

import duckdb

from pipeline.landing.batch import Batch, list_dates
from pipeline.landing.entities import TEXT, Column, Entity
from pipeline.landing.reading import Part, number_rows
from pipeline.landing.rules import judge_sql, parse_sql
from pipeline.landing.tables import origin_columns


@dataclass
class Tally:
    """How many rows of a file were read, and how many of them are not good, or say again what another said."""

    read: int = 0
    bad: int = 0
    repeated: int = 0


def judged_sql(entity: Entity, part: Part, is_numbered: bool) -> str:
    """SELECT of _file, _drop_on, _rule (NULL when good), every column's value and raw_<column>, and _row on demand."""
    row = f"{part.row_number_sql()} as _row, " if is_numbered else ""
    columns, types = entity.columns, part.types
    came = ", ".join(f"{part.column_sql(column.name)} as raw_{column.name}" for column in columns)
    parsed = ", ".join(
        f"{parse_sql(column, types.get(column.name, TEXT))} as {column.name}" for column in entity.columns
    )
    return (
        f"select *, {judge_sql(entity)} as _rule from (select *, {parsed} from ("
        f"select {part.file_sql} as _file, {part.drop_on_sql} as _drop_on, {row}{came} from {part.reader}))"
    )


def loaded_sql(column: Column) -> str:
    """The value that is loaded: the one that came, or else the column's default."""
    return column.name if column.default is None else f"coalesce({column.name}, '{column.default}')"


def insert_rows(connection: duckdb.DuckDBPyConnection, batch: Batch, part: Part) -> None:
    """Put the rows of a part into the raw table. A bad row leaves an empty one, which `count_read_rows` takes out.

    So each file is read once and every row of it is counted, and nothing of a bad row, which may be personal, ever
    reaches the warehouse's file.
    """
    entity = batch.entity
    values = (f"case when _rule is null then {loaded_sql(column)} end" for column in entity.columns)
    origin = ", ".join(origin_columns(entity))
    if entity.has_identifiers:
        part = number_rows(connection, part)
    rows = judged_sql(entity, part, is_numbered=entity.has_identifiers)
    connection.execute(
        f"insert into raw.{entity.table} ({', '.join(entity.column_names)}, {origin}) "
        f"select {', '.join(values)}, {origin} from ({rows})"
    )


def count_read_rows(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, Tally]:
    """Count the rows of each file, and remove the empty ones that bad rows left."""
    table, is_empty = f"raw.{batch.entity.table}", f"{batch.entity.key[0]} is null"
    tallies = {file.name: Tally() for file in batch.files}
    counts = connection.execute(
        f"select _file, count(*), count(*) filter ({is_empty}) from {table} where {batch.in_batch} group by _file"
    ).fetchall()
    for name, rows, empty in counts:
        tallies[name] = Tally(rows, empty)
    if any(tally.bad for tally in tallies.values()):
        connection.execute(f"delete from {table} where {batch.in_batch} and {is_empty}")
    return tallies


def settle_currency(connection: duckdb.DuckDBPyConnection, batch: Batch, parts: list[Part], chosen: str | None) -> None:
    """The warehouse's currency: the chosen one, else that of its orders, at first the commonest of the first drop."""
    if "currency" not in batch.entity.column_names:
        return
    if chosen:
        connection.execute("set variable warehouse_currency = ?", [chosen])
        return
    found = connection.execute(f"select max(upper(currency)) from raw.{batch.entity.table}").fetchone()[0]
    came = [
        f"select {part.drop_on_sql} as drop_on, "
        f"nullif(upper(trim(cast({part.column_sql('currency')} as varchar))), '') as currency from {part.reader}"
        for part in parts
        if "currency" in part.shape.places
    ]
    if found is None and came:
        row = connection.execute(
            f"select currency from ({' union all '.join(came)}) where currency is not null "
            "group by drop_on, currency order by drop_on, count(*) desc, currency limit 1"
        ).fetchone()
        found = row[0] if row else None
    connection.execute("set variable warehouse_currency = ?", [found])


def remove_lines_without_order(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, int]:
    """Take out lines whose order is not there, and count them by file; `orders_missing` lists the orders."""
    lines, orders = f"raw.{batch.entity.table}", f"raw.{batch.entity.parent.replace('/', '_')}"
    connection.execute(
        f"create or replace temp table orders_missing as select distinct order_id from {lines} as l "
        f"anti join {orders} as o using (order_id) where {in_batch_of('l', batch)}"
    )
    if not connection.execute("select count(*) from orders_missing").fetchone()[0]:
        return {}
    is_missing = f"{batch.in_batch} and order_id in (select order_id from orders_missing)"
    counts = dict(
        connection.execute(f"select _file, count(*) from {lines} where {is_missing} group by _file").fetchall()
    )
    connection.execute(f"delete from {lines} where {is_missing}")
    return dict(counts)


def in_batch_of(alias: str, batch: Batch) -> str:
    """The batch's condition where two tables have a _drop_on."""
    return f"{alias}._drop_on in ({list_dates(drop.drop_on for drop in batch.drops)})"
