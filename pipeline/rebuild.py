"""The published tables of any date, as they were or would have been at its end, beside what is published tonight.

It is done on a copy of the warehouse, so that neither readers nor the next night notice. The copy holds no personal
data: the vault is not needed, for rows that have landed are not read again.
"""

import dataclasses
import os
import shutil
from datetime import date
from pathlib import Path

from pipeline.errors import RapportError
from pipeline.identity.vault import read_secret
from pipeline.mend import list_nights, repeat_night
from pipeline.progress import say
from pipeline.publish.versions import current_version
from pipeline.runs import begin, hold_night_lock
from pipeline.settings import Settings
from pipeline.stages import STAGES, run_stage
from pipeline.warehouse import make_folder, open_for_reading

# What has landed is in the copy; what has landed since is for the next night.
_LEFT_OUT = ("begin", "load", "gate_raw", "mend")


def rebuild(settings: Settings, as_of: date, since: date | None = None) -> Path:
    """Build every published table as of the end of `as_of`; return the folder it is in.

    What was told on nights before is taken as it stands, or told anew from the first night on or after `since`. The
    folder is laid out like a published version. Raises RapportError where nothing has landed or a gate refuses.
    """
    if not settings.warehouse.exists():
        raise RapportError(f"{settings.warehouse} does not exist yet; nothing can be built from it.")
    with hold_night_lock(settings):
        copy = _copy_warehouse(settings)
        try:
            for night in _list_nights_since(copy, since, as_of):
                say(f"the night of {night} …")
                repeat_night(copy, night, "rebuild")
            begin(copy, as_of)
            for stage in STAGES:
                if stage.name not in _LEFT_OUT:
                    run_stage(stage.name, copy, as_of)
            return _keep(settings, copy, as_of)
        finally:
            shutil.rmtree(copy.home, ignore_errors=True)


def _copy_warehouse(settings: Settings) -> Settings:
    home = settings.home / "rebuilding"
    shutil.rmtree(home, ignore_errors=True)
    make_folder(home)
    secret = read_secret(settings)
    # opening it writes back what a killed run left in its log, which is not copied
    with open_for_reading(settings):
        shutil.copyfile(settings.warehouse, home / settings.warehouse.name)
    if settings.identity_overrides.exists():
        shutil.copyfile(settings.identity_overrides, home / settings.identity_overrides.name)
    if settings.models.exists():
        shutil.copytree(settings.models, home / settings.models.name)
    return dataclasses.replace(settings, home=home, secret=secret)


def _list_nights_since(copy: Settings, since: date | None, as_of: date) -> list[date]:
    if since is None:
        return []
    with open_for_reading(copy) as connection:
        return [night for night in list_nights(connection) if since <= night < as_of]


def _keep(settings: Settings, copy: Settings, as_of: date) -> Path:
    """Put the copy's version where people find it, in place of an earlier one of the same date."""
    folder = settings.published / "rebuilt" / as_of.isoformat()
    make_folder(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(current_version(copy), folder)
    return folder
