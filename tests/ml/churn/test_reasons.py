"""Reasons are parts of the log-odds that add up, with numbers that are the customer's own, in words."""

import re
from datetime import date

import numpy as np
import pytest
from scipy.special import logit

from ml.churn.features import read_features
from ml.churn.fit import MODEL_FEATURES, FittedRule
from ml.churn.reasons import REASONS, _write_numbers, explain, tell_reasons
from ml.churn.train import train_churn


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, date(2024, 12, 31), 30)


@pytest.fixture(scope="module")
def rows(current):
    return read_features(current)


def find_predictor(model, name):
    return next(piece.predictor for piece in model.targets if piece.target.name == name)


def test_every_feature_speaks_in_one_reason():
    spoken = [feature for reason in REASONS for feature in reason.features]
    assert sorted(spoken) == sorted(MODEL_FEATURES)


def test_parts_and_base_are_the_log_odds_of_the_published_probability(model, rows, params):
    predictor = find_predictor(model, "churn_60d")
    base, added = explain(predictor, rows, params)
    assert np.abs(base + added.sum(axis=1) - predictor.blend.decision_function(predictor.read(rows))).max() < 1e-6


def test_a_rule_has_one_reason_and_it_is_the_log_odds_too(model, rows, params):
    rule = find_predictor(model, "churn_180d")
    assert isinstance(rule, FittedRule)
    base, added = explain(rule, rows, params)
    assert np.abs(base + added.sum(axis=1) - logit(rule.predict(rows, params))).max() < 1e-9
    assert set(tell_reasons(rule, rows, params)["reason_code"].to_pylist()) == {"overdue"}


def test_the_three_largest_parts_are_told_largest_first(model, current, rows, params):
    told = model.tell_reasons(current).to_pandas()
    _, added = explain(find_predictor(model, "churn_60d"), rows, params)
    largest = -np.sort(-np.abs(added), axis=1)[:, :3]
    found = told.pivot(index="customer_id", columns="rank", values="contribution").loc[rows.customer_id].abs()
    assert np.abs(found.to_numpy() - largest).max() < 1e-8
    assert ((told["direction"] == "raises") == (told["contribution"] > 0)).all()


def test_values_are_the_customers_own_and_stand_in_the_sentence(model, current):
    told = model.tell_reasons(current).to_pandas()
    overdue = told[told["reason_code"] == "overdue"].merge(current, on="customer_id")
    assert len(overdue) > 20
    assert (overdue["value"] == overdue["recency_days"]).all()
    middle = current.loc[~current["is_churned"], "recency_days"].median()
    assert (overdue["peer_value"] == middle).all()
    for sentence, days in zip(overdue["sentence"], overdue["recency_days"], strict=True):
        assert re.match(
            rf"Last bought {days} days? ago; usual is \d+ days?\. That speaks for (leaving|staying)\.$", sentence
        )


def test_numbers_are_written_as_one_says_them():
    numbers = np.array([1.0, 2.0, np.nan, 1234.5, -0.07])
    assert _write_numbers(numbers, "day").to_pylist() == ["1 day", "2 days", None, "1234 days", "0 days"]
    assert _write_numbers(numbers, "money").to_pylist() == ["1.00", "2.00", None, "1234.50", "-0.07"]
    assert _write_numbers(np.array([0.256]), "percent").to_pylist() == ["26 %"]


def test_nothing_learnt_gives_no_reasons(current, params, as_of):
    assert train_churn(current, params, as_of, 30).tell_reasons(current).num_rows == 0
