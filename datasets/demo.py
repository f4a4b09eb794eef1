"""Prepare RAPPORT_HOME for a demo: the drops of one data set, and nothing left over from another."""

import shutil
import sys
from pathlib import Path

from datasets.landing import ADAPTERS, Landed, land_dataset
from datasets.simulated import simulate
from datasets.simulated.summary import Simulated
from pipeline.errors import RapportError, UsageError
from pipeline.runs import hold_night_lock
from pipeline.settings import Settings

SIMULATED = "simulated"
# large enough for every model to be judged, small enough to land in seconds
_CUSTOMERS, _DAYS, _SEED = 3000, 500, 1


def prepare_demo(settings: Settings, name: str) -> Landed | Simulated:
    """Land `name` in settings.landing, after removing what a demo of another data set made."""
    marker = settings.home / ".demo"
    with hold_night_lock(settings):
        former = _read_marker(marker)
        if former is None:
            _refuse_foreign_data(settings)
        elif former != name:
            _remove_demo(settings, former)
        _write_marker(marker, name)
        if name == SIMULATED:
            return simulate(settings, settings.landing, _truth_of(settings), _CUSTOMERS, _DAYS, _SEED)
        return land_dataset(settings, name, settings.landing)


def _truth_of(settings: Settings) -> Path:
    """Where the truth of the simulated demo is kept; nothing of the pipeline reads it."""
    return settings.home / "demo_truth"


def _read_marker(marker: Path) -> str | None:
    try:
        return marker.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RapportError(f"{marker} can't be read ({error.strerror}).") from None


def _write_marker(marker: Path, name: str) -> None:
    """Written before the first drop, so that a demo cut short is still known as one."""
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(f"{name}\n", encoding="utf-8")
    except OSError as error:
        raise RapportError(
            f"{marker} can't be written ({error.strerror}); set RAPPORT_HOME to a folder you may write."
        ) from None


def _refuse_foreign_data(settings: Settings) -> None:
    for path in (settings.warehouse, settings.landing):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise UsageError(
                f"{settings.home} holds data that the demo did not make ({path}); set RAPPORT_HOME to an empty folder."
            )


def _remove_demo(settings: Settings, former: str) -> None:
    """Remove the other demo's state. The secret and Airflow's own state are no data of a demo, and stay."""
    if former not in (*ADAPTERS, SIMULATED):
        raise UsageError(
            f"{settings.home / '.demo'} names {former!r}, which is no data set of the demo; "
            "set RAPPORT_HOME to an empty folder."
        )
    if not settings.landing.is_relative_to(settings.home) and settings.landing.exists():
        raise UsageError(
            f"RAPPORT_LANDING={settings.landing} is outside RAPPORT_HOME and may hold drops of the {former} demo; "
            "empty that folder yourself or unset RAPPORT_LANDING."
        )
    print(f"Removing the {former} demo from {settings.home} to make room.", file=sys.stderr)
    files = [*settings.home.glob("warehouse.duckdb*"), *settings.home.glob("vault.duckdb*")]
    folders = [
        settings.landing,
        _truth_of(settings),
        settings.models,
        settings.validation,
        settings.published,
        settings.temporary,
        settings.dbt_output,
    ]
    for path in (*files, *folders):
        _remove(path)


def _remove(path: Path) -> None:
    try:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
    except OSError as error:
        raise RapportError(f"{path} can't be removed ({error.strerror}); remove it yourself, then run again.") from None
