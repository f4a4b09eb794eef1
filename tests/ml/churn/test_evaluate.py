"""Metrics against scikit-learn and hand counts; intervals; grades."""

from dataclasses import astuple

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from ml.churn.evaluate import METRICS, Measured, Told, choose_rule, draw_weights, grade_model, measure, measure_days


@pytest.fixture(scope="module")
def judged():
    random = np.random.default_rng(3)
    probability = np.round(random.random(600) * 0.9 + 0.05, 2)
    return (random.random(600) < probability).astype(float), probability


def test_values_agree_with_scikit_learn(judged, params):
    outcome, probability = judged
    measured = measure(outcome, probability, probability, params)
    assert measured["auc"].value == pytest.approx(roc_auc_score(outcome, probability))
    assert measured["log_loss"].value == pytest.approx(log_loss(outcome, probability))
    assert measured["brier"].value == pytest.approx(brier_score_loss(outcome, probability))


def test_calibration_error_by_hand(params):
    outcome = np.array([1.0, 0.0, 1.0, 1.0])
    probability = np.array([0.52, 0.58, 0.91, 0.95])
    # Bin 0.5-0.6: mean 0.55 against 0.5; bin 0.9-1: mean 0.93 against 1; both hold half the rows.
    measured = measure(outcome, probability, probability, params)
    assert measured["ece"].value == pytest.approx(0.5 * 0.05 + 0.5 * 0.07)


def test_recall_shares_out_a_tie_at_the_line(params):
    outcome = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    rank = np.array([9.0, 5.0, 5.0, 5.0, 1.0])
    # Two churners, so two are named: the first, and one of three equals of whom one churned.
    measured = measure(outcome, rank, np.full(5, 0.4), params)
    assert measured["recall_at_churners"].value == pytest.approx((1 + 1 / 3) / 2)


def test_intervals_hold_the_value_and_repeat_exactly(judged, params):
    outcome, probability = judged
    first = measure(outcome, probability, probability, params)
    assert first == measure(outcome, probability, probability, params)
    for metric in METRICS:
        assert first[metric].low95 < first[metric].value < first[metric].high95


def test_days_are_measured_one_by_one_and_weighed_by_their_customers(judged, params):
    outcome, probability = judged
    first, second = slice(0, 400), slice(400, 600)
    days = [Told(np.arange(400), *(column[first] for column in (outcome, probability, probability)))]
    days += [Told(np.arange(200), *(column[second] for column in (outcome, probability, probability)))]
    together = measure_days(days, params)
    alone = [measure(outcome[part], probability[part], probability[part], params) for part in (first, second)]
    for metric in METRICS:
        expected = (2 * alone[0][metric].value + alone[1][metric].value) / 3
        assert together[metric].value == pytest.approx(expected)


def test_a_customer_is_drawn_with_all_their_days(judged, params):
    outcome, probability = judged
    day = Told(np.arange(600), outcome, probability, probability)
    once, twice = measure_days([day], params), measure_days([day, day], params)
    # the same day again is no new evidence, so the intervals stay as wide as they were
    for metric in METRICS:
        assert astuple(twice[metric]) == pytest.approx(astuple(once[metric]))


def test_each_resample_draws_as_many_customers_as_there_are(params, monkeypatch):
    monkeypatch.setattr("ml.churn.evaluate.BLOCK_NUMBERS", 50 * 7)
    blocks = list(draw_weights(50, params))
    assert len(blocks) > 1
    weights = np.concatenate(blocks)
    assert weights.shape == (params.bootstrap_resamples, 50)
    assert (weights.sum(axis=1) == 50).all()


def _numbers(recall: float, auc_low: float = 0.6, loss: float = 0.5) -> dict[str, Measured]:
    return {
        "auc": Measured(auc_low + 0.05, auc_low, auc_low + 0.1),
        "log_loss": Measured(loss, loss, loss),
        "recall_at_churners": Measured(recall, recall, recall),
    }


@pytest.mark.parametrize(
    ("recall", "auc_low", "grade"),
    [(0.56, 0.6, "A"), (0.51, 0.6, "B"), (0.50, 0.6, "C"), (0.40, 0.6, "C"), (0.90, 0.5, "C")],
)
def test_grade_compares_with_the_best_rule(params, recall, auc_low, grade):
    rules = {"recency": _numbers(0.5), "recency_over_median_gap": _numbers(0.3)}
    assert grade_model(_numbers(recall, auc_low), rules, params) == grade


def test_a_model_that_orders_customers_worse_than_a_rule_is_c(params):
    rules = {"recency": _numbers(0.5), "recency_over_median_gap": _numbers(0.3, auc_low=0.7)}
    assert grade_model(_numbers(0.9), rules, params) == "C"


def test_of_equal_rules_the_better_probabilities_win():
    rules = {"recency": _numbers(0.5, loss=0.6), "recency_over_median_gap": _numbers(0.5, loss=0.4)}
    assert choose_rule(rules) == "recency_over_median_gap"
