"""What a load left, in numbers that can be compared: one checksum a table."""

from pathlib import Path

import duckdb

SCHEMAS = ("raw", "quarantine", "landing")

# They tell which run took a file and when somebody touched it, not what is in it.
_NOT_CONTENT = ("run_id", "mtime_ns")


def checksum_tables(
    warehouse: Path, without: tuple[str, ...] = (), schemas: tuple[str, ...] = SCHEMAS
) -> dict[str, tuple]:
    """Rows and two checksums of every table, by default of raw, quarantine and landing, whatever the order of rows."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = list_tables(connection, schemas)
        return {table: _checksum(connection, table, (*_NOT_CONTENT, *without)) for table in tables}


def list_tables(connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...] = SCHEMAS) -> list[str]:
    """The tables of some schemas, by name."""
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in {schemas} and table_type = 'BASE TABLE' order by all"
    ).fetchall()
    return [f"{schema}.{table}" for schema, table in found]


def _checksum(connection: duckdb.DuckDBPyConnection, table: str, without: tuple[str, ...]) -> tuple:
    names = [row[0] for row in connection.execute(f"describe {table}").fetchall() if row[0] not in without]
    columns = ", ".join(f'"{name}"' for name in names)
    return connection.execute(
        f"select count(*), bit_xor(hash({columns})), sum(hash({columns})::hugeint) from {table}"
    ).fetchone()
