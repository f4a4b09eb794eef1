"""What a load did, for the night's report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

_MOST_DROPS_TOLD_ONE_BY_ONE = 10


@dataclass(frozen=True)
class FileResult:
    """One file. rows_read = rows_loaded + rows_repeated + rows_quarantined + rows_waiting, exactly."""

    entity: str
    drop_on: date
    file: str
    status: str
    message: str
    rows_read: int
    rows_loaded: int
    rows_repeated: int
    rows_quarantined: int
    rows_waiting: int


@dataclass(frozen=True)
class BlockedDrop:
    """A drop that was kept out whole, and why."""

    entity: str
    drop_on: date
    message: str


@dataclass(frozen=True)
class LoadSummary:
    """Everything one load read, file by file, and what a person should look at."""

    files: tuple[FileResult, ...]
    warnings: tuple[str, ...] = ()

    @property
    def blocked(self) -> tuple[BlockedDrop, ...]:
        """Drops kept out whole, one entry a drop."""
        found = {
            (file.entity, file.drop_on): BlockedDrop(file.entity, file.drop_on, file.message)
            for file in self.files
            if file.status == "blocked"
        }
        return tuple(found.values())

    @property
    def rows_read(self) -> int:
        """Rows of all files opened in this load."""
        return sum(file.rows_read for file in self.files)

    @property
    def rows_loaded(self) -> int:
        """Rows now in the raw tables and dated on or before the night's date."""
        return sum(file.rows_loaded for file in self.files)

    @property
    def rows_repeated(self) -> int:
        """Rows that say again what is already known."""
        return sum(file.rows_repeated for file in self.files)

    @property
    def rows_quarantined(self) -> int:
        """Rows kept out, each with its reason."""
        return sum(file.rows_quarantined for file in self.files)

    @property
    def rows_waiting(self) -> int:
        """Rows now in the raw tables but dated after the night's date; a later night takes them."""
        return sum(file.rows_waiting for file in self.files)


def describe_results(path: str, results: Sequence[FileResult]) -> Iterator[str]:
    """What to tell a person who watches: one line a drop, or one for many; a blocked drop always gets its own."""
    dates = sorted({result.drop_on for result in results})
    if len(dates) > _MOST_DROPS_TOLD_ONE_BY_ONE:
        yield f"{path} {len(dates)} drops {dates[0]} to {dates[-1]}: {_describe_counts(results)}"
    by_date: dict[date, list[FileResult]] = {}
    for result in results:
        by_date.setdefault(result.drop_on, []).append(result)
    for drop_on in dates:
        if by_date[drop_on][0].status == "blocked":
            yield f"{path} {drop_on}: BLOCKED, {by_date[drop_on][0].message}"
        elif len(dates) <= _MOST_DROPS_TOLD_ONE_BY_ONE:
            yield f"{path} {drop_on}: {_describe_counts(by_date[drop_on])}"


def _describe_counts(results: Sequence[FileResult]) -> str:
    summary = LoadSummary(tuple(results))
    parts = [f"{summary.rows_read:,} rows read", f"{summary.rows_loaded:,} loaded"]
    rare = {
        "repeated": summary.rows_repeated,
        "quarantined": summary.rows_quarantined,
        "waiting": summary.rows_waiting,
    }
    return ", ".join(parts + [f"{rows:,} {word}" for word, rows in rare.items() if rows])
