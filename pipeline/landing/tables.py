"""The tables that landed rows go to, made from the declarations before the first row arrives."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from pipeline.landing.entities import ENTITIES, Entity
from pipeline.landing.masking import mask_sql

_LEDGER = """
    create table if not exists raw.files (
        source varchar, entity varchar, drop_on date, file varchar, size bigint, mtime_ns bigint, sha256 varchar,
        rows_read bigint, rows_loaded bigint, rows_repeated bigint, rows_quarantined bigint,
        status varchar, message varchar, run_id varchar, rows_waiting bigint, unknown_columns varchar);
    comment on table raw.files is
        'one row per landed file; rows_read = rows_loaded + rows_repeated + rows_quarantined + rows_waiting';
    comment on column raw.files.rows_loaded is
        'rows in the raw table, dated on or before the last night';
    comment on column raw.files.rows_waiting is
        'rows in the raw table, dated after the last night; a later night takes them';
"""

# What the next build must look at: rows of these drops, and the keys of rows that are no longer what they were.
_TOUCHED_DROPS = "create table if not exists touched.drops (table_name varchar, drop_on date)"

# The ledger as readers see it: a file may be named for a person.
_LANDED_FILES = f"""
    create or replace view raw.landed_files as select run_id, source, entity, drop_on,
        {mask_sql("file", is_id=True)} as file, status, rows_read, rows_loaded, rows_repeated, rows_quarantined,
        rows_waiting, unknown_columns, message
    from raw.files
"""


@contextmanager
def write_whole(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction: all that is done inside is kept, or nothing."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create whatever is missing of the schemas and tables of every entity."""
    with write_whole(connection):
        for schema in ("raw", "quarantine", "landing", "touched"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(_LEDGER)
        connection.execute(_TOUCHED_DROPS)
        connection.execute(_LANDED_FILES)
        for entity in ENTITIES:
            _create_entity_tables(connection, entity)


def repeats_table(entity: Entity) -> str:
    """Where each row is noted that says again what an earlier drop said.

    Such rows are not kept in raw. Should the earlier drop change or an older one arrive late, the row may stand for
    itself after all; this table tells which rows those are without reading their files again.
    """
    return f"landing.{entity.table}_repeats"


def touched_keys_table(entity: Entity) -> str:
    """Where the keys are noted of rows that were taken out of the raw table, or changed in place, since the last build.

    Rows that were put in are told by their drop, in touched.drops.
    """
    return f"touched.{entity.table}"


def origin_columns(entity: Entity) -> tuple[str, ...]:
    """Where a row came from: drop, file and, if it may name a person, who may ask to be forgotten, its place there."""
    return ("_drop_on", "_file", "_row") if entity.has_identifiers else ("_drop_on", "_file")


def _create_entity_tables(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in entity.columns)
    types = {column.name: column.sql_type for column in entity.columns}
    key = ", ".join(f"{name} {types[name]}" for name in entity.key)
    kinds = {"_drop_on": "date", "_file": "varchar", "_row": "bigint"}
    origin = ", ".join(f"{name} {kinds[name]}" for name in origin_columns(entity))
    connection.execute(f"create table if not exists raw.{entity.table} ({columns}, {origin}, _superseded_on date)")
    connection.execute(
        f"create table if not exists quarantine.{entity.table} "
        "(row_json varchar, file varchar, row_number bigint, drop_on date, rule varchar, message varchar)"
    )
    connection.execute(f"create table if not exists {repeats_table(entity)} ({key}, {origin})")
    connection.execute(f"create table if not exists {touched_keys_table(entity)} ({key})")
