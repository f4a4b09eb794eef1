"""A night that is run again forgets what it had written of spells, and looks at everybody about whom it had."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.dbt import build_layers
from pipeline.warehouse import open_for_reading, open_for_writing
from tests.dbt_project.conftest import AS_OF

YESTERDAY, TOMORROW = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)
BEFORE = AS_OF - timedelta(days=2)

# customer, first and last day of the spell; each is tonight what the spells before tonight say they were
SPELLS = {
    "began_tonight": (AS_OF, None),
    "began_later": (TOMORROW, None),
    "ended_by_tonight": (BEFORE, YESTERDAY),
    "ended_later": (BEFORE, AS_OF),
    "ended_before": (BEFORE - timedelta(days=9), BEFORE),
    "runs_on": (BEFORE, None),
}
STILL_THERE = ("ended_by_tonight", "ended_later", "runs_on")


@pytest.fixture(scope="module")
def run_again(built_project, tmp_path_factory):
    """The warehouse after a first run of tonight, and a later one, have written their spells."""
    settings = replace(built_project.settings, home=tmp_path_factory.mktemp("again"))
    shutil.copyfile(built_project.settings.warehouse, settings.warehouse)
    with open_for_writing(settings) as connection:
        for name, (first, last) in SPELLS.items():
            connection.execute(
                "insert into marts.segment_history by name select $1 as customer_id, 'regular' as segment, "
                "'standard' as tier, $2::date as segment_since, $2::date as valid_from, $3::date as valid_to",
                [name, first, last],
            )
            connection.execute(
                "insert into marts.int_decision_spells by name select $1 as customer_id, true as is_at_risk, "
                "$2::date as valid_from, $3::date as valid_to",
                [name, first, last],
            )
        for name in STILL_THERE:
            connection.execute(
                "insert into marts.int_segments_assigned by name select $1 as customer_id, 'regular' as segment, "
                "'standard' as tier, true as is_at_risk",
                [name],
            )
            connection.execute("insert into marts.int_customers_judged by name select $1 as customer_id", [name])
    build_layers(settings, AS_OF, "int_segments_remembered", "int_decisions_remembered", "int_spells_changed")
    with open_for_reading(settings) as connection:
        yield connection


@pytest.mark.parametrize("view", ["int_segments_remembered", "int_decisions_remembered"])
def test_spells_are_remembered_as_they_stood_before_tonight(run_again, view):
    remembered = run_again.execute(f"select customer_id, valid_to from intermediate.{view} order by all").fetchall()
    assert remembered == [
        ("ended_before", BEFORE),
        ("ended_by_tonight", None),
        ("ended_later", None),
        ("runs_on", None),
    ]


def test_whoever_was_written_about_is_looked_at_again(run_again):
    changed = run_again.execute("select customer_id from marts.int_spells_changed order by all").fetchall()
    assert changed == [("began_later",), ("began_tonight",), ("ended_by_tonight",), ("ended_later",)]
