"""Which drops lie in the landing folder, and which of them are new or changed. Looks at names and sizes first."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.errors import RapportError
from pipeline.landing.entities import ENTITIES, REQUIRED_ENTITIES, Entity

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIXES = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True)
class LandedFile:
    """A file of a drop as the file system describes it; `sha256` is known once the file had to be opened."""

    path: Path
    name: str
    size: int
    mtime_ns: int
    sha256: str | None = None


@dataclass(frozen=True)
class Drop:
    """All files of one entity and one day."""

    entity: Entity
    drop_on: date
    files: tuple[LandedFile, ...]


@dataclass(frozen=True)
class KnownFile:
    """What the ledger remembers of a file."""

    size: int
    mtime_ns: int
    sha256: str | None


def discover_drops(landing: Path, as_of: date) -> tuple[list[Drop], list[str]]:
    """Every drop dated `as_of` or earlier, in date order, and warnings about what can't be a drop. Opens no file."""
    if not landing.is_dir():
        raise RapportError(f"there is no landing folder {landing}; {_expected_layout(landing, REQUIRED_ENTITIES[0])}")
    warnings: list[str] = []
    try:
        drops = _discover_sources(landing, warnings)
    except OSError as error:
        raise RapportError(f"{error.filename} can't be looked at ({error.strerror}); allow reading it.") from None
    for path in REQUIRED_ENTITIES:
        _require_drops(landing, path, [drop for drop in drops if drop.entity.path == path], as_of)
    drops = [drop for drop in drops if drop.drop_on <= as_of]
    return sorted(drops, key=lambda drop: drop.drop_on), warnings


def find_changed(drop: Drop, known: Mapping[str, KnownFile], again: bool) -> tuple[Drop | None, list[LandedFile]]:
    """The drop with its fingerprints if it must be loaded, and files that were only touched.

    A file whose size and time are those of the ledger is taken as unchanged and not opened. Files that have gone
    from a drop are taken as archived, unless others came or changed. `again` asks for the drop in any case.
    """
    files, touched, has_changed = [], [], again
    for file in drop.files:
        before = known.get(file.name)
        if before and before.sha256 and (before.size, before.mtime_ns) == (file.size, file.mtime_ns):
            files.append(_with_hash(file, before.sha256))
            continue
        found = _with_hash(file, _hash_file(file.path))
        if before and before.sha256 and before.sha256 == found.sha256:
            touched.append(found)
        else:
            has_changed = True
        files.append(found)
    return (Drop(drop.entity, drop.drop_on, tuple(files)) if has_changed else None), touched


def split_batches(drops: list[Drop], most_bytes: int) -> Iterator[list[Drop]]:
    """Cut drops, in order, into batches that are loaded in one pass each."""
    batch: list[Drop] = []
    size = 0
    for drop in drops:
        weight = sum(file.size for file in drop.files)
        if batch and size + weight > most_bytes:
            yield batch
            batch, size = [], 0
        batch.append(drop)
        size += weight
    if batch:
        yield batch


def _discover_sources(landing: Path, warnings: list[str]) -> list[Drop]:
    by_path = {entity.path: entity for entity in ENTITIES}
    drops: list[Drop] = []
    for source in _folders(landing, warnings):
        for folder in _folders(landing / source, warnings):
            entity = by_path.get(f"{source}/{folder}")
            if entity is None:
                path = landing / source / folder
                warnings.append(f"{path} is not an entity of the landing contract and was not read")
            else:
                drops += _discover_entity(landing, entity, warnings)
    return drops


def _discover_entity(landing: Path, entity: Entity, warnings: list[str]) -> list[Drop]:
    drops = []
    folder = landing / entity.source / entity.name
    for name in _folders(folder, warnings):
        drop_on = _parse_date(name)
        if drop_on is None:
            warnings.append(f"{folder / name} is not named for a date (YYYY-MM-DD) and was not read")
            continue
        files = _list_files(landing, folder / name, warnings)
        if files:
            drops.append(Drop(entity, drop_on, files))
    return drops


def _list_files(landing: Path, folder: Path, warnings: list[str]) -> tuple[LandedFile, ...]:
    files = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            path = Path(entry.path)
            if not entry.is_file() or not entry.name.lower().endswith(_SUFFIXES):
                warnings.append(f"{path} is not a {', '.join(_SUFFIXES)} file and was not read")
                continue
            status = entry.stat()
            name = path.relative_to(landing).as_posix()
            files.append(LandedFile(path, name, status.st_size, status.st_mtime_ns))
    return tuple(sorted(files, key=lambda file: file.name))


def _folders(folder: Path, warnings: list[str]) -> list[str]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir():
                found.append(entry.name)
            else:
                warnings.append(f"{entry.path} lies outside a drop's folder and was not read")
    return sorted(found)


def _require_drops(landing: Path, path: str, drops: list[Drop], as_of: date) -> None:
    if not drops:
        raise RapportError(f"there is no drop of {path} in {landing}; {_expected_layout(landing, path)}")
    earliest = min(drop.drop_on for drop in drops)
    if earliest > as_of:
        raise RapportError(
            f"the earliest drop of {path} in {landing} is dated {earliest}, after {as_of}; "
            f"run a night of {earliest} or later."
        )


def _expected_layout(landing: Path, path: str) -> str:
    return f"expected files like {landing}/{path}/YYYY-MM-DD/<any name>.parquet, .csv or .csv.gz."


def _parse_date(name: str) -> date | None:
    if not _DATE.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _with_hash(file: LandedFile, sha256: str | None) -> LandedFile:
    return LandedFile(file.path, file.name, file.size, file.mtime_ns, sha256)


def _hash_file(path: Path) -> str | None:
    """The file's fingerprint, or None when it can't be opened; reading it will say why."""
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return None
