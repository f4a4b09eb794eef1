"""Thirty nights: what adds up night by night is what is built from nothing, and drops that come late end the same."""

import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pytest

from datasets.simulated.command import simulate
from pipeline.built import begin_build
from pipeline.landing import load_drops
from pipeline.mend import mend, repeat_night
from pipeline.publish.tables import TABLES
from pipeline.rebuild import rebuild
from pipeline.runs import begin
from pipeline.settings import Settings
from pipeline.train import retrain
from tests.datasets.simulated.simulation import make_settings
from tests.integration.questions import QUESTIONS
from tests.warehouse_contents import checksum_tables

# More than twelve months, so that purchases leave the window that counts; a leap day is among the nights.
FIRST_DAY, FIRST_NIGHT, NIGHTS = date(2023, 2, 1), date(2024, 2, 15), 30
ALL_NIGHTS = [FIRST_NIGHT + timedelta(days=number) for number in range(NIGHTS)]
LAST_NIGHT = ALL_NIGHTS[-1]
REMEMBERED = ALL_NIGHTS[19]
# The weekly training: the night it follows; all that came late has arrived by then.
RETRAINED = date(2024, 3, 10)

# Drops that come late: of which day, which entities, and on which night they come.
LATE = (
    (date(2024, 2, 20), "*/*", date(2024, 2, 22)),
    (date(2024, 2, 28), "sales/order*", date(2024, 2, 29)),
    (date(2024, 3, 5), "loyalty/*", date(2024, 3, 6)),
)
# A drop that comes in time with half of its rows, and whole some nights later.
CORRECTED, CORRECTED_ON = date(2024, 3, 8), date(2024, 3, 9)
KILLED = date(2024, 3, 12)

SCHEMAS = ("marts", "intermediate", "features", "identity", "ml")


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> dict[str, Settings]:
    """The same retailer's nights in order, and with drops that come late; two homes at work side by side."""
    folder = tmp_path_factory.mktemp("nights")
    days = (LAST_NIGHT - FIRST_DAY).days + 1
    source = folder / "source"
    simulate(make_settings(folder), source, folder / "truth", 100, days, 3, FIRST_DAY, split=True)
    found = {name: replace(make_settings(folder / name), threads=1) for name in ("in_order", "late")}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        runs = [pool.submit(run_nights, settings, source, name) for name, settings in found.items()]
        for run in runs:
            run.result()
    return found


def run_nights(settings: Settings, source: Path, way: str) -> None:
    for night in ALL_NIGHTS:
        for drop in list_arrivals(source, night, way):
            shutil.copytree(drop, settings.landing / drop.relative_to(source), dirs_exist_ok=True)
        if way == "late" and night == CORRECTED:
            halve(settings.landing / "sales" / "order_lines" / CORRECTED.isoformat())
        run_night(settings, night, is_killed=way == "late" and night == KILLED)
        if night == REMEMBERED:
            shutil.copyfile(settings.warehouse, settings.home / "remembered.duckdb")
        if night == RETRAINED:
            retrain(settings, night)


def list_arrivals(source: Path, night: date, way: str) -> list[Path]:
    """Folders of drops that arrive on a night; on the first, all of the days before it."""
    arrived = []
    for drop in sorted(source.glob("*/*/*")):
        day = date.fromisoformat(drop.name)
        comes_on = max(day, FIRST_NIGHT)
        if way == "late":
            for late_day, entities, late_night in LATE:
                if day == late_day and drop.parent.match(entities):
                    comes_on = late_night
        corrected = way == "late" and day == CORRECTED and night == CORRECTED_ON and drop.parent.name == "order_lines"
        if comes_on == night or corrected:
            arrived.append(drop)
    return arrived


def halve(drop: Path) -> None:
    (file,) = drop.glob("*.parquet")
    half = file.with_suffix(".half")
    duckdb.execute(f"copy (from '{file}' where line_no = '1') to '{half}' (format parquet)")
    half.replace(file)


def run_night(settings: Settings, night: date, is_killed: bool) -> None:
    begin(settings, night)
    load_drops(settings, night, "run", lambda message: None)
    mend(settings, night, "run")
    if is_killed:
        begin_build(settings, night)
    repeat_night(settings, night, "run")


def read_contents(settings: Settings) -> dict[str, tuple]:
    """Every table that is built, but for the changes of its last build, which tell of the way to it."""
    found = checksum_tables(settings.warehouse, schemas=SCHEMAS)
    return {name: content for name, content in found.items() if not is_of_the_way(name)}


def is_of_the_way(name: str) -> bool:
    return "int_changed_" in name or name.endswith(("int_customers_before", "int_spells_changed"))


def test_what_adds_up_is_what_is_built_from_nothing(homes, tmp_path):
    added = homes["in_order"]
    anew = replace(added, home=tmp_path / "anew")
    anew.home.mkdir()
    shutil.copyfile(added.warehouse, anew.warehouse)
    shutil.copytree(added.models, anew.models)
    with duckdb.connect(str(anew.warehouse)) as connection:
        connection.execute("delete from ops.built")
    repeat_night(anew, LAST_NIGHT, "run")
    contents = read_contents(added)
    assert len(contents) > 40
    assert read_contents(anew) == contents


def test_nights_were_added_and_not_built_from_nothing(homes):
    with duckdb.connect(str(homes["in_order"].warehouse), read_only=True) as connection:
        customers, changed = connection.execute(
            "select (select count(*) from marts.customers), (select count(*) from intermediate.int_changed_orders)"
        ).fetchone()
    assert 0 < changed < customers


def test_drops_that_come_late_end_the_same(homes):
    in_order, late = (read_contents(homes[name]) for name in ("in_order", "late"))
    assert late == in_order


def test_history_has_all_nights_and_spells_that_changed(homes):
    with duckdb.connect(str(homes["late"].warehouse), read_only=True) as connection:
        nights = connection.execute("select distinct as_of_date from marts.segment_summary order by 1").fetchall()
        ended = connection.execute("select count(*) from marts.segment_history where valid_to is not null").fetchone()[
            0
        ]
        at_risk = connection.execute("select count(*) from marts.int_decision_spells").fetchone()[0]
    assert [night for (night,) in nights] == ALL_NIGHTS
    assert ended > 20
    assert at_risk > 0


def test_the_question_about_moves_is_answered(homes):
    with duckdb.connect(str(homes["late"].warehouse), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        moves = connection.execute(QUESTIONS[9]).fetchall()
    assert moves
    assert all(former != latter for former, latter, _ in moves)


def test_rebuilding_a_past_day_gives_its_tables_as_they_were(homes):
    settings = homes["late"]
    folder = rebuild(settings, REMEMBERED)
    with duckdb.connect(str(folder / "crm.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{homes['in_order'].home / 'remembered.duckdb'}' as past (read_only)")
        compared = 0
        for table in TABLES:
            # nights told anew, as these were, choose no offers and recommend nothing
            if table.source.startswith("marts.") and "offer" not in table.name and table.name != "recommendations":
                differ = connection.execute(
                    f"select count(*) from ((from main.{table.name} except all from past.{table.source}) "
                    f"union all (from past.{table.source} except all from main.{table.name}))"
                ).fetchone()[0]
                assert differ == 0, table.name
                compared += 1
    assert compared > 10
    assert not (settings.home / "rebuilding").exists()
    assert read_contents(settings) == read_contents(homes["in_order"])
