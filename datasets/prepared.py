"""What an adapter hands on: tables ready to land, and what it decided about each kind of source line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb


@dataclass(frozen=True)
class Entity:
    """One landing entity: a DuckDB table with the contract's columns and `_day`, the day of the event.

    `_day` decides the drop when a data set is split by day and is never written; where it is NULL
    (a catalogue has no event) the row goes into the first drop. `order_by` names the columns that,
    after the day, put the rows of a file in one fixed order.
    """

    source: str
    name: str
    table: str
    order_by: tuple[str, ...]


@dataclass(frozen=True)
class LineKind:
    """A kind of source line, what becomes of it (sale, return, or None for left out), and why."""

    name: str
    lands_as: str | None
    reason: str


@dataclass(frozen=True)
class Prepared:
    """A data set as tables. Beside the entities' tables there is `source_lines(kind, value)`, one row a source line."""

    name: str
    currency: str
    entities: tuple[Entity, ...]
    kinds: tuple[LineKind, ...]
    notes: tuple[str, ...]


class Adapter(Protocol):
    """A module that can prepare a data set."""

    def find_source(self) -> Path:
        """The file or folder the data set is read from."""

    def prepare(self, connection: duckdb.DuckDBPyConnection, source: Path) -> Prepared:
        """Read the source and build the tables to land."""
