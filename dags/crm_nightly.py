"""The night in Airflow: one thin task a stage, the same functions as `python -m pipeline nightly`."""

from datetime import UTC, date, datetime, time
from itertools import groupby, pairwise

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, TaskGroup, task

from dags.assets import PUBLISHED
from dags.running import FIRST_NIGHT, START, TASKS, ZONE, tell_failures
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stages import STAGES, Stage, run_stage

# A run covers 03:00 of day D to 03:00 of day D + 1 and starts when that ends. Its logical date is the start, so its
# day, D, is the day that ended at midnight: that is the as-of date. The three hours are for late drops to arrive.
SCHEDULE = CronDataIntervalTimetable("0 3 * * *", timezone=str(ZONE))

DAG_NOTES = """
### One night of Rapport
Loads what was dropped, validates it, builds one view of each customer, scores, chooses offers, and publishes a new
version with one atomic switch. The last published version stays current until that switch.

- **Which day:** the day that ended before the run started (`RAPPORT_TIMEZONE`). To run another, trigger with `as_of`.
- **Missed days:** set `RAPPORT_FIRST_NIGHT` and each day since then gets its own run, oldest first, one at a time.
  For a day before it, trigger with `as_of`; Airflow leaves a run with an earlier logical date empty.
- **A red `gate_` task:** the data were refused and nothing was published; its log says table, column, rule and rows.
  It is not tried again. Mend the drop, then clear the run to start the night afresh.
- **Any other red task:** tried again twice, five minutes apart. Clear the run once the cause is gone.
- **Waiting for it:** schedule another DAG on the asset `crm_published`.

The same night without Airflow: `python -m pipeline nightly --date YYYY-MM-DD`.
"""


def choose_as_of(asked_for: str | None, logical_date: datetime | None) -> date:
    """The as-of date of a run: what its `as_of` parameter asks for, else the day of its logical date."""
    if asked_for:
        try:
            return date.fromisoformat(asked_for)
        except ValueError:
            raise UsageError(f"as_of={asked_for!r} is not a date; give it as YYYY-MM-DD.") from None
    if logical_date is None:
        raise UsageError("this run has no logical date; trigger it again with as_of set to YYYY-MM-DD.")
    in_utc = logical_date.astimezone(UTC)
    # `airflow dags test crm_nightly 2018-01-01` hands over midnight UTC and means that date, west of Greenwich too.
    return in_utc.date() if in_utc.time() == time() else logical_date.astimezone(ZONE).date()


def run_one(stage_name: str, asked_for: str | None, logical_date: datetime | None) -> None:
    """Run one stage."""
    with tell_failures(stage_name):
        run_stage(stage_name, Settings.from_environment(), choose_as_of(asked_for, logical_date))


def describe(stage: Stage) -> str:
    """What the Airflow page says about a task."""
    return f"**{stage.title}**\n\n- reads: {stage.reads}\n- writes: {stage.writes}\n- by hand: `{stage.command}`"


def add_task(stage: Stage):
    """The task of one stage. `switch` is what makes a version current, so it alone emits the asset."""

    @task(task_id=stage.name, doc_md=describe(stage), outlets=[PUBLISHED] if stage.name == "switch" else [])
    def run(params=None, logical_date=None):
        run_one(stage.name, params["as_of"], logical_date)

    return run()


with DAG(
    dag_id="crm_nightly",
    description="Files landed by a shop become customers, scores and offers, published as one file",
    doc_md=DAG_NOTES,
    schedule=SCHEDULE,
    start_date=START,
    catchup=bool(FIRST_NIGHT),
    max_active_runs=1,
    params={"as_of": Param(None, type=["null", "string"], format="date", title="As-of date (empty: the run's own)")},
    default_args=TASKS,
    tags=["rapport"],
):
    tasks = []
    for group, stages in groupby(STAGES, key=lambda stage: stage.group):
        with TaskGroup(group, prefix_group_id=False):
            tasks += [add_task(stage) for stage in stages]
    for earlier, later in pairwise(tasks):
        earlier >> later
