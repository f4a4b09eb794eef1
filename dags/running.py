"""What the DAGs have in common: when a day ends, where missed ones begin, and how a task runs and fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk.exceptions import AirflowFailException

from pipeline.errors import GateRefused, RapportError, UsageError
from pipeline.progress import say

ZONE = ZoneInfo(os.environ.get("RAPPORT_TIMEZONE") or "UTC")

# Without RAPPORT_FIRST_NIGHT there is no telling where missed days begin: only the newest day runs by itself, and it
# loads every older drop that has not been loaded yet.
FIRST_NIGHT = os.environ.get("RAPPORT_FIRST_NIGHT")
START = datetime.combine(date.fromisoformat(FIRST_NIGHT), time(), ZONE) if FIRST_NIGHT else None

TASKS = {
    "owner": "rapport",
    "pool": "warehouse",  # one slot: DuckDB lets one process write its file, and shuts readers out meanwhile
    "retries": int(os.environ.get("RAPPORT_RETRIES") or 2),
    "retry_delay": timedelta(minutes=5),
}
"""The settings of every task."""


@contextmanager
def tell_failures(task_name: str) -> Iterator[None]:
    """Show why a task failed as one sentence; what trying again can't mend fails at once."""
    try:
        yield
    except Exception as error:
        say(f"{task_name} failed: {error if isinstance(error, RapportError) else repr(error)}")
        if isinstance(error, GateRefused | UsageError):
            raise AirflowFailException(str(error)) from None
        raise
