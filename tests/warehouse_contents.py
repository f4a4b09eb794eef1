"""What a load left, in numbers that can be compared: one checksum a table."""

from pathlib import Path

import duckdb

SCHEMAS = ("raw", "quarantine", "landing")

# They tell which run took a file and when somebody touched it, not what is in it.
_NOT_CONTENT = ("run_id", "mtime_ns")


def checksum_tables(warehouse: Path, without: tuple[str, ...] = ()) -> dict[str, tuple]:
    """Rows and two checksums of every table of raw, quarantine and landing, whatever the order of rows."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {table: _checksum(connection, table, (*_NOT_CONTENT, *without)) for table in list_tables(connection)}


def list_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of raw, quarantine and landing, by name."""
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        f"where table_schema in {SCHEMAS} and table_type = 'BASE TABLE' order by all"
    ).fetchall()
    return [f"{schema}.{table}" for schema, table in found]


def _checksum(connection: duckdb.DuckDBPyConnection, table: str, without: tuple[str, ...]) -> tuple:
    names = [row[0] for row in connection.execute(f"describe {table}").fetchall() if row[0] not in without]
    columns = ", ".join(names)
    return connection.execute(
        f"select count(*), bit_xor(hash({columns})), sum(hash({columns})::hugeint) from {table}"
    ).fetchone()
