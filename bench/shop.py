"""A simulated retailer whose nights the bench measures: its drops, and a home in which they are loaded and no more."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.measuring import Measured, measure
from pipeline.progress import say

FIRST_DAY = date(2024, 1, 1)
# With so many days, a person has bought about forty lines at the end of the last but one.
DAYS = 415
LINES_PER_PERSON = 40
# People enough to learn a churn model from.
SMALL = 2000

# What serving costs this retailer; its drops don't say.
COSTS = {"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}

# DuckDB's share of the 8 GiB that a night may take; the rest is for what it doesn't count.
MEMORY = "6GiB"

_LOADED = ("warehouse.duckdb", "vault.duckdb", "secret")


@dataclass(frozen=True)
class Shop:
    """A retailer of so many people in a folder of its own; one drop a day, each day but the last one loaded.

    Everything that changes a home is a command of its own, as a person would type it.
    """

    folder: Path
    people: int
    days: int = DAYS

    @property
    def landing(self) -> Path:
        """The drops, which every home reads and none changes."""
        return self.folder / "landing"

    @property
    def truth(self) -> Path:
        """What the simulation knows and the pipeline doesn't."""
        return self.folder / "truth"

    @property
    def loaded(self) -> Path:
        """The saved home: raw rows of all days up to `today`, nothing made of them."""
        return self.folder / "loaded"

    @property
    def today(self) -> date:
        """The as-of date of the full build: the last day but one."""
        return FIRST_DAY + timedelta(days=self.days - 2)

    @property
    def tomorrow(self) -> date:
        """The as-of date of the night after it."""
        return self.today + timedelta(days=1)

    def make(self) -> None:
        """Simulate the drops and load those up to `today`."""
        say(f"simulating {self.people:,} people over {self.days} days …")
        size = ["--customers", str(self.people), "--days", str(self.days), "--first-day", str(FIRST_DAY), "--split"]
        where = ["--landing", str(self.landing), "--truth", str(self.truth)]
        self.loaded.mkdir(parents=True)
        self._run(self.loaded, "datasets", "simulated", *size, *where)
        say("loading the drops …")
        self.run_stage(self.loaded, "load", self.today)

    def open_home(self, name: str) -> Path:
        """A home like the saved one; whatever stood under that name is gone."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        for file in _LOADED:
            shutil.copy2(self.loaded / file, home / file)
        return home

    def run_stage(self, home: Path, stage: str, day: date) -> Measured:
        """Run one stage of the night of `day`."""
        return self._run(home, "pipeline", stage, "--date", str(day))

    def score(self, home: Path, day: date, model: Path) -> None:
        """Score every customer with the churn model in the folder `model`; learnt from this home if there is none yet.

        Learning takes minutes where there are many customers, and nothing that is measured depends on how good it is.
        """
        if model.exists():
            shutil.copytree(model, home / "models", dirs_exist_ok=True)
        else:
            self.run_stage(home, "train", day)
            shutil.copytree(home / "models", model)
        self.run_stage(home, "score", day)

    def list_files(self, entity: str, last_day: date) -> Iterator[Path]:
        """The landed Parquet files of sales that a night of `last_day` knows, oldest first."""
        for drop in sorted((self.landing / "sales" / entity).iterdir()):
            if drop.name <= last_day.isoformat():
                yield from sorted(drop.glob("*.parquet"))

    def environment(self, home: Path) -> dict[str, str]:
        """The variables of a command that works on a home, whatever the caller's own are."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        root = str(Path(__file__).resolve().parent.parent)
        places = {"RAPPORT_HOME": str(home), "RAPPORT_LANDING": str(self.landing), "PYTHONPATH": root}
        return {**plain, **COSTS, **places, "RAPPORT_MEMORY": MEMORY}

    def _run(self, home: Path, program: str, *arguments: str) -> Measured:
        return measure([sys.executable, "-m", program, *arguments], self.environment(home))


def train_small(folder: Path, model: Path) -> None:
    """Leave in `model` a churn model that was learnt from a small shop, made in `folder` and removed again."""
    shop = Shop(folder, SMALL)
    shop.make()
    home = shop.open_home("home")
    for stage in ("stage", "identify", "build"):
        shop.run_stage(home, stage, shop.today)
    shop.score(home, shop.today, model)
    shutil.rmtree(folder)
