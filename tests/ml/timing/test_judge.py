"""Judging dates of the next order: on several past days, each by what was known then, and who answers."""

from datetime import date, timedelta

import numpy as np
import pytest

from ml.params import load_params
from ml.purchase_days import PurchaseDays
from ml.timing.judge import MEASURES, RULE, decide_next_order, judge_next_order, measure_days
from tests.ml.timing.test_timing import DAY_0, LAST, make_shop

PARAMS = load_params()
AS_OF = date(1970, 1, 1) + timedelta(days=LAST)


def look_until(shop: PurchaseDays, day: int) -> PurchaseDays:
    """The shop as it was known at the end of a day."""
    seen = shop.row_day <= day
    return PurchaseDays.make(
        shop.customers, (shop.row_place[seen], shop.row_day[seen], shop.row_orders[seen], shop.row_value[seen])
    )


@pytest.fixture(scope="module")
def shop() -> PurchaseDays:
    return make_shop()


@pytest.fixture(scope="module")
def judged(shop):
    return judge_next_order(shop, LAST, PARAMS)


def test_past_days_go_back_from_the_latest_whose_horizon_has_passed(judged):
    timing = PARAMS.timing
    latest = LAST - timing.horizon_days
    expected = [latest - number * timing.judge_step_days for number in range(timing.judged_days)]
    assert [one.day for one in judged] == expected


def test_a_day_is_judged_by_what_was_known_when_its_horizon_had_passed(shop, judged):
    earlier = judged[2]
    until = earlier.day + PARAMS.timing.horizon_days
    again = judge_next_order(look_until(shop, until), until, PARAMS)[0]
    assert again.measured.tobytes() == earlier.measured.tobytes()


def test_days_count_by_their_customers_and_intervals_hold_the_value(judged):
    measured = measure_days(judged, PARAMS)
    lines = np.concatenate([one.measured for one in judged])
    for place, name in enumerate(MEASURES):
        value, low, high = measured[name]
        assert value == pytest.approx(lines[:, place].mean())
        assert low < value < high


def test_a_model_nearer_than_the_rule_answers_and_tells_by_how_much(shop):
    decided = decide_next_order(shop, AS_OF, PARAMS, "v")
    card = next(card for card in decided.cards if card["metric"] == "mae" and card["baseline"] == RULE)
    assert decided.model is not None
    assert (card["grade"], card["status"]) == ("A", "live")
    assert card["value"] <= 0.9 * card["baseline_value"]


def test_where_everybody_is_a_clockwork_the_rule_answers():
    random = np.random.default_rng(1)
    gaps, begin = random.integers(5, 25, 300), random.integers(0, 20, 300)
    rows = np.array([(who, DAY_0 + day) for who in range(300) for day in range(begin[who], 501, gaps[who])])
    shop = PurchaseDays.make(300, (rows[:, 0], rows[:, 1], np.ones(len(rows)), np.ones(len(rows))))
    decided = decide_next_order(shop, AS_OF, PARAMS, "v")
    card = next(card for card in decided.cards if card["metric"] == "mae" and card["baseline"] == RULE)
    assert (card["grade"], card["status"], card["baseline_value"]) == ("C", "rules", 0.0)
    known = shop.look_back(LAST)
    waits = decided.predict(shop, known)
    assert decided.model is None
    assert np.array_equal(waits.middle, gaps - known.since_last)
    assert np.isnan(waits.low[0.5]).all()


def test_a_shop_of_ninety_days_is_foretold_and_judged_within_a_third_of_them():
    # everybody of this shop begins in its first twenty days
    random = np.random.default_rng(4)
    rows = [
        (who, day) for who in range(400) for day in np.cumsum(np.r_[random.integers(0, 20), random.integers(2, 15, 9)])
    ]
    place, day = np.array(rows).T
    shop = look_until(
        PurchaseDays.make(400, (place, DAY_0 + day, np.ones(len(place)), np.ones(len(place)))), DAY_0 + 90
    )
    last = shop.first_day + 90
    judged = judge_next_order(shop, last, PARAMS)
    assert [one.day for one in judged] == [last - 30]
    decided = decide_next_order(shop, date(1970, 1, 1) + timedelta(days=last), PARAMS, "v")
    assert {card["grade"] for card in decided.cards if card["metric"] == "mae" and card["baseline"]} <= {"A", "B", "C"}
    assert judge_next_order(shop, last - 1, PARAMS) == []


@pytest.mark.parametrize(("customers", "day", "why"), [(700, 130, "no past day"), (30, 130, "too few customers")])
def test_where_a_model_can_not_be_judged_or_fitted_the_rule_answers_and_says_so(customers, day, why):
    shop = look_until(make_shop(customers), DAY_0 + day)
    decided = decide_next_order(shop, date(1970, 1, 1) + timedelta(days=DAY_0 + day), PARAMS, "v")
    assert decided.model is None
    assert why in decided.explanation
    assert [(card["value"], card["grade"], card["status"]) for card in decided.cards] == [(None, "C", "rules")]
    waits = decided.predict(shop, shop.look_back(DAY_0 + day))
    assert np.isfinite(waits.middle).any()
