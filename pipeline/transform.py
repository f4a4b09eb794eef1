"""The stages that dbt runs: one `dbt build` a layer, in a process of its own.

dbt keeps DuckDB's lock for as long as its process lives, and each start costs seconds: hence a subprocess, and layers
instead of models.
"""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from pipeline.errors import RapportError
from pipeline.seeds import check_seeds
from pipeline.settings import PROJECT_ROOT, Settings
from pipeline.warehouse import make_folder

DBT_PROJECT = PROJECT_ROOT / "dbt_project"


def stage(settings: Settings, as_of: date, run_id: str) -> None:
    """Clean and type the rows in force at the end of `as_of`, with the seeds, once these are found in order."""
    check_seeds(DBT_PROJECT / "seeds")
    build_layers(settings, as_of, "tag:staging")


def build(settings: Settings, as_of: date, run_id: str) -> None:
    """Build the customer-centric facts and the features."""
    build_layers(settings, as_of, "tag:core", "tag:features")


def segment(settings: Settings, as_of: date, run_id: str) -> None:
    """Place every customer in a segment."""
    build_layers(settings, as_of, "tag:segments")


def offer(settings: Settings, as_of: date, run_id: str) -> None:
    """Choose tonight's offers."""
    build_layers(settings, as_of, "tag:offers")


def build_layers(settings: Settings, as_of: date, *selectors: str) -> None:
    """Run `dbt build` on the selected layers; raise RapportError naming the model that failed and why."""
    run_dbt(settings, as_of, "build", "--select", *selectors, "--exclude-resource-type", "unit_test")


def run_dbt(settings: Settings, as_of: date, *arguments: str) -> str:
    """Run one dbt command against the warehouse, as of a date; return what dbt printed."""
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *arguments]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    command += ["--target-path", str(settings.dbt_output / "target"), "--log-path", str(settings.dbt_output / "logs")]
    command += ["--vars", json.dumps(dbt_variables(settings, as_of))]
    make_folder(settings.dbt_output)
    _results_file(settings).unlink(missing_ok=True)
    done = subprocess.run(command, env=dbt_environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        raise RapportError(_explain(settings, done))
    return done.stdout


def dbt_variables(settings: Settings, as_of: date) -> dict[str, object]:
    """What the run tells dbt: its date and the limits that are settings, not rules.

    A cost that isn't set is left out, so that one written in dbt_project.yml holds.
    """
    costs = {"cost_per_handling_minute": settings.cost_per_minute, "cost_per_return": settings.cost_per_return}
    return {
        "as_of_date": as_of.isoformat(),
        "control_share": settings.control_share,
        "offer_budget": settings.offer_budget,
        **{name: cost for name, cost in costs.items() if cost is not None},
    }


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The environment that dbt_project/profiles.yml reads."""
    return {
        **os.environ,
        "RAPPORT_WAREHOUSE": str(settings.warehouse),
        "RAPPORT_MEMORY": settings.memory,
        "RAPPORT_THREADS": str(settings.threads),
        "RAPPORT_TEMPORARY": str(settings.temporary),
        "RAPPORT_TIMEZONE": settings.timezone,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _explain(settings: Settings, done: subprocess.CompletedProcess) -> str:
    output = done.stdout + done.stderr
    if "lock" in output and "IO Error" in output:
        return (
            f"{settings.warehouse} is in use by another process; wait for it to end, then run the same command again."
        )
    failures = _failed_nodes(_results_file(settings))
    return "dbt could not build:\n  - " + ("\n  - ".join(failures) if failures else output.strip()[-2000:])


def _results_file(settings: Settings) -> Path:
    return settings.dbt_output / "target" / "run_results.json"


def _failed_nodes(path: Path) -> list[str]:
    """The nodes of the last dbt run that failed, each with its message; none where dbt ended before running any."""
    if not path.exists():
        return []
    results = json.loads(path.read_text())["results"]
    return [f"{r['unique_id']}: {(r['message'] or '').strip()}" for r in results if r["status"] in ("error", "fail")]
