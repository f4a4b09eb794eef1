"""Whatever the drops after a night hold, and however many threads work, its features and scores are the same bytes."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from datasets.simulated.command import simulate
from pipeline.landing import load_drops
from pipeline.mend import repeat_night
from pipeline.runs import begin
from pipeline.settings import Settings
from tests.datasets.simulated.simulation import make_settings
from tests.warehouse_contents import checksum_tables

FIRST_DAY, PEOPLE, DAYS, LATER_DAYS = date(2024, 1, 1), 220, 330, 45
NIGHT = FIRST_DAY + timedelta(days=DAYS - 1)
LAST_DAY = NIGHT + timedelta(days=LATER_DAYS)


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> tuple[Settings, Settings]:
    """The night of NIGHT told after later drops have been loaded: as they were, and changed beyond recognition."""
    folder = tmp_path_factory.mktemp("ahead")
    true = replace(make_settings(folder / "true"), threads=1)
    changed = replace(make_settings(folder / "changed"), threads=2)
    simulate(make_settings(folder), true.landing, folder / "truth", PEOPLE, DAYS + LATER_DAYS, 5, FIRST_DAY, split=True)
    shutil.copytree(true.landing, changed.landing)
    for file in changed.landing.glob("*/*/*/*.parquet"):
        if date.fromisoformat(file.parent.name) > NIGHT:
            change(file)
    for settings in (true, changed):
        begin(settings, LAST_DAY)
        load_drops(settings, LAST_DAY, "run", lambda message: None)
        repeat_night(settings, NIGHT, "run")
    return true, changed


def change(file: Path) -> None:
    """Of order lines ten times as many are sold; of all else every other row goes."""
    changed = file.with_suffix(".changed")
    if file.parent.parent.name == "order_lines":
        rows = f"select * replace (10 * quantity as quantity) from '{file}'"
    else:
        numbered = f"read_parquet('{file}', file_row_number = true)"
        rows = f"select * exclude (file_row_number) from {numbered} where file_row_number % 2 = 0"
    duckdb.execute(f"copy ({rows}) to '{changed}' (format parquet)")
    changed.replace(file)


def read_loaded(settings: Settings, query: str) -> tuple:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchone()


def test_features_scores_and_reasons_are_the_same_bytes(homes):
    true, changed = (checksum_tables(settings.warehouse, schemas=("features", "ml")) for settings in homes)
    assert {"features.customer_features", "ml.churn_scores", "ml.customer_reasons", "ml.model_cards"} <= true.keys()
    assert true == changed


def test_what_came_later_was_loaded_and_differs(homes):
    later = "select count(*), sum(quantity) from raw.sales_order_lines where _drop_on > ?"
    counts = [read_loaded(settings, later.replace("?", f"date '{NIGHT}'")) for settings in homes]
    assert counts[0][0] > 50
    assert counts[0] != counts[1]


def test_a_model_answered(homes):
    scored, live = read_loaded(
        homes[0],
        "select (select count(*) from ml.churn_scores where churn_probability_30d is not null),"
        " (select count(*) from ml.model_cards where status = 'live')",
    )
    assert scored > 100
    assert live > 0
