"""Public shops as the pipeline would have described their customers on past days, with what came of them.

The features have one home, the warehouse's SQL, so the project's own commands are run on a folder that is thrown away:
the data set is landed, its facts are built, and what the churn model would learn from is written to a file.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from ml.evaluation.report import EvaluationError, say

_ROOT = Path(__file__).resolve().parents[2]
_STAGES = ("begin", "load", "stage", "identify", "build")


@dataclass(frozen=True)
class PastShop:
    """A data set, and the night from which past days are counted back in steps of the training's as-of dates."""

    name: str
    night: date


def describe_past(shop: PastShop) -> pd.DataFrame:
    """The rows of features.training_features as of the shop's night: one per past as-of date and customer."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        say(f"{shop.name}: landing and building …")
        _run(home, "datasets", shop.name, "--landing", str(home / "landing"))
        for stage in _STAGES:
            _run(home, "pipeline", stage, "--date", str(shop.night))
        rows = home / "rows.parquet"
        _run(home, "pipeline", "training-rows", "--date", str(shop.night), "--to", str(rows))
        return pd.read_parquet(rows)


def publish_past(shop: PastShop, home: Path) -> Path:
    """Run the shop's night in an empty folder, knowing nothing of later days; the folder of its published Parquet."""
    say(f"{shop.name}: landing, and running the night of {shop.night} …")
    _run(home, "datasets", shop.name, "--landing", str(home / "landing"), "--split")
    _run(home, "pipeline", "nightly", "--date", str(shop.night))
    return home / "published" / "current" / "parquet"


def _run(home: Path, *command: str) -> None:
    # set with the program env, so that no other setting of the caller's is touched and none is read here
    settings = ("-u", "RAPPORT_LANDING", f"RAPPORT_HOME={home}", f"PYTHONPATH={_ROOT}")
    done = subprocess.run(["env", *settings, sys.executable, "-m", *command], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise EvaluationError(f"python -m {' '.join(command)} failed: {''.join(last)}")
