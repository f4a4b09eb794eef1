"""Writing planted rows as the files a shop might send: CSV, packed CSV, Parquet of text, Parquet of types."""

import csv
import gzip
import io
import os
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

import duckdb

from pipeline.landing.entities import Entity
from pipeline.warehouse import quote_literal

Row = dict[str, str | None]


class Form(Enum):
    """How a file holds its rows. TYPED_PARQUET keeps numbers as doubles and times as timestamps, as a frame does."""

    CSV = "csv"
    TEXT_PARQUET = "text.parquet"
    TYPED_PARQUET = "typed.parquet"


CSV, TEXT_PARQUET, TYPED_PARQUET = Form


def render_file(
    connection: duckdb.DuckDBPyConnection, entity: Entity, form: Form, columns: Sequence[str], rows: Sequence[Row]
) -> bytes:
    """The bytes of a file with those columns and rows, in that order; the same each time."""
    if form is CSV:
        return _render_csv(columns, rows)
    types = {column.name: _give_type(column.sql_type) for column in entity.columns} if form is TYPED_PARQUET else {}
    return _render_parquet(connection, {name: types.get(name, "VARCHAR") for name in columns}, rows)


def pack(content: bytes) -> bytes:
    """Gzip without the time of day in it."""
    return gzip.compress(content, mtime=0)


def put_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it: nobody finds half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(content)
    os.replace(aside, path)


def _render_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name) for name in columns] for row in rows)
    return text.getvalue().encode()


def _render_parquet(connection: duckdb.DuckDBPyConnection, types: dict[str, str], rows: Sequence[Row]) -> bytes:
    fill_table(connection, "planted", {"_place": "INTEGER", **types}, list(_number_rows(types, rows)))
    folder = Path(connection.execute("select current_setting('temp_directory')").fetchone()[0])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"planted-{os.getpid()}.parquet"
    try:
        connection.execute(
            f"copy (select * exclude (_place) from planted order by _place) to {quote_literal(path)} (format parquet)"
        )
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def fill_table(
    connection: duckdb.DuckDBPyConnection, table: str, types: dict[str, str], rows: Sequence[Sequence[object]]
) -> None:
    """Make a temporary table of rows whose values are text or lists of text, each cast to its column's type."""
    declared = ", ".join(f"{name} {sql_type}" for name, sql_type in types.items())
    connection.execute(f"create or replace temp table {table} ({declared})")
    if rows:
        lists = [f"varchar{'[]' * (1 + sql_type.endswith('[]'))}" for sql_type in types.values()]
        values = ", ".join(f"unnest(cast(? as {kind}))" for kind in lists)
        connection.execute(f"insert into {table} select {values}", [list(column) for column in zip(*rows, strict=True)])


def _number_rows(types: dict[str, str], rows: Sequence[Row]) -> Iterator[list[str | None]]:
    for place, row in enumerate(rows):
        yield [str(place), *(row.get(name) for name in types)]


def _give_type(sql_type: str) -> str:
    return "DOUBLE" if sql_type.startswith("DECIMAL") or sql_type in ("INTEGER", "BIGINT") else sql_type
