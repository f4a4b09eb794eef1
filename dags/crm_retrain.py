"""Weekly training in Airflow, or when it is due earlier: the same function as `python -m pipeline retrain`."""

import os

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from dags.assets import RETRAINING_DUE
from dags.running import START, TASKS, ZONE, tell_failures
from pipeline.progress import say
from pipeline.settings import Settings

# Sunday, when the night of 03:00 is over.
WEEKLY = os.environ.get("RAPPORT_RETRAIN_SCHEDULE") or "0 6 * * 0"

DAG_NOTES = """
### Training the churn model anew
Learns from what was known at the end of the last night. The new model answers on the nights after it; what is published
stays as it is. A model is kept with its date, so that a past night told anew is answered by the model it had.

- **When:** weekly (`RAPPORT_RETRAIN_SCHEDULE`), and whenever the asset `crm_retraining_due` has an event.
- **A red task:** its log says why. The earlier model goes on answering.

The same without Airflow: `python -m pipeline retrain`.
"""


@task(doc_md="Learns from features.training_features once their gate has passed; writes models/churn.")
def retrain():
    """Train on what the last night knew."""
    from pipeline.train import retrain as train_anew

    with tell_failures("retrain"):
        built = train_anew(Settings.from_environment(), None)
        say(f"trained on what was known at the end of {built}")


with DAG(
    dag_id="crm_retrain",
    description="The churn model learns from the last night, for the nights to come",
    doc_md=DAG_NOTES,
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(WEEKLY, timezone=str(ZONE)), assets=[RETRAINING_DUE]),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=TASKS,
    tags=["rapport"],
):
    retrain()
