"""Whole nights on real data, run as a user would run them: as commands, in processes of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2011-12-09"


@dataclass(frozen=True)
class Home:
    """A place where nights run, and the commands one would type there."""

    path: Path
    costs: dict[str, str] = field(default_factory=dict)

    @property
    def landing(self) -> Path:
        return self.path / "landing"

    @property
    def current(self) -> Path:
        return self.path / "published" / "current"

    @property
    def environment(self) -> dict[str, str]:
        settings = {"RAPPORT_HOME": str(self.path), "RAPPORT_SECRET": "a secret for tests", "PYTHONPATH": str(ROOT)}
        return {**{k: v for k, v in os.environ.items() if not k.startswith("RAPPORT_")}, **settings, **self.costs}

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run `python -m …` in this home."""
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)

    def parquet_bytes(self) -> dict[str, bytes]:
        """The published Parquet files, without those whose ids and times may differ from run to run."""
        ledgers = {"runs", "quality_checks", "model_cards", "landed_files"}
        files = sorted((self.current / "parquet").glob("*.parquet"))
        return {file.stem: file.read_bytes() for file in files if file.stem not in ledgers}


def make_home(path: Path) -> Home:
    home = Home(path)
    landed = home.run("datasets", "online_retail", "--landing", str(home.landing))
    assert landed.returncode == 0, landed.stderr
    return home


@pytest.fixture(scope="session")
def first_night(tmp_path_factory) -> tuple[Home, subprocess.CompletedProcess]:
    """online_retail after its first night, run from the command line."""
    home = make_home(tmp_path_factory.mktemp("command"))
    return home, home.run("pipeline", "nightly", "--date", AS_OF)


@pytest.fixture(scope="session")
def simulated_demo(tmp_path_factory) -> Home:
    """What `make demo DATASET=simulated` publishes, without Airflow."""
    home = Home(
        tmp_path_factory.mktemp("demo"), costs={"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}
    )
    landed = home.run("datasets", "demo", "simulated")
    assert landed.returncode == 0, landed.stderr
    night = home.run("pipeline", "nightly", "--date", landed.stdout.strip())
    assert night.returncode == 0, night.stderr
    return home
