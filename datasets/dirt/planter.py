"""What all planting shares: the means to write a file and its entries, and good rows to start from."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from datasets.dirt.breakages import Breakage
from datasets.dirt.clean import PREFIX
from datasets.dirt.files import CSV, Form, Row, pack, put_file, render_file
from datasets.dirt.ledger import LOADED, QUARANTINED, REPEATED, Entry
from datasets.dirt.people import People
from pipeline.landing.entities import Entity

# No column of the contract: what stands in it must be reported as drift and kept nowhere.
UNKNOWN_COLUMN = "remarks_of_the_till"


@dataclass(frozen=True)
class PlantedRow:
    """A row to write, and what the ledger will say of it."""

    values: Row
    outcome: str
    rule: str | None = None
    column: str | None = None
    planting: str = ""
    personal: tuple[str, ...] = ()


Block = tuple[PlantedRow, ...]
"""Rows that stay together in a file, in their order."""


@dataclass
class Planter:
    """The state of one planting. `lost_orders` and `waiting_orders` tell the lines what became of their orders."""

    connection: duckdb.DuckDBPyConnection
    landing: Path
    max_bad_share: float
    as_of: date
    currency: str | None
    chance: random.Random
    people: People = field(default_factory=People)
    entries: list[Entry] = field(default_factory=list)
    lost_orders: list[tuple[str, str]] = field(default_factory=list)
    waiting_orders: list[str] = field(default_factory=list)
    made: int = 0

    def make_row(self, entity: Entity, template: Row, drop_on: date) -> Row:
        """A good row like `template` under a key of its own, dated the day of the drop.

        Whatever two rules could quarrel about is left empty: a break of one must not be a break of another.
        """
        self.made += 1
        row = {name: template.get(name) for name in entity.column_names}
        for column in entity.columns:
            if column.sql_type == "TIMESTAMP" or column.name == "discount_amount":
                row[column.name] = None
            if column.identifier in ("email", "phone") and not column.required:
                row[column.name] = None
        identifiers = [column.name for column in entity.columns if column.identifier]
        if any(check.rule == "no_identifier" for check in entity.checks) and not any(row[name] for name in identifiers):
            row[identifiers[0]] = f"dirt-somebody-{self.made}"
        if entity.event_column:
            row[entity.event_column] = _date_event(entity, drop_on)
        row[find_own_key(entity)] = f"dirt-{self.made:06}"
        return row

    def break_row(self, entity: Entity, template: Row, drop_on: date, breakage: Breakage) -> PlantedRow:
        """A good row with one break. Where there is room for an e-mail and a phone, it tells those of nobody."""
        row, personal = self.make_row(entity, template, drop_on), list(breakage.personal)
        for name, make in (("email", self.people.make_email), ("phone", self.people.make_phone)):
            if name in entity.column_names:
                row[name] = make()
                personal.append(row[name])
        row.update(breakage.changes)
        kept = tuple(value for value in personal if any(value in (text or "") for text in row.values()))
        return PlantedRow(row, QUARANTINED, breakage.rule, breakage.column, breakage.planting, kept)

    def write_rows(self, entity: Entity, drop_on: date, name: str, form: Form, rows: Sequence[PlantedRow]) -> None:
        """Write a file of planted rows and an entry for each. A CSV gets one column that nobody knows."""
        columns = list(entity.column_names)
        if form is CSV:
            columns.insert(1, UNKNOWN_COLUMN)
            rows = [self._remark(row) for row in rows]
        content = render_file(self.connection, entity, form, columns, [row.values for row in rows])
        file = self.write_file(entity, drop_on, name, pack(content) if name.endswith(".gz") else content)
        for number, row in enumerate(rows, 1):
            self.note(entity, drop_on, file, number, row)

    def write_file(self, entity: Entity, drop_on: date, name: str, content: bytes) -> str:
        """Write a file into a drop; return its name within the landing folder."""
        file = f"{entity.source}/{entity.name}/{drop_on}/{PREFIX}-{name}"
        put_file(self.landing / file, content)
        return file

    def note(self, entity: Entity, drop_on: date, file: str, number: int | None, row: PlantedRow) -> None:
        """Write into the ledger what must become of a row, or of a whole file."""
        self.entries.append(
            Entry(
                entity.source,
                entity.name,
                drop_on,
                file,
                number,
                row.outcome,
                row.rule,
                row.column,
                row.planting,
                list(row.personal),
            )
        )

    def _remark(self, row: PlantedRow) -> PlantedRow:
        if row.outcome in (REPEATED, LOADED):
            return row
        email = self.people.make_email()
        values = {**row.values, UNKNOWN_COLUMN: f"ask {email}"}
        return replace(row, values=values, personal=(*row.personal, email))


def find_own_key(entity: Entity) -> str:
    """The key column that makes a planted row one of its own: free text, such as line_no for a line."""
    texts = {column.name for column in entity.columns if column.sql_type == "VARCHAR" and not column.codes}
    return next(name for name in reversed(entity.key) if name in texts)


def _date_event(entity: Entity, drop_on: date) -> str:
    kind = next(column.sql_type for column in entity.columns if column.name == entity.event_column)
    return str(drop_on) if kind == "DATE" else f"{drop_on}T10:00:00"
