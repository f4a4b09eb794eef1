"""Measures by hand, and their intervals."""

import numpy as np
import pytest

from ml.evaluation.measures import measure_best_found, measure_bias, measure_error
from ml.params import load_params

PARAMS = load_params().churn


def test_error_and_bias_by_hand():
    predicted, happened = np.array([1.0, 1, 2, 3]), np.array([2.0, 1, 4, 4])
    assert measure_error(predicted, happened, PARAMS).value == (1 + 0 + 2 + 1) / 4
    assert measure_bias(predicted, happened, PARAMS).value == pytest.approx(7 / 11 - 1)


def test_best_found_counts_those_in_both_fifths():
    spend = np.array([9, 8, 0, 1, 2, 3, 0, 0, 0, 0])
    value = np.array([5, 1, 4, 0, 0, 0, 0, 0, 0, 0])
    assert measure_best_found(value, spend, PARAMS).value == 0.5


def test_a_perfect_prediction_has_no_interval_and_a_blind_one_finds_a_fifth():
    spend, nothing = np.random.default_rng(1).random((2, 3000))
    perfect, blind = measure_best_found(spend, spend, PARAMS), measure_best_found(nothing, spend, PARAMS)
    assert (perfect.low95, perfect.value, perfect.high95) == pytest.approx((1, 1, 1))
    assert blind.low95 < 0.2 < blind.high95


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    error = np.random.default_rng(2).normal(0, 1, 4000)
    measured = measure_error(error, np.zeros(4000), PARAMS)
    half = 1.96 * np.abs(error).std() / np.sqrt(4000)
    assert measured.high95 - measured.value == pytest.approx(half, rel=0.15)
    assert measured.value - measured.low95 == pytest.approx(half, rel=0.15)
