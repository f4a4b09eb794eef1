"""The tables that landed rows go to, made from the declarations before the first row arrives."""

import duckdb

from pipeline.landing.entities import ENTITIES, Entity

_LEDGER = """
    create table if not exists raw.files (
        source varchar, entity varchar, drop_on date, file varchar, size bigint, mtime_ns bigint, sha256 varchar,
        rows_read bigint, rows_loaded bigint, rows_repeated bigint, rows_quarantined bigint,
        status varchar, message varchar, run_id varchar, rows_waiting bigint);
    comment on column raw.files.rows_loaded is
        'rows now in the raw table, waiting ones included: rows_read = rows_loaded + rows_repeated + rows_quarantined';
    comment on column raw.files.rows_waiting is
        'of rows_loaded, those dated after the night that loaded the file';
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create whatever is missing of the schemas and tables of every entity."""
    connection.execute("begin")
    for schema in ("raw", "quarantine", "landing"):
        connection.execute(f"create schema if not exists {schema}")
    connection.execute(_LEDGER)
    for entity in ENTITIES:
        _create_entity_tables(connection, entity)
    connection.execute("commit")


def repeats_table(entity: Entity) -> str:
    """Where each row is noted that says again what an earlier drop said.

    Such rows are not kept in raw. Should the earlier drop change or an older one arrive late, the row may stand for
    itself after all; this table tells which rows those are without reading their files again.
    """
    return f"landing.{entity.table}_repeats"


def _create_entity_tables(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in entity.columns)
    types = {column.name: column.sql_type for column in entity.columns}
    key = ", ".join(f"{name} {types[name]}" for name in entity.key)
    connection.execute(
        f"create table if not exists raw.{entity.table} "
        f"({columns}, _drop_on date, _file varchar, _row bigint, _superseded_on date)"
    )
    connection.execute(
        f"create table if not exists quarantine.{entity.table} "
        "(row_json varchar, file varchar, row_number bigint, drop_on date, rule varchar, message varchar)"
    )
    connection.execute(
        f"create table if not exists {repeats_table(entity)} ({key}, _drop_on date, _file varchar, _row bigint)"
    )
