"""Reasons are parts of the log-odds that add up, each told by a figure of the customer's own that bears it out."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import logit

from ml.churn.features import FEATURES, read_features
from ml.churn.fit import MODEL_FEATURES, FittedRule
from ml.churn.reasons import EITHER, NOT_TOLD, REASONS
from ml.churn.telling import Explained, _choose_figures, explain, tell_reasons
from ml.churn.train import train_churn


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, date(2024, 12, 31), 30)


@pytest.fixture(scope="module")
def rows(current):
    return read_features(current)


@pytest.fixture(scope="module")
def predictor(model):
    return find_predictor(model, "churn_60d")


@pytest.fixture(scope="module")
def told(model, current):
    return model.tell_reasons(current).to_pandas()


def find_predictor(model, name):
    return next(piece.predictor for piece in model.targets if piece.target.name == name)


def sum_up(explained):
    return np.column_stack([explained.sum_up(reason) for reason in REASONS])


def find_figure(sentence):
    """The figure whose words a sentence begins and goes on with."""
    return next(
        figure
        for reason in REASONS
        for figure in reason.figures
        if all(part in sentence for part in figure.sentence.split("{value}")[1].split("{peer}")[:1])
        and sentence.startswith(figure.sentence.split("{value}")[0])
    )


def test_every_feature_speaks_in_one_reason():
    spoken = [feature for reason in REASONS for feature in reason.features]
    assert sorted(spoken) == sorted(MODEL_FEATURES)


def test_parts_and_base_are_the_log_odds_of_the_published_probability(predictor, rows, params):
    explained = explain(predictor, rows, params)
    odds = predictor.blend.decision_function(predictor.read(rows))
    assert np.abs(explained.base + explained.parts.sum(axis=1) - odds).max() < 1e-6
    assert np.abs(explained.base + sum_up(explained).sum(axis=1) - odds).max() < 1e-6


def test_a_rule_has_one_reason_and_it_is_the_log_odds_too(model, rows, params):
    rule = find_predictor(model, "churn_180d")
    assert isinstance(rule, FittedRule)
    for name in ("recency", "recency_over_median_gap"):
        named = replace(rule, name=name)
        explained = explain(named, rows, params)
        odds = logit(named.predict(rows, params))
        assert np.abs(explained.base + explained.parts.sum(axis=1) - odds).max() < 1e-9
        told = tell_reasons(named, rows, params)
        assert set(told["reason_code"].to_pylist()) == {"overdue"}
        assert set(told["customer_id"].to_pylist()) == set(rows.customer_id)


def test_parts_are_told_largest_first_and_are_those_of_the_log_odds(told, predictor, rows, params):
    added = sum_up(explain(predictor, rows, params))
    place = {customer: row for row, customer in enumerate(rows.customer_id)}
    codes = [reason.code for reason in REASONS]
    for customer, reasons in told.groupby("customer_id"):
        found = [added[place[customer], codes.index(code)] for code in reasons["reason_code"]]
        assert reasons["contribution"].tolist() == found
        assert (np.diff(np.abs(found)) <= 0).all()
    assert ((told["direction"] == "raises") == (told["contribution"] > 0)).all()


def test_no_reason_speaks_against_its_own_figure(told):
    """The side of the usual value is the one anybody would take it for, and the two don't look the same."""
    shown = told[told["peer_value"].notna()]
    assert len(shown) > 300
    columns = ["sentence", "value", "peer_value", "contribution"]
    for sentence, value, peer, part in shown[columns].itertuples(index=False):
        figure = find_figure(sentence)
        assert figure.speaks == EITHER or (value - peer) * figure.speaks * part > 0, sentence
        assert sentence.endswith("leaving." if part > 0 else "staying.")
        numbers, usual = sentence.split(";")
        assert numbers != usual


def test_values_are_the_customers_own_and_stand_in_the_sentence(told, current):
    overdue = told[told["sentence"].str.startswith("Last bought")].merge(current, on="customer_id")
    assert len(overdue) > 20
    assert (overdue["value"] == overdue["recency_days"]).all()
    assert overdue["peer_value"].nunique() == 1
    for sentence, days in zip(overdue["sentence"], overdue["recency_days"], strict=True):
        assert sentence.startswith(f"Last bought {days} day")


def test_of_the_figures_that_bear_a_reason_out_the_one_with_the_largest_part_tells(rows):
    """Four customers, of whom the parts and values of two figures are made up; usual is 4 days, and 1 gap."""
    places = [FEATURES.index(name) for name in ("recency_days", "recency_over_median_gap")]
    features, parts = rows.features[:4].copy(), np.zeros((4, len(MODEL_FEATURES)))
    features[:, places] = [(9, 3), (9, 3), (9, 0.5), (4.2, 1.01)]
    parts[:, places] = [(0.2, 0.5), (0.5, 0.2), (0.2, 0.5), (0.2, 0.5)]
    usual = np.full(len(MODEL_FEATURES), np.nan)
    usual[places] = 4, 1
    four = replace(rows.take(slice(0, 4)), features=features)
    added = parts.sum(axis=1)
    chosen, value, peer = _choose_figures(REASONS[0], Explained(0.0, parts, usual), four, added)
    # the third is not away for long by their own gap; the last looks the same as usual either way
    assert chosen.tolist() == [1, 0, 0, NOT_TOLD]
    assert value[:3].tolist() == [3, 9, 9]
    assert peer[:3].tolist() == [1, 4, 4]


def test_what_is_not_known_is_not_told(rows):
    discounts = next(reason for reason in REASONS if reason.code == "discounts")
    places = [FEATURES.index(figure.feature) for figure in discounts.figures]
    features, parts = rows.features[:1].copy(), np.zeros((1, len(MODEL_FEATURES)))
    features[:, places], parts[:, places] = [(np.nan, 0.3, 0.6)], [(0.5, 0.2, 0.1)]
    one = replace(rows.take(slice(0, 1)), features=features)
    explained = Explained(0.0, parts, np.full(len(MODEL_FEATURES), 0.1))
    chosen, value, _ = _choose_figures(discounts, explained, one, parts.sum(axis=1))
    assert (chosen.tolist(), value.tolist()) == ([1], [0.3])


def test_who_bears_out_nothing_is_told_how_long_it_has_been(model, rows, params):
    rule = replace(find_predictor(model, "churn_180d"), name="recency", typical_gap_days=9.0)
    due = rows.features.copy()
    due[:, FEATURES.index("recency_days")] = 9
    told = tell_reasons(rule, replace(rows, features=due), params).to_pandas()
    assert set(told["sentence"]) == {"Last bought 9 days ago. Nothing about them stands out."}
    assert len(told) == len(rows)
    assert (told["contribution"] == 0).all()
    assert told["peer_value"].isna().all()


def test_nothing_learnt_gives_no_reasons(current, params, as_of):
    assert train_churn(current, params, as_of, 30).tell_reasons(current).num_rows == 0
