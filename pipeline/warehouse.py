"""The only place that opens DuckDB files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import RapportError
from pipeline.settings import Settings

# The newest format packs text twice as fast. Only this program opens the warehouse; what readers open, the published
# crm.duckdb, stays in the format that every DuckDB 1.x reads.
_WAREHOUSE_FORMAT = "v1.5.0"


@contextmanager
def open_for_writing(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse (or another file of ours) to write; checkpointed and closed on leaving."""
    path = path or settings.warehouse
    make_folder(path.parent)
    connection = _connect(path, settings, read_only=False)
    try:
        yield connection
        connection.execute("checkpoint")
    finally:
        connection.close()


@contextmanager
def open_for_reading(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse (or another file of ours) read-only."""
    path = path or settings.warehouse
    if not path.exists():
        raise RapportError(f"{path} does not exist yet; load a first drop with: python -m pipeline nightly --date DATE")
    connection = _connect(path, settings, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def open_in_memory(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB without a file, for turning one set of files into another."""
    connection = _connect(Path(":memory:"), settings, read_only=False)
    try:
        yield connection
    finally:
        connection.close()


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, or say in one sentence why that can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RapportError(
            f"{folder} can't be made ({error.strerror}); set RAPPORT_HOME to a folder you may write."
        ) from None


def connection_options(settings: Settings) -> dict[str, str | int | bool]:
    """DuckDB's options, the same for every connection of one process and for dbt."""
    return {
        "memory_limit": settings.memory,
        "threads": settings.threads,
        "temp_directory": str(settings.temporary),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def quote_literal(value: object) -> str:
    """A value as an SQL string literal, for statements that take no parameters (attach, copy)."""
    return "'" + str(value).replace("'", "''") + "'"


def _connect(path: Path, settings: Settings, read_only: bool) -> duckdb.DuckDBPyConnection:
    options = connection_options(settings)
    if path == settings.warehouse and not path.exists():
        options["storage_compatibility_version"] = _WAREHOUSE_FORMAT
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=options)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise RapportError(
                f"{path} is in use by another process; wait for it to end, or stop it, then run the same command again."
            ) from None
        raise RapportError(
            f"{path} can't be opened ({str(error).splitlines()[0]}); is the disk full or read-only?"
        ) from None
    connection.execute(f"set TimeZone = {quote_literal(settings.timezone)}")
    return connection
