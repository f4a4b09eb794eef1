"""What a load did, for the night's report."""

from dataclasses import dataclass
from datetime import date


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
