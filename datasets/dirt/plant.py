"""Planting: into which drops, how many, and what the ledger says of each row."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from datasets.dirt.clean import CleanEntity, find_clean_entities, find_currency
from datasets.dirt.drops import plant_blocked_drop, plant_unusable_files
from datasets.dirt.ledger import Entry, write_ledger
from datasets.dirt.planter import Planter
from datasets.dirt.rows import plant_late_rows, plant_rows
from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings
from pipeline.warehouse import open_in_memory

# Below it, one bad row would need more good rows around it than a small test can bear.
_LEAST_BAD_SHARE = 0.01


@dataclass(frozen=True)
class Planted:
    """What was planted. The ledger holds it row by row."""

    landing: Path
    ledger: Path
    entries: Sequence[Entry]

    @property
    def files(self) -> int:
        """Files written."""
        return len({entry.file for entry in self.entries})

    @property
    def outcomes(self) -> Counter[tuple[str, str]]:
        """Rows and files by outcome and rule."""
        return Counter((entry.outcome, entry.rule or "") for entry in self.entries)


def plant_dirt(settings: Settings, landing: Path, ledger: Path, seed: int = 0) -> Planted:
    """Plant violations of every rule for every entity that has landed, and write the ledger.

    The clean files stay as they are; every planted file's name begins with zz-dirt. Of `settings`, the bad share
    decides how many good rows a bad one is hidden among. The same folder and seed give the same bytes.
    Raises UsageError when the folder is dirty already or no row could be bad without blocking its drop.
    """
    if settings.max_bad_share < _LEAST_BAD_SHARE:
        raise UsageError(
            f"RAPPORT_MAX_BAD_SHARE={settings.max_bad_share:g} would block every drop with a bad row; "
            f"dirt can be planted from {_LEAST_BAD_SHARE:g} on."
        )
    if ledger.is_relative_to(landing):
        raise UsageError(
            f"{ledger} lies in the landing folder; the pipeline must not read the ledger, so put it elsewhere."
        )
    with _failures_explained(landing), open_in_memory(settings) as connection:
        entries = _plant(settings, landing, connection, seed)
        write_ledger(connection, entries, ledger)
    return Planted(landing, ledger, entries)


def _plant(settings: Settings, landing: Path, connection: duckdb.DuckDBPyConnection, seed: int) -> tuple[Entry, ...]:
    cleans = find_clean_entities(landing)
    planter = Planter(
        connection=connection,
        landing=landing,
        max_bad_share=settings.max_bad_share,
        as_of=max(drop.drop_on for clean in cleans for drop in clean.drops),
        currency=find_currency(connection, _orders(cleans)),
        chance=random.Random(seed),
    )
    for clean in cleans:
        plant_rows(planter, clean)
        plant_late_rows(planter, clean)
        plant_blocked_drop(planter, clean)
        plant_unusable_files(planter, clean)
    return tuple(planter.entries)


@contextmanager
def _failures_explained(landing: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RapportError(
            f"{error.filename} can't be written ({error.strerror}); give a folder you may write, on a disk with room."
        ) from None
    except duckdb.Error as error:
        raise RapportError(
            f"{landing} can't be dirtied ({str(error).splitlines()[0]}); every clean file must be readable."
        ) from None


def _orders(cleans: Sequence[CleanEntity]) -> CleanEntity:
    return next(clean for clean in cleans if clean.entity.path == "sales/orders")
