"""The ledger: what was planted, row by row and file by file, and what must become of it."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import duckdb

from datasets.dirt.files import fill_table
from pipeline.warehouse import quote_literal

QUARANTINED = "quarantined"
BLOCKED_DROP = "drop_blocked"
FILE_QUARANTINED = "file_quarantined"
REPEATED = "repeated"
WAITING = "waiting"
LOADED = "loaded"

_TYPES = {
    "source": "VARCHAR",
    "entity": "VARCHAR",
    "drop_on": "DATE",
    "file": "VARCHAR",
    "row_number": "BIGINT",
    "outcome": "VARCHAR",
    "rule": "VARCHAR",
    "column_name": "VARCHAR",
    "planting": "VARCHAR",
    "personal": "VARCHAR[]",
}


@dataclass(frozen=True)
class Entry:
    """One planted row, or a whole file when `row_number` is None; rows are numbered as quarantine numbers them.

    `rule` is None where nothing is broken (`repeated`, `waiting`, `loaded`). `personal` holds the e-mails and phones
    planted with it, which may turn up nowhere but in the vault.
    """

    source: str
    entity: str
    drop_on: date
    file: str
    row_number: int | None
    outcome: str
    rule: str | None
    column_name: str | None
    planting: str
    personal: list[str]


def write_ledger(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry], path: Path) -> None:
    """Write the ledger as Parquet, in the order of entities, drops, files and rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [[value if isinstance(value, list | None) else str(value) for value in astuple(entry)] for entry in entries]
    fill_table(connection, "dirt_ledger", _TYPES, rows)
    connection.execute(
        "copy (select * from dirt_ledger order by source, entity, drop_on, file, row_number) "
        f"to {quote_literal(path)} (format parquet)"
    )
