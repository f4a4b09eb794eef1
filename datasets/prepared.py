"""What a mapping hands on: tables ready to land, and what it decided about each kind of source line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entity:
    """One landing entity: a DuckDB table with the contract's columns and `_day`, the day of the event.

    `_day` decides the drop when a data set is split by day and is never written; where it is NULL
    (a catalogue has no event) the row goes into the first drop. `order_by` names the columns that,
    after the day, put the rows of a file in one fixed order. `file_name` is that of the files, without an ending,
    where it is not the entity's. `gathers` says that a row may stand for several source lines.
    """

    source: str
    name: str
    table: str
    order_by: tuple[str, ...]
    file_name: str | None = None
    gathers: bool = False


@dataclass(frozen=True)
class LineKind:
    """A kind of source line, what becomes of it (sale, return, or None for left out), and why."""

    name: str
    lands_as: str | None
    reason: str


@dataclass(frozen=True)
class Prepared:
    """A data set as tables. Where it has kinds, landing.source_lines(kind, value) holds one row a source line."""

    name: str
    currency: str
    entities: tuple[Entity, ...]
    kinds: tuple[LineKind, ...]
    notes: tuple[str, ...]
