"""The stage that loads new drops into the warehouse and accounts for every row."""

from datetime import date

from pipeline.landing import load_drops
from pipeline.progress import say
from pipeline.settings import Settings


def load(settings: Settings, as_of: date, run_id: str) -> None:
    """Load every drop dated `as_of` or earlier that is new or has changed."""
    load_drops(settings, as_of, run_id, say)
