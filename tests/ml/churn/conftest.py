"""A small shop whose truth is known: customers with a steady rhythm, of whom some leave on a known day."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.churn.features import FEATURES
from ml.params import ChurnParams, load_params

AS_OF = date(2024, 12, 31)
HORIZONS = (30, 60, 90, 180)
DORMANT_AFTER = 40


@pytest.fixture(scope="session")
def params() -> ChurnParams:
    """The shipped settings with fewer trees, which small data do not need."""
    shipped = load_params().churn
    return replace(shipped, bootstrap_resamples=200, boosting=replace(shipped.boosting, trees=10))


@pytest.fixture(scope="session")
def shop() -> pd.DataFrame:
    """Feature rows of 240 customers on ten as-of dates; those who discount-hunt leave early."""
    random = np.random.default_rng(7)
    customers = 240
    hunts = random.random(customers) < 0.4
    rhythm = random.integers(5, 25, customers)
    leaves = np.where(hunts, random.integers(60, 400, customers), 10_000)
    days = pd.date_range(end=AS_OF, periods=400)
    as_of_dates = [days[-1] - pd.Timedelta(days=30 * step) for step in range(10)]
    frames = [_rows_on(day, days, rhythm, leaves, hunts, random) for day in as_of_dates]
    return pd.concat(frames, ignore_index=True)


def _rows_on(day, days, rhythm, leaves, hunts, random) -> pd.DataFrame:
    now = days.get_loc(day)
    last = np.minimum(now, leaves) // rhythm * rhythm
    recency = now - last
    following = last + rhythm
    orders = last // rhythm + 1
    frame = pd.DataFrame({name: random.random(len(rhythm)) for name in FEATURES})
    frame["customer_id"] = [f"c{number:04d}" for number in range(len(rhythm))]
    frame["as_of_date"] = day.date()
    frame["recency_days"] = recency
    frame["tenure_days"] = now
    frame["orders_total"] = orders
    frame["purchase_days_total"] = orders
    frame["median_gap_days"] = np.where(orders > 1, rhythm, np.nan)
    frame["recency_over_median_gap"] = recency / frame["median_gap_days"]
    frame["discount_share"] = np.clip(hunts * 0.5 + random.random(len(rhythm)) * 0.3, 0, 1)
    frame["exposures_90d"] = np.nan
    frame["is_churned"] = recency >= 2 * DORMANT_AFTER
    frame["days_to_dormancy"] = np.where(recency < DORMANT_AFTER, DORMANT_AFTER - recency, np.nan)
    buys_next = np.where(following <= leaves, following, 10_000)
    for horizon in HORIZONS:
        lapsed = (buys_next > now + horizon).astype(float)
        frame[f"has_lapsed_{horizon}d"] = lapsed if now + horizon < len(days) else np.nan
    near = (recency < DORMANT_AFTER) & (recency + 30 >= DORMANT_AFTER) & (now + 30 < len(days))
    frame["falls_dormant_in_window"] = np.where(near, buys_next >= last + DORMANT_AFTER, np.nan)
    return frame


@pytest.fixture
def as_of() -> date:
    """The run's as-of date."""
    return AS_OF


@pytest.fixture(scope="session")
def current(shop) -> pd.DataFrame:
    """The rows that are scored."""
    return shop[shop["as_of_date"] == AS_OF]
