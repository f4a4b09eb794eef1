"""Stages of a night in one process, as `nightly` runs them, and what each of them took: a process of the bench.

`python -m bench.night DAY REPORT STAGE …`. REPORT is JSON: for each stage CPU seconds, seconds on the clock, and the
seconds on the clock that dbt's nodes ran for, which leaves out reading the project.
"""

import json
import resource
import sys
import time
from datetime import date
from pathlib import Path

from pipeline import runs
from pipeline.settings import Settings
from pipeline.stages import run_stage


def main(day: date, report: Path, stages: list[str]) -> None:
    """Run the stages in the home of RAPPORT_HOME."""
    settings = Settings.from_environment()
    took = {}
    with runs.hold_night_lock(settings):
        for stage in stages:
            results = settings.dbt_output / "target" / "run_results.json"
            results.unlink(missing_ok=True)
            cpu, wall = _read_cpu_seconds(), time.perf_counter()
            run_stage(stage, settings, day)
            took[stage] = {"cpu": _read_cpu_seconds() - cpu, "wall": time.perf_counter() - wall, "sql": _sum(results)}
    report.write_text(json.dumps(took))


def _read_cpu_seconds() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _sum(results: Path) -> float:
    """Seconds that dbt's nodes took; 0 where the stage ran none."""
    return (
        sum(node["execution_time"] for node in json.loads(results.read_text())["results"]) if results.exists() else 0.0
    )


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
