"""dbt, run inside this process: the project is read once a night, and DuckDB's lock is given back after each layer.

A process of its own for each layer would cost seconds of start-up, most of a quiet night.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from pipeline.errors import RapportError
from pipeline.settings import PROJECT_ROOT, Settings
from pipeline.warehouse import make_folder, open_for_writing

DBT_PROJECT = PROJECT_ROOT / "dbt_project"

# The project as dbt has read it, by the folder of dbt's output; its files don't change while a night runs.
_read_projects: dict[str, Any] = {}


def build_layers(
    settings: Settings, as_of: date, *selectors: str, from_nothing: bool = False, built_until: date | None = None
) -> None:
    """Run `dbt build` on the selected layers; raise RapportError naming the model that failed and why.

    Tables that grow from night to night are built `from_nothing`, or take what has changed since the end of
    `built_until`.
    """
    # dbt would tell in many lines that the warehouse is in use
    with open_for_writing(settings):
        pass
    arguments = ["build", "--select", *selectors, "--exclude-resource-type", "unit_test"]
    arguments += ["--full-refresh"] if from_nothing else []
    variables = {"built_until": built_until.isoformat() if built_until else None}
    arguments += ["--vars", json.dumps(dbt_variables(settings, as_of) | variables)]
    with _environment_of(settings):
        if str(settings.dbt_output) not in _read_projects:
            # read without the night's variables: dbt then takes from its cache what hasn't changed since last night
            _read_projects[str(settings.dbt_output)] = _invoke(settings, ["parse"]).result
        done = _invoke(settings, arguments, _read_projects[str(settings.dbt_output)])
    done.result.write(str(settings.dbt_output / "target" / "run_results.json"))
    if not done.success:
        raise RapportError(_explain(done))


def run_dbt(settings: Settings, as_of: date, *arguments: str) -> str:
    """Run any dbt command against the warehouse as a process, as of a date; return what dbt printed."""
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *arguments]
    command += [*_folders(settings), "--vars", json.dumps(dbt_variables(settings, as_of))]
    done = subprocess.run(command, env=os.environ | dbt_environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        if "IO Error" in output and "lock" in output:
            raise RapportError(
                f"{settings.warehouse} is in use by another process; wait for it to end, then run the same command "
                "again."
            )
        raise RapportError(f"dbt {' '.join(arguments)} failed:\n{output[-2000:]}")
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
    """The variables that dbt_project/profiles.yml reads."""
    return {
        "RAPPORT_WAREHOUSE": str(settings.warehouse),
        "RAPPORT_MEMORY": settings.memory,
        "RAPPORT_THREADS": str(settings.threads),
        "RAPPORT_TEMPORARY": str(settings.temporary),
        "RAPPORT_TIMEZONE": settings.timezone,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


@contextmanager
def _environment_of(settings: Settings) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(dbt_environment(settings))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _folders(settings: Settings) -> list[str]:
    make_folder(settings.dbt_output)
    return [
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(settings.dbt_output / "target"), "--log-path", str(settings.dbt_output / "logs")),
    ]


def _invoke(settings: Settings, arguments: list[str], project: Any = None) -> Any:
    """One dbt command in this process, on a project read before; what dbt says goes to its log file."""
    from dbt.cli.main import dbtRunner

    # dbt would write all it knows of the project to a file each time, which takes longer than many a layer
    flags = ["--no-use-colors", "--log-level", "none", "--no-write-json"]
    try:
        done = dbtRunner(manifest=project).invoke([*flags, *arguments, *_folders(settings)])
    finally:
        _give_back_lock()
    if isinstance(done.exception, KeyboardInterrupt | SystemExit):
        raise done.exception
    if done.exception:
        raise RapportError(f"dbt could not {arguments[0]}: {str(done.exception).strip()}")
    return done


def _give_back_lock() -> None:
    """Close DuckDB, which dbt's adapter leaves open until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with DuckDBConnectionManager._LOCK:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager.close_all_connections()


def _explain(done: Any) -> str:
    failed = [result for result in done.result.results if str(result.status) in ("error", "fail")]
    return "dbt could not build:" + "".join(
        f"\n  - {result.node.unique_id}: {(result.message or '').strip()}" for result in failed
    )
