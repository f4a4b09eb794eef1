"""Where published versions live and which one is current."""

import os
import shutil
from pathlib import Path

from pipeline.settings import Settings


def version_folder(settings: Settings, run_id: str) -> Path:
    """The folder of one run's version."""
    return settings.published / "versions" / run_id


def current_version(settings: Settings) -> Path | None:
    """The version readers see, or None before the first night."""
    link = settings.published / "current"
    return link.resolve() if link.is_symlink() else None


def point_current_at(settings: Settings, folder: Path) -> None:
    """Switch readers to a version in one step: a new link renamed over the old one."""
    link = settings.published / "current"
    fresh = settings.published / f".current-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("versions") / folder.name)
    os.replace(fresh, link)
    sync_folder(settings.published)


def sealed_versions(settings: Settings) -> list[Path]:
    """Versions whose manifest was written, oldest first."""
    versions = settings.published / "versions"
    return sorted((path.parent for path in versions.glob("*/manifest.json")), key=_age_key)


def rebuilt_versions(settings: Settings) -> list[Path]:
    """The folders that rebuilding has left, oldest date first."""
    return sorted(path.parent for path in (settings.published / "rebuilt").glob("*/manifest.json"))


def drop_old_versions(settings: Settings) -> list[str]:
    """Remove all but the newest versions and those a crash left unsealed; the current one always stays."""
    versions = settings.published / "versions"
    current = current_version(settings)
    kept = set(sealed_versions(settings)[-settings.keep_versions :])
    removed = [f for f in versions.iterdir() if f not in kept and f.resolve() != current]
    for folder in removed:
        shutil.rmtree(folder)
    return [folder.name for folder in removed]


def _age_key(folder: Path) -> str:
    """A run's id is AS_OF-STARTED_AT; age goes by when it was started."""
    return folder.name.split("-", 1)[-1]


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes survive a power cut."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
