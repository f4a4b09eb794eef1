"""Value and orders to come: better than rules on customers who differ, silent on too few, blind to the future."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from ml.params import load_params
from ml.purchase_days import PurchaseDays
from ml.value import fit_value
from ml.value.judge import MODEL, choose_horizon, learn_spread, list_origins
from ml.value.model import judge_orders, judge_value
from ml.value.regression import RULES

PARAMS = load_params()
FIRST, LAST = date(2020, 1, 1), date(2021, 6, 30)
DAY_0 = (FIRST - date(1970, 1, 1)).days


def make_shop(customers: int = 600, seed: int = 1) -> PurchaseDays:
    """Customers of steady rates and usual spends of their own, half of whom leave at some time."""
    random = np.random.default_rng(seed)
    length = (LAST - FIRST).days
    rate, usual = random.gamma(1.2, 1 / 25, customers), random.gamma(3, 10, customers)
    born = random.integers(0, length // 2, customers)
    left = np.where(random.random(customers) < 0.5, born + random.exponential(200, customers), 10 * length)
    comes = random.random((customers, length + 1)) < rate[:, None]
    day = np.arange(length + 1)
    comes &= (day >= born[:, None]) & (day < left[:, None])
    comes[np.arange(customers), born] = True
    place, when = np.nonzero(comes)
    value = random.gamma(4, usual[place] / 4)
    return PurchaseDays.make(customers, (place, when + DAY_0, np.ones(len(place)), value))


@pytest.fixture(scope="module")
def shop() -> PurchaseDays:
    return make_shop()


@pytest.fixture(scope="module")
def model(shop):
    return fit_value(shop, LAST, PARAMS, "v")


def test_the_model_beats_rules_of_thumb_where_customers_leave(model):
    assert model.orders.who == model.value.who == MODEL
    assert model.orders.grade == "A"
    cards = {(card["model"], card["metric"], card["baseline"]): card for card in model.orders.cards + model.value.cards}
    assert cards["orders", "mae", "own_rate"]["value"] < cards["orders", "mae", "own_rate"]["baseline_value"]
    coverage = cards["value", "coverage_80", None]["value"]
    assert 0.75 < coverage < 0.85
    for card in cards.values():
        assert card["low95"] is None or card["low95"] <= card["value"] <= card["high95"]


def test_what_is_foretold_is_whole_and_ordered(shop, model):
    told = model.predict(shop, shop.look_back((LAST - date(1970, 1, 1)).days))
    assert len(told["clv_12m_revenue"]) == 600
    assert ((told["probability_alive"] >= 0) & (told["probability_alive"] <= 1)).all()
    assert (told["clv_12m_revenue_low"] <= told["clv_12m_revenue"]).all()
    assert (told["clv_12m_revenue"] <= told["clv_12m_revenue_high"]).all()
    assert (told["clv_12m_revenue_low"] >= 0).all()


def test_nothing_later_than_the_day_changes_what_is_foretold(shop, model):
    day = (LAST - date(1970, 1, 1)).days
    later = PurchaseDays.make(
        shop.customers,
        (
            np.r_[shop.row_place, np.arange(300)],
            np.r_[shop.row_day, np.full(300, day + 3)],
            np.r_[shop.row_orders, np.full(300, 7)],
            np.r_[shop.row_value, np.full(300, 999.0)],
        ),
        (np.arange(50), np.full(50, day + 1), np.full(50, 500.0)),
    )
    expected = model.predict(shop, shop.look_back(day))
    told = fit_value(later, LAST, PARAMS, "v").predict(later, later.look_back(day))
    for name, column in expected.items():
        assert column.tobytes() == told[name].tobytes(), name


def test_the_same_customers_give_the_same_bytes_again(shop, model):
    day = (LAST - date(1970, 1, 1)).days
    known, again = shop.look_back(day), fit_value(make_shop(), LAST, PARAMS, "v")
    first, second = (fitted.predict(shop, known)["clv_12m_revenue"] for fitted in (model, again))
    assert first.tobytes() == second.tobytes()
    assert again.value.cards == model.value.cards


@pytest.mark.parametrize(
    ("customers", "as_of", "reason"),
    [
        (40, LAST, "40 customers have bought, fewer than 100"),
        (600, date(2020, 2, 20), "50 days of history, fewer than 90"),
    ],
)
def test_too_little_is_said_and_nothing_is_foretold(customers, as_of, reason):
    days = make_shop(customers)
    model = fit_value(days, as_of, PARAMS, "v")
    assert reason in model.explanation
    told = model.predict(days, days.look_back((as_of - date(1970, 1, 1)).days))
    assert np.isnan(told["expected_orders_12m"]).all()
    assert [card["value"] for card in model.orders.cards + model.value.cards] == [None, None]


def test_where_nobody_comes_twice_nothing_can_be_fitted_and_it_is_said():
    random = np.random.default_rng(2)
    days = PurchaseDays.make(
        300, (np.arange(300), DAY_0 + random.integers(0, 500, 300), np.ones(300), random.gamma(2, 10, 300))
    )
    model = fit_value(days, LAST, PARAMS, "v")
    assert "none of 300 customers has bought twice" in model.explanation
    assert model.fitted is None


@pytest.mark.filterwarnings("error")
def test_where_all_have_left_long_ago_hardly_anything_is_foretold():
    random = np.random.default_rng(3)
    place, day = np.repeat(np.arange(300), 5), DAY_0 + random.integers(0, 150, 1500)
    rows = np.unique(np.column_stack([place, day]), axis=0)
    days = PurchaseDays.make(300, (rows[:, 0], rows[:, 1], np.ones(len(rows)), random.gamma(2, 10, len(rows))))
    told = fit_value(days, LAST, PARAMS, "v").predict(days, days.look_back((LAST - date(1970, 1, 1)).days))
    assert (told["clv_12m_revenue"] == 0).all()
    assert told["expected_orders_12m"].max() < 0.5


def test_a_model_made_worse_on_purpose_gives_way_to_the_best_rule(shop):
    day = (LAST - date(1970, 1, 1)).days
    origins = list_origins(shop, day, choose_horizon(day - shop.first_day, PARAMS), PARAMS)
    random, worse = np.random.default_rng(4), []
    for origin in origins:
        order = random.permutation(len(origin.known))
        orders = origin.orders | {MODEL: 10 * origin.orders[MODEL][order]}
        spend = origin.spend[MODEL][order]
        worse.append(replace(origin, orders=orders, spend=origin.spend | {MODEL: spend}))
    card = {"version": "v", "trained_on": LAST, "rows": 600}
    for answer in (judge_orders(worse, PARAMS, card), judge_value(worse, PARAMS, card)):
        assert answer.grade == "C"
        assert answer.status == "rules"
        assert answer.who in RULES


def test_horizons_leave_room_for_origins():
    assert choose_horizon(100, PARAMS) == 30
    assert choose_horizon(366, PARAMS) == 91
    assert choose_horizon(4000, PARAMS) == 365


def test_intervals_hold_what_came(shop):
    day = (LAST - date(1970, 1, 1)).days
    origins = list_origins(shop, day, choose_horizon(day - shop.first_day, PARAMS), PARAMS)
    assert len(origins) == 4
    spread = learn_spread(origins, MODEL, PARAMS)
    inside = []
    for origin in origins:
        low, high = spread.enclose(origin.spend[MODEL])
        inside.append((origin.spend_came >= low) & (origin.spend_came <= high))
    assert np.concatenate(inside).mean() == pytest.approx(0.8, abs=0.03)
