"""The stages that dbt runs: one `dbt build` a layer."""

from datetime import date

from pipeline.built import begin_build, finish_build
from pipeline.dbt import DBT_PROJECT, build_layers
from pipeline.progress import say
from pipeline.seeds import check_seeds
from pipeline.settings import Settings


def stage(settings: Settings, as_of: date, run_id: str) -> None:
    """Clean and type the rows in force at the end of `as_of`, with the seeds, once these are found in order."""
    check_seeds(DBT_PROJECT / "seeds")
    build_layers(settings, as_of, "tag:staging")


def build(settings: Settings, as_of: date, run_id: str) -> None:
    """Build the customer-centric facts: what has changed since the last build, or everything."""
    start = begin_build(settings, as_of)
    say(f"{start.reason}: {'what has changed since is built' if start.until else 'everything is built from nothing'}")
    build_layers(settings, as_of, "tag:core", from_nothing=start.until is None, built_until=start.until)
    finish_build(settings, as_of)


def describe(settings: Settings, as_of: date, run_id: str) -> None:
    """Build the features that the models learn from and score."""
    build_layers(settings, as_of, "tag:features")


def segment(settings: Settings, as_of: date, run_id: str) -> None:
    """Place every customer in a segment."""
    build_layers(settings, as_of, "tag:segments")


def offer(settings: Settings, as_of: date, run_id: str) -> None:
    """Choose tonight's offers."""
    build_layers(settings, as_of, "tag:offers")
