"""Scores hold what they promise."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from ml.churn.features import FeatureError
from ml.churn.train import train_churn

HORIZONS = [f"churn_probability_{days}d" for days in (30, 60, 90, 180)]


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, date(2024, 12, 31), 30, code_version="abc")


@pytest.fixture(scope="module")
def scored(model, current):
    return current.merge(model.score(current).to_pandas(), on="customer_id", validate="one_to_one")


def test_probability_never_rises_with_the_horizon(scored):
    scores = scored[HORIZONS].to_numpy()
    assert np.isfinite(scores).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    assert ((scores > 0) & (scores < 1)).all()


def test_churned_customers_are_scored_and_look_worse_than_the_others(scored):
    means = scored.groupby("is_churned")["churn_probability_30d"].mean()
    assert means[True] > means[False]


def test_dormancy_is_zero_beyond_the_window_and_empty_once_dormant(scored):
    left = scored["days_to_dormancy"]
    assert (scored.loc[left > 30, "dormancy_probability"] == 0).all()
    assert scored.loc[left.isna(), "dormancy_probability"].isna().all()
    assert (scored.loc[left <= 30, "dormancy_probability"] > 0).all()
    assert set(np.select([left > 30, left <= 30], ["beyond", "near"], "dormant")) == {"beyond", "near", "dormant"}


def test_several_as_of_dates_are_refused(model, shop):
    with pytest.raises(FeatureError, match="one as-of date"):
        model.score(shop)


def test_some_customers_at_a_time_are_told_the_same_as_all_at_once(model, current):
    scores, reasons = model.answer(current)
    assert scores.equals(model.score(current))
    assert reasons.equals(model.tell_reasons(current))
    ordered = current.sort_values("customer_id")
    parts = [model.answer(ordered.iloc[start : start + 37]) for start in range(0, len(ordered), 37)]
    assert pa.concat_tables([part for part, _ in parts]).equals(scores)
    assert pa.concat_tables([part for _, part in parts]).equals(reasons)
