"""A simulated retailer whose nights the bench measures: its drops, and a home in which they are loaded and no more."""

import json
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
# The stages between loaded rows and the churn model.
BUILDING = ("stage", "identify", "build", "features")
# What models say of customers, which the segments need.
MODELS = ("score", "value")

# What serving costs this retailer; its drops don't say.
COSTS = {"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}

# DuckDB's share of the 8 GiB that a night may take; the rest is for what it doesn't count.
MEMORY = "6GiB"

_LOADED = ("warehouse.duckdb", "vault.duckdb")
# One key for every home, so that a customer goes by the same id in all of them.
_SECRET = "the bench's retailer is made up"


@dataclass(frozen=True)
class Shop:
    """A retailer of so many people in a folder of its own; one drop a day, each day but the last one loaded.

    Everything that changes a home is a command of its own, as a person would type it.
    """

    folder: Path
    people: int
    days: int = DAYS
    memory: str = MEMORY

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

    def simulate(self) -> None:
        """Land the drops."""
        say(f"simulating {self.people:,} people over {self.days} days …")
        size = ["--customers", str(self.people), "--days", str(self.days), "--first-day", str(FIRST_DAY), "--split"]
        where = ["--landing", str(self.landing), "--truth", str(self.truth)]
        self.loaded.mkdir(parents=True)
        self.run(self.loaded, "datasets", "simulated", *size, *where)

    def make(self) -> None:
        """Land the drops and load those up to `today`."""
        self.simulate()
        say("loading the drops …")
        self.load(self.loaded, self.today)

    def open_home(self, name: str, model: Path | None = None) -> Path:
        """A home like the saved one, with a churn model that was learnt elsewhere; what stood there before is gone."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        for file in _LOADED:
            shutil.copy2(self.loaded / file, home / file)
        if model:
            shutil.copytree(model, home / "models")
        return home

    def load(self, home: Path, day: date) -> None:
        """Load the drops up to a day, as a night of that day would."""
        self.run(home, "pipeline", "load", "--date", str(day))

    def run_night(self, home: Path, day: date, *stages: str) -> tuple[Measured, dict[str, dict[str, float]]]:
        """Run stages of the night of `day` in one process, as `nightly` does: what it took, and what each stage did."""
        report = home / "took.json"
        whole = self.run(home, "bench.night", str(day), str(report), *stages)
        return whole, json.loads(report.read_text())

    def learn(self, model: Path) -> None:
        """Leave in the folder `model` what the churn model learns from this shop."""
        say("learning a churn model …")
        home = self.open_home("learning")
        self.run_night(home, self.today, *BUILDING, "train")
        shutil.copytree(home / "models", model)
        shutil.rmtree(home)

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
        return {**plain, **COSTS, **places, "RAPPORT_MEMORY": self.memory, "RAPPORT_SECRET": _SECRET}

    def run(self, home: Path, program: str, *arguments: str) -> Measured:
        """Run a command of the project on a home."""
        return measure([sys.executable, "-m", program, *arguments], self.environment(home))
