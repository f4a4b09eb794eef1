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

LONG_BEFORE = AS_OF - timedelta(days=9)

# customer, first and last day of the spell, and the last they were seen on where they were taken for another after it;
# each is tonight what the spells before tonight say they were
SPELLS = {
    "back_before": (LONG_BEFORE, BEFORE, LONG_BEFORE),
    "back_later": (LONG_BEFORE, AS_OF, LONG_BEFORE),
    "back_tonight": (LONG_BEFORE, YESTERDAY, LONG_BEFORE),
    "began_tonight": (AS_OF, None, None),
    "began_later": (TOMORROW, None, None),
    "ended_by_tonight": (BEFORE, YESTERDAY, None),
    "ended_later": (BEFORE, AS_OF, None),
    "ended_before": (LONG_BEFORE, BEFORE, None),
    "gone_tonight": (BEFORE, TOMORROW, YESTERDAY),
    "runs_on": (BEFORE, None, None),
}
STILL_THERE = ("ended_by_tonight", "ended_later", "runs_on")


@pytest.fixture(scope="module")
def run_again(built_project, tmp_path_factory):
    """The warehouse after a first run of tonight, and a later one, have written their spells."""
    settings = replace(built_project.settings, home=tmp_path_factory.mktemp("again"))
    shutil.copyfile(built_project.settings.warehouse, settings.warehouse)
    with open_for_writing(settings) as connection:
        for name, (first, last, seen_until) in SPELLS.items():
            connection.execute(
                "insert into marts.segment_history by name select $1 as customer_id, 'regular' as segment, "
                "'standard' as tier, $2::date as segment_since, $2::date as valid_from, $3::date as valid_to, "
                "$4::date as seen_until",
                [name, first, last, seen_until],
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


def test_spells_are_remembered_as_they_stood_before_tonight(run_again):
    remembered = run_again.execute(
        "select customer_id, valid_to, seen_until from intermediate.int_segments_remembered order by all"
    ).fetchall()
    assert remembered == [
        ("back_before", BEFORE, LONG_BEFORE),
        ("back_later", LONG_BEFORE, None),
        ("back_tonight", LONG_BEFORE, None),
        ("ended_before", BEFORE, None),
        ("ended_by_tonight", None, None),
        ("ended_later", None, None),
        ("gone_tonight", None, None),
        ("runs_on", None, None),
    ]


def test_decisions_are_remembered_as_they_stood_before_tonight(run_again):
    remembered = run_again.execute(
        "select customer_id, valid_to from intermediate.int_decisions_remembered order by all"
    ).fetchall()
    running = ("back_later", "back_tonight", "ended_by_tonight", "ended_later", "gone_tonight", "runs_on")
    assert dict(remembered) == {"back_before": BEFORE, "ended_before": BEFORE} | dict.fromkeys(running)
    assert len(remembered) == 8


def test_whoever_was_written_about_is_looked_at_again(run_again):
    changed = run_again.execute("select customer_id from marts.int_spells_changed order by all").fetchall()
    assert [name for (name,) in changed] == [
        *("back_later", "back_tonight", "began_later", "began_tonight", "ended_by_tonight", "ended_later"),
        "gone_tonight",
    ]


def test_a_history_begun_before_seen_until_was_kept_goes_on(built_project, tmp_path):
    settings = replace(built_project.settings, home=tmp_path)
    shutil.copyfile(built_project.settings.warehouse, settings.warehouse)
    with open_for_writing(settings) as connection:
        connection.execute("alter table marts.segment_history drop column seen_until")
        connection.execute(
            "insert into marts.segment_history by name select 'gone' as customer_id, 'regular' as segment, "
            "'standard' as tier, $1::date as segment_since, $1::date as valid_from",
            [BEFORE],
        )
    build_layers(settings, AS_OF, "int_segments_remembered", "int_spells_changed", "segment_history")
    with open_for_reading(settings) as connection:
        spells = connection.execute("select customer_id, valid_to, seen_until from marts.segment_history").fetchall()
    assert spells == [("gone", YESTERDAY, None)]
