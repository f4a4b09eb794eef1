"""The night's DAG: that it is the stages, in order, and keeps the rules that protect the warehouse."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import GateRefused, RapportError, UsageError
from pipeline.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("duckdb", "great_expectations", "dbt", "sklearn", "pandas", "pyarrow")


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory):
    """Airflow reads its settings when it is first imported, so its folder is set before any test imports it."""
    changes = {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            patch.setenv(name, value)
        for name in ("RAPPORT_FIRST_NIGHT", "RAPPORT_TIMEZONE", "RAPPORT_RETRIES", "RAPPORT_RETRAIN_SCHEDULE"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module")
def nightly(airflow_home):
    """The module of the DAG, imported as Airflow would."""
    import dags.crm_nightly

    return dags.crm_nightly


@pytest.fixture(scope="module")
def bag(airflow_home):
    from airflow.dag_processing.dagbag import BundleDagBag

    return BundleDagBag(dag_folder=ROOT / "dags", bundle_path=ROOT / "dags", bundle_name="tested")


@pytest.fixture(scope="module")
def dag(bag):
    return bag.dags["crm_nightly"]


def test_dag_folder_has_no_import_errors_and_is_not_empty(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == ["crm_alarm", "crm_nightly", "crm_retrain"]


def test_tasks_are_the_stages_in_order(dag):
    names = [stage.name for stage in STAGES]
    assert [task.task_id for task in dag.topological_sort()] == names
    assert [task.upstream_task_ids for task in dag.topological_sort()] == [set(), *({name} for name in names[:-1])]


def test_task_groups_are_the_stage_groups(dag):
    assert {stage.name: stage.group for stage in STAGES} == {
        task.task_id: task.task_group.group_id for task in dag.tasks
    }


def test_every_task_holds_the_one_slot_of_the_warehouse(dag):
    assert {task.pool for task in dag.tasks} == {"warehouse"}
    assert {task.pool_slots for task in dag.tasks} == {1}


def test_every_task_is_tried_again_after_a_pause(dag):
    assert {(task.retries, task.retry_delay.total_seconds()) for task in dag.tasks} == {(2, 300)}


def test_one_run_at_a_time(dag):
    assert dag.max_active_runs == 1


def test_only_the_switch_emits_the_published_asset(dag):
    emitted = {task.task_id: [asset.uri for asset in task.outlets] for task in dag.tasks if task.outlets}
    assert emitted == {"switch": ["rapport://published/current"]}


def test_dag_and_tasks_are_documented(dag):
    assert dag.doc_md
    for stage in STAGES:
        assert stage.command in dag.get_task(stage.name).doc_md


def test_training_is_weekly_or_when_it_is_due(bag):
    dag = bag.dags["crm_retrain"]
    assert dag.timetable.timetable.expression == "0 6 * * 0"
    assert [asset.uri for asset in dag.timetable.asset_condition.objects] == ["rapport://models/retraining_due"]
    assert [(task.task_id, task.pool, task.retries) for task in dag.tasks] == [("retrain", "warehouse", 2)]
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert dag.doc_md


def test_an_alarm_asks_for_training_and_silence_does_not(bag, monkeypatch):
    from airflow.sdk.exceptions import AirflowSkipException

    dag = bag.dags["crm_alarm"]
    (ring,) = dag.tasks
    assert [asset.uri for asset in dag.timetable.asset_condition.objects] == ["rapport://published/current"]
    assert [asset.uri for asset in ring.outlets] == ["rapport://models/retraining_due"]
    assert (ring.pool, dag.catchup, dag.max_active_runs) == ("warehouse", False, 1)
    monkeypatch.setattr("pipeline.alarms.has_rung", lambda settings: True)
    ring.python_callable()
    monkeypatch.setattr("pipeline.alarms.has_rung", lambda settings: False)
    with pytest.raises(AirflowSkipException, match="no alarm"):
        ring.python_callable()


def run_in_new_process(code: str, **environment: str) -> str:
    """What a fresh interpreter prints: the DAG file reads its settings when it is imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=True
    )
    return found.stdout.strip().splitlines()[-1]


def test_reading_the_dag_imports_no_heavy_package(airflow_home):
    code = (
        "import sys, importlib; importlib.import_module('dags.crm_retrain');"
        f"print('heavy:', [name for name in {HEAVY} if name in sys.modules])"
    )
    assert run_in_new_process(code) == "heavy: []"


NEXT_RUN = """
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.serialized_objects import DagSerialization
from dags import crm_nightly
folder = Path("dags").absolute()
read = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="tested").dags["crm_nightly"]
stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(read))
first = stored.next_dagrun_info(last_automated_run_info=None)
second = stored.next_dagrun_info(last_automated_run_info=first)
days = [str(crm_nightly.choose_as_of(None, run.logical_date)) for run in (first, second)]
print(stored.catchup, *days, first.run_after.in_tz(str(crm_nightly.ZONE)).format("YYYY-MM-DD HH:mm"))
"""


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_missed_days_are_loaded_from_the_first_night_each_after_its_day_ended(airflow_home, zone):
    found = run_in_new_process(NEXT_RUN, RAPPORT_FIRST_NIGHT="2024-03-09", RAPPORT_TIMEZONE=zone)
    assert found == "True 2024-03-09 2024-03-10 2024-03-10 03:00"


def test_without_a_first_night_only_the_newest_ended_day_runs(airflow_home):
    caught_up, first, second, starts = run_in_new_process(NEXT_RUN).split(maxsplit=3)
    assert caught_up == "False"
    assert date.fromisoformat(second).toordinal() - date.fromisoformat(first).toordinal() == 1
    assert starts == f"{second} 03:00"


def test_a_bare_date_means_that_date_in_every_zone(nightly, monkeypatch):
    for zone in ("America/New_York", "UTC", "Asia/Tokyo"):
        monkeypatch.setattr(nightly, "ZONE", ZoneInfo(zone))
        assert nightly.choose_as_of(None, datetime(2018, 1, 1, tzinfo=UTC)) == date(2018, 1, 1)


def test_the_as_of_parameter_wins_over_the_logical_date(nightly):
    assert nightly.choose_as_of("2018-01-01", datetime(2026, 5, 5, 3, tzinfo=UTC)) == date(2018, 1, 1)
    assert nightly.choose_as_of("2018-01-01", None) == date(2018, 1, 1)


def test_a_run_without_any_date_says_what_to_give(nightly):
    with pytest.raises(UsageError, match="as_of set to YYYY-MM-DD"):
        nightly.choose_as_of(None, None)
    with pytest.raises(UsageError, match="not a date"):
        nightly.choose_as_of("yesterday", None)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (GateRefused("orders: 3 rows below 0"), "AirflowFailException"),  # fails at once
        (UsageError("RAPPORT_THREADS is not a number"), "AirflowFailException"),
        (RapportError("the warehouse is in use"), "RapportError"),  # is tried again
        (ZeroDivisionError("division by zero"), "ZeroDivisionError"),
    ],
)
def test_only_what_may_pass_is_tried_again_and_the_reason_is_said(nightly, monkeypatch, capsys, raised, expected):
    def fail(*_):
        raise raised

    monkeypatch.setattr(nightly, "run_stage", fail)
    with pytest.raises(Exception, match=str(raised)) as caught:
        nightly.run_one("gate_marts", "2018-01-01", None)
    assert type(caught.value).__name__ == expected
    assert str(raised) in capsys.readouterr().err
