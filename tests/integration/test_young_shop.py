"""A shop of ninety days: the models that so much history can teach are judged, and what they foretell is published."""

from datetime import date, timedelta

import duckdb
import pytest

from tests.integration.conftest import Home
from tests.integration.small_retailer import FIRST_DAY, land_small_retailer

NINETY_DAYS_ON = str(date.fromisoformat(FIRST_DAY) + timedelta(days=90))


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("young"))
    land_small_retailer(home.landing, NINETY_DAYS_ON, ("sales/orders", "sales/order_lines", "sales/products"))
    done = home.run("pipeline", "nightly", "--date", NINETY_DAYS_ON)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as published:
        yield done.stdout, published


# churn within 30 days learns from the same dates as dormancy, but too few of these 240 leave to teach it
@pytest.mark.parametrize(("model", "metric"), [("dormancy", "auc"), ("next_order", "mae")])
def test_models_of_a_month_ahead_are_judged_beside_rules(night, model, metric):
    _, published = night
    cards = published.execute(
        "select value, baseline_value, grade from model_cards where model = ? and metric = ? and baseline is not null",
        [model, metric],
    ).fetchall()
    assert cards
    assert all(None not in card for card in cards)


@pytest.mark.parametrize("days", [60, 90, 180])
def test_a_longer_horizon_can_not_be_judged_yet_and_says_so(night, days):
    told, published = night
    query = "select value, rows from model_cards where model = ? and grade is not null"
    ((value, rows),) = published.execute(query, [f"churn_{days}d"]).fetchall()
    scored = published.execute(f"select count(churn_probability_{days}d) from customers").fetchone()[0]
    assert value is None
    assert (rows > 0) == (scored > 0)
    (line,) = [line for line in told.splitlines() if line.startswith(f"  churn_{days}d ")]
    assert line.endswith("a rule answers" if scored else "nothing is told")


def test_everybody_with_a_rhythm_has_a_date(night):
    _, published = night
    without = published.execute(
        "select count(*) from customers where orders_total > 3 and segment not in ('dormant', 'churned')"
        " and median_gap_days > 0 and next_order_on is null"
    ).fetchone()[0]
    assert without == 0
