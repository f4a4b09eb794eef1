"""After each published night: have the models trained before their turn where an alarm has rung."""

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.assets import PUBLISHED, RETRAINING_DUE
from dags.running import START, TASKS, tell_failures
from pipeline.settings import Settings

DAG_NOTES = """
### Alarms
Runs when a night has published. Where the night's alarms rang (predictions that no longer come true, or customers who
are no longer those the models learnt from: the gate `alarms` in quality_checks), it emits `crm_retraining_due`, and
`crm_retrain` waits for that. Otherwise its task is skipped, which is as it should be.
"""


@task(outlets=[RETRAINING_DUE], doc_md="Emits crm_retraining_due where the last night rang an alarm, else is skipped.")
def ring():
    """Ask for training, or skip."""
    from pipeline.alarms import has_rung

    with tell_failures("ring"):
        rung = has_rung(Settings.from_environment())
    if not rung:
        raise AirflowSkipException("no alarm rang last night")


with DAG(
    dag_id="crm_alarm",
    description="Asks for training where last night's alarms rang",
    doc_md=DAG_NOTES,
    schedule=[PUBLISHED],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASKS,
    tags=["rapport"],
):
    ring()
