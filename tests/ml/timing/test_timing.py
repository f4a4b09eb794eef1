"""Dates: better than the median gap where habits change, honest intervals, silence where there is too little."""

from datetime import date

import numpy as np
import pytest

from ml.lifetime import fit_regular
from ml.params import load_params
from ml.purchase_days import PurchaseDays
from ml.timing import fit_dormancy, fit_next_order
from ml.timing.dormancy import _find_quantiles
from ml.timing.next_order import SHARES, find_judged, follow_median_gap

PARAMS = load_params()
DAY_0 = (date(2020, 1, 1) - date(1970, 1, 1)).days
LAST = DAY_0 + 500


def make_shop(customers: int = 700, seed: int = 3) -> PurchaseDays:
    """Customers who buy more or less like clockwork, and of whom some leave."""
    random = np.random.default_rng(seed)
    mean, stay = random.gamma(4, 5, customers) + 2, random.beta(12, 0.6, customers)
    place, day, now = [], [], DAY_0 + random.integers(0, 120, customers).astype(float)
    active = np.arange(customers)
    while len(active):
        place.append(active)
        day.append(np.floor(now[active]))
        active = active[random.random(len(active)) < stay[active]]
        now[active] += 1 + random.gamma(3, mean[active] / 3)
        active = active[now[active] <= LAST]
    rows = np.unique(np.column_stack([np.concatenate(place), np.concatenate(day)]), axis=0)
    return PurchaseDays.make(customers, (rows[:, 0], rows[:, 1], np.ones(len(rows)), np.ones(len(rows))))


@pytest.fixture(scope="module")
def shop() -> PurchaseDays:
    return make_shop()


@pytest.fixture(scope="module")
def judged(shop):
    """A past day, the model learnt before it, what it says, who ordered again and when."""
    day = LAST - PARAMS.timing.horizon_days
    model, known = fit_next_order(shop, day, PARAMS.timing), shop.look_back(day)
    return model, known, model.predict(known), *find_judged(shop, known, PARAMS.timing.horizon_days)


def test_the_next_order_is_nearer_than_by_the_median_gap(shop, judged):
    _, known, waits, chosen, wait = judged
    error = np.abs(waits.middle - wait)[chosen].mean()
    assert error < 0.95 * np.abs(follow_median_gap(shop, known) - wait)[chosen].mean()


def test_intervals_hold_what_they_say_and_lie_in_one_another(judged):
    _, _, waits, chosen, wait = judged
    for share in SHARES:
        inside = (waits.low[share] <= wait) & (wait <= waits.high[share])
        assert inside[chosen].mean() == pytest.approx(share, abs=0.07)
    assert (waits.low[0.8] >= 1).all()
    assert (waits.low[0.8] <= waits.low[0.5]).all()
    assert (waits.low[0.5] <= waits.middle).all()
    assert (waits.middle <= waits.high[0.5]).all()
    assert (waits.high[0.5] <= waits.high[0.8]).all()


def test_what_comes_later_changes_no_date_and_the_same_data_give_the_same_bytes(shop, judged):
    model, known, waits, *_ = judged
    seen = shop.row_day <= known.day
    early = PurchaseDays.make(
        shop.customers, (shop.row_place[seen], shop.row_day[seen], shop.row_orders[seen], shop.row_value[seen])
    )
    again = fit_next_order(early, known.day, PARAMS.timing)
    assert again.stretches == model.stretches
    assert again.predict(early.look_back(known.day)).middle.tobytes() == waits.middle.tobytes()


def test_too_few_customers_and_too_short_a_history_give_no_date():
    few = make_shop(15)
    assert fit_next_order(few, LAST, PARAMS.timing) is None
    purchases = fit_regular(*few.look_back(LAST).histories, 0.0, PARAMS.lifetime)
    assert fit_dormancy(few, DAY_0 + 60, purchases, 30, PARAMS.timing) is None
    assert fit_next_order(make_shop(), DAY_0 + 3 * PARAMS.timing.least_horizon_days - 1, PARAMS.timing) is None


def test_a_shop_where_nobody_has_bought_nine_times_has_dates_too():
    random = np.random.default_rng(2)
    place, number = np.repeat(np.arange(400), 4), np.tile(np.arange(4), 400)
    day = DAY_0 + random.integers(0, 100, 400)[place] + number * 60 + random.integers(0, 50, 1600)
    shop = PurchaseDays.make(400, (place, day, np.ones(1600), np.ones(1600)))
    known = shop.look_back(LAST - 200)
    assert np.isnan(known.gap_of_eight).all()
    assert np.isfinite(fit_next_order(shop, LAST - 200, PARAMS.timing).predict(known).middle).all()


def test_falling_dormant_is_told_where_it_is_likelier_than_not(shop):
    day, after = LAST - 150, 60
    known = shop.look_back(day)
    purchases = fit_regular(*known.histories, float(known.log_gap_sum.sum()), PARAMS.lifetime)
    low, middle, high = fit_dormancy(shop, day, purchases, after, PARAMS.timing).predict(known)
    is_active = known.since_last < after
    assert np.isnan(middle[~is_active]).all()
    told = np.isfinite(middle)
    assert told.any()
    assert (is_active & ~told).any()
    # nobody falls dormant before so many days have passed since the last purchase
    assert (middle[told] >= after - known.since_last[told]).all()
    assert (low[told] <= middle[told]).all()
    known_high = np.isfinite(high)
    assert (middle[known_high] <= high[known_high]).all()
    due = told & (middle <= LAST - day)
    fallen = shop.wait_for_dormancy(known, after, LAST)[due] <= middle[due]
    assert len(fallen) > 50
    assert fallen.mean() > 0.4


def test_who_was_not_seen_to_fall_counts_as_lasting_at_least_so_long():
    # of five one fell at once and one on day 4; one was seen for 2 days only, two for 10 days
    fell, seen = np.array([0, 4, np.inf, np.inf, np.inf]), np.array([9.0, 9, 2, 10, 10])
    # by product-limit 1/5 by day 0, then 4/5 * 1/3 more by day 4: 0.4667
    assert _find_quantiles(fell, seen).tolist() == [0, np.inf, np.inf]
    fell[3] = 6
    assert _find_quantiles(fell, seen).tolist() == [0, 6, np.inf]
