"""After an erasure: the vault written anew with only what some row still uses, so that no trace stays in its file."""

import os

import duckdb

from pipeline.identity.vault import attach_vault
from pipeline.landing.entities import ENTITIES
from pipeline.settings import Settings
from pipeline.warehouse import quote_literal


def sweep_vault(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Forget in the vault what the warehouse has forgotten; whether there was anything to do.

    A deleted row stays readable in the blocks of its file until they are used again: hence a new file, renamed over
    the old one. Killed before the rename, the next run does it all again.
    """
    if not connection.execute("select count(*) from identity.erased_rows").fetchone()[0]:
        return False
    fresh = settings.vault.with_suffix(".fresh")
    for leftover in (fresh, fresh.with_name(f"{fresh.name}.wal")):
        leftover.unlink(missing_ok=True)
    _list_live_tokens(connection)
    with attach_vault(connection, settings):
        connection.execute(f"attach {quote_literal(fresh)} as fresh")
        try:
            os.chmod(fresh, 0o600)
            for table in _tables(connection):
                connection.execute(
                    f"create table fresh.{table} as select * from vault.{table} where {_stays(table)} order by all"
                )
            connection.execute("checkpoint fresh")
        finally:
            connection.execute("detach fresh")
    os.replace(fresh, settings.vault)
    connection.execute("drop table live_tokens")
    connection.execute("delete from identity.erased_rows")
    return True


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select table_name from duckdb_tables() where database_name = 'vault' order by 1"
    return [name for (name,) in connection.execute(query).fetchall()]


def _stays(table: str) -> str:
    if table == "identifiers":
        return "token in (select token from live_tokens)"
    if table == "unknown_columns":
        return "(file, row_number) not in (select (file, row_number) from identity.erased_rows)"
    return "true"


def _list_live_tokens(connection: duckdb.DuckDBPyConnection) -> None:
    """`live_tokens`: every token that a raw or quarantined row still holds."""
    queries = []
    for entity in ENTITIES:
        for column in entity.columns:
            if column.identifier:
                queries.append(f"select {column.name} as token from raw.{entity.table}")
                queries.append(
                    f"select json_extract_string(row_json, '$.{column.name}') from quarantine.{entity.table} "
                    "where row_json is not null"
                )
    connection.execute(
        f"create or replace temp table live_tokens as select distinct token from ({' union all '.join(queries)}) "
        "where token is not null"
    )
