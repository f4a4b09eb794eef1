"""The stages that dbt runs: one `dbt build` a layer."""

from datetime import date

from pipeline.dbt import DBT_PROJECT, build_layers
from pipeline.seeds import check_seeds
from pipeline.settings import Settings


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
