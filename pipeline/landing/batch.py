"""The drops of one entity that are loaded in one pass, as the load and its SQL speak of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from pipeline.landing.drops import Drop, LandedFile
from pipeline.landing.entities import Entity


@dataclass(frozen=True)
class NumberedFile:
    """A file of the batch; its place there is its number."""

    number: int
    drop_on: date
    landed: LandedFile

    @property
    def name(self) -> str:
        """The file's name inside the landing folder, as the tables hold it."""
        return self.landed.name

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.landed.path


@dataclass(frozen=True)
class Batch:
    """Drops of one entity that are loaded in one pass and one transaction."""

    entity: Entity
    drops: tuple[Drop, ...]

    @cached_property
    def files(self) -> list[NumberedFile]:
        """Every file of every drop."""
        landed = [(drop.drop_on, file) for drop in self.drops for file in drop.files]
        return [NumberedFile(number, *found) for number, found in enumerate(landed)]

    @cached_property
    def in_batch(self) -> str:
        """SQL that tells the batch's rows in a raw table by their drop's date."""
        return f"_drop_on in ({list_dates(drop.drop_on for drop in self.drops)})"


def list_dates(dates: Iterable[date]) -> str:
    """Dates as SQL, for an `in`; nothing equals what stands there when there are none."""
    return ", ".join(f"date '{day}'" for day in sorted(set(dates))) or "null"
