"""A retraining that learnt nothing: the nights go on with the last good model, and say so."""

import random
import shutil
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest

from ml.churn.store import find_model, load_model
from pipeline import train
from pipeline.settings import Settings
from tests.integration.conftest import Home
from tests.published_contract import promised_type

HORIZONS = (30, 60, 90, 180)


@pytest.fixture(scope="module")
def home(simulated_demo, tmp_path_factory) -> Home:
    """The demo after its night, in a folder of its own."""
    path = tmp_path_factory.mktemp("shuffled") / "home"
    shutil.copytree(simulated_demo.path, path, symlinks=True)
    return Home(path, costs=simulated_demo.costs)


@pytest.fixture(scope="module")
def next_night(home, built_on):
    """What the night after a retraining on shuffled labels says; the model it would have had without is still there."""
    settings = Settings.from_environment(home.environment)
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        describe = train._describe_past
        patch.setattr(train, "_describe_past", lambda *arguments: shuffle_what_teaches(describe(*arguments)))
        patch.setattr(train, "say", told.append)
        assert train.retrain(settings, None) == built_on
    night = home.run("pipeline", "nightly", "--date", str(built_on + timedelta(days=1)))
    assert night.returncode == 0, night.stderr
    return told, night.stdout


@pytest.fixture(scope="module")
def built_on(simulated_demo) -> date:
    """The day of the demo's night."""
    with duckdb.connect(str(simulated_demo.current / "crm.duckdb"), read_only=True) as published:
        return published.execute("select max(as_of_date) from runs").fetchone()[0]


def shuffle_what_teaches(rows: pa.Table) -> pa.Table:
    """Each label of the dates that teach goes to anybody; those of its latest date, which judge, stay as they were."""
    chance = random.Random(11)
    days = rows["as_of_date"].to_pylist()
    for name in (*(f"has_lapsed_{days}d" for days in HORIZONS), "falls_dormant_in_window"):
        values = rows[name].to_pylist()
        latest = max(day for day, value in zip(days, values, strict=True) if value is not None)
        taught = [
            row for row, (day, value) in enumerate(zip(days, values, strict=True)) if value is not None and day < latest
        ]
        shuffled = [values[row] for row in taught]
        chance.shuffle(shuffled)
        for row, value in zip(taught, shuffled, strict=True):
            values[row] = value
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values, rows[name].type))
    return rows


def read(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as published:
        return published.execute(query).fetchall()


def test_the_demo_had_good_models(simulated_demo):
    cards = "select distinct model from model_cards where model like 'churn_%d' and status = 'live' and grade <> 'C'"
    assert len(read(simulated_demo, cards)) >= 2


def test_retraining_warns_of_each_model_that_got_worse(next_night, simulated_demo, built_on):
    told, _ = next_night
    live = read(simulated_demo, "select distinct model from model_cards where status = 'live' and baseline is not null")
    for (model,) in live:
        if model.startswith(("churn", "dormancy")):
            assert any(line.startswith(f"warning: {model}: what was learnt as of {built_on}") for line in told), told


def test_the_night_says_that_an_earlier_model_answers(next_night, home, simulated_demo, built_on):
    _, summary = next_night
    cards = (
        "select distinct model, version, grade, trained_on from model_cards"
        " where status = '{}' and model like 'churn%d'"
    )
    before, now = read(simulated_demo, cards.format("live")), read(home, cards.format("last_good"))
    assert sorted(row[0] for row in now) == sorted(row[0] for row in before)
    assert {row[1:2] for row in now} == {row[1:2] for row in before}
    for model, _, grade, trained_on in now:
        assert grade in "AB"
        assert trained_on == built_on
        assert any(f"  {model} " in line and "an earlier model answers" in line for line in summary.splitlines())
    assert read(home, "select * from model_cards where status = 'live' and model like 'churn%'") == []


def test_what_is_published_is_what_the_earlier_model_says(next_night, home, built_on):
    kept, _ = find_model(Settings.from_environment(home.environment).models / "churn", built_on)
    with duckdb.connect(str(home.path / "warehouse.duckdb"), read_only=True) as warehouse:
        features = warehouse.execute("from features.customer_features").to_arrow_table()
    said = load_model(kept).score(features)
    published = (
        "select customer_id, churn_probability_60d from customers where churn_probability_60d is not null order by 1"
    )
    expected = dict(zip(said["customer_id"].to_pylist(), said["churn_probability_60d"].to_pylist(), strict=True))
    found = dict(read(home, published))
    assert len(found) > 500
    assert found == {customer: expected[customer] for customer in found}


def test_the_new_version_is_whole(next_night, home, built_on):
    """It passed the gates, is the next day's, and its tables have the columns they are promised to have."""
    assert read(home, "select as_of_date from runs order by started_at desc limit 1") == [
        (built_on + timedelta(days=1),)
    ]
    assert read(home, "select count(*) from quality_checks where gate = 'published' and not success") == [(0,)]
    columns = read(home, "select table_name, column_name, data_type from duckdb_columns() where not internal")
    assert columns
    assert [row for row in columns if row[2] != promised_type(*row[:2])] == []
