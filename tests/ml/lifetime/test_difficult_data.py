"""Data on which other implementations fail, return nonsense, or divide by zero."""

from dataclasses import replace

import numpy as np
import pytest

from ml.lifetime import (
    BetaGeometricNBD,
    GammaGamma,
    InvalidHistoryError,
    LifetimeError,
    NotEstimableError,
    ParetoNBD,
    RegularNBD,
)
from ml.params import load_params
from tests.ml.lifetime.conftest import simulate_pareto


class ThreePhases(RegularNBD):
    """Clockwork, whatever the data."""

    def __init__(self, params=None):
        super().__init__(params, regularity=3)


ALL = (BetaGeometricNBD, ParetoNBD, RegularNBD, ThreePhases)


def _one_week():
    frequency, recency, age = (np.ceil(column) for column in simulate_pareto(300, 0.5, 2.0, 0.5, 4.0, 7))
    return np.minimum(frequency, recency), recency, age


def _reseller():
    frequency = np.r_[np.random.default_rng(2).poisson(0.5, 400), 100_000].astype(float)
    return frequency, np.where(frequency > 0, 5.0, 0.0), np.full(401, 10.0)


DIFFICULT = {
    "a week of history": _one_week(),
    "huge counts": simulate_pareto(300, 0.5, 0.0005, 0.5, 10, 50),
    "one huge count among small ones": _reseller(),
    "all rates alike": simulate_pareto(1000, 500, 5000, 0.5, 10, 50),
    "nobody leaves": simulate_pareto(1000, 0.5, 5, 1e-6, 1, 50),
    "everybody leaves at once": simulate_pareto(2000, 0.5, 1, 5, 1, 50),
    "one customer came back": (np.r_[np.zeros(99), 1], np.r_[np.zeros(99), 3.0], np.full(100, 10.0)),
    "all histories the same": (np.full(50, 4.0), np.full(50, 8.0), np.full(50, 10.0)),
    "one customer": (np.array([3.0]), np.array([8.0]), np.array([10.0])),
    "all bought today": (np.arange(1.0, 21), np.full(20, 10.0), np.full(20, 10.0)),
    "many came today for the first time": (np.r_[np.zeros(500), 2], np.r_[np.zeros(500), 4], np.r_[np.zeros(500), 9]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", DIFFICULT)
def test_a_fit_converges_and_predicts_sensibly(kind, name):
    columns = DIFFICULT[name]
    model = kind().fit(*columns)
    assert model.converged_
    assert np.isfinite(model.log_likelihood_)
    alive, predicted = model.probability_alive(*columns), model.predict(10, *columns)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert np.isfinite(predicted).all()
    assert (predicted >= 0).all()
    # Nobody is expected to buy much faster than the fastest has bought (one purchase more, for luck).
    fastest = ((columns[0] + 1) / np.maximum(columns[2], columns[2].max() / 4)).max()
    assert predicted.max() <= 10 * fastest * 2
    assert (model.predict(20, *columns) >= predicted).all()
    assert model.predict(0, *columns).max() == 0
    low, middle, high = (model.predict_quantile(share, 10, *columns) for share in (0.1, 0.5, 0.9))
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (high >= np.floor(predicted / 10)).all()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("name", ["all histories the same", "one customer", "one customer came back"])
def test_what_the_data_do_not_determine_is_told(kind, name):
    model = kind().fit(*DIFFICULT[name])
    assert model.explanation_.startswith(f"{model.NAME}: these customers hardly determine ")
    assert any(np.isnan(error) for error in model.standard_errors_.values())


@pytest.mark.parametrize("kind", ALL)
def test_without_a_repeat_purchase_there_is_nothing_to_estimate(kind):
    with pytest.raises(NotEstimableError, match="none of 70 customers has bought twice"):
        kind().fit(np.zeros(70), np.zeros(70), np.linspace(0, 30, 70))


def test_a_maximum_that_was_not_reached_is_told():
    model = ParetoNBD(replace(load_params().lifetime, max_iterations=1)).fit(*simulate_pareto(300, 0.5, 5, 0.5, 10, 50))
    assert not model.converged_
    assert "do not use these parameters" in model.explanation_


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((1, 5, 4), r"row 1 \(1, 5, 4\): recency exceeds age; 1 rows"),
        ((1, 0, 4), "merge purchases of one day"),
        ((0, 3, 4), "recency is above 0 without a repeat"),
        ((1.5, 3, 4), "frequency is no whole number"),
        ((-1, 0, 4), "frequency is negative"),
        ((1, 3, np.nan), "age is no number"),
    ],
)
def test_histories_that_contradict_themselves_are_refused(row, reason):
    columns = [np.array([good, bad]) for good, bad in zip((1.0, 2.0, 3.0), row, strict=True)]
    with pytest.raises(InvalidHistoryError, match=reason):
        BetaGeometricNBD().fit(*columns)


def test_wrong_calls_are_sentences():
    with pytest.raises(InvalidHistoryError, match="one length"):
        BetaGeometricNBD().fit([1, 2], [1], [2])
    with pytest.raises(InvalidHistoryError, match="there are no customers"):
        ParetoNBD().fit([], [], [])
    with pytest.raises(LifetimeError, match="call fit first"):
        ParetoNBD().predict(10, [1], [2], [3])
    with pytest.raises(LifetimeError, match="horizon is -1"):
        BetaGeometricNBD().fit([1, 2], [1, 3], [4, 5]).predict(-1, [1], [2], [3])
    with pytest.raises(LifetimeError, match="share is 50"):
        BetaGeometricNBD().fit([1, 2], [1, 3], [4, 5]).predict_quantile(50, 9, [1], [2], [3])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "mean_value",
    [
        np.random.default_rng(1).normal(100, 0.001, 200),
        np.random.default_rng(2).gamma(1, 100, 200) * 1e9,
        np.r_[np.random.default_rng(3).gamma(2, 10, 199), 1e9],
        np.r_[np.random.default_rng(4).gamma(2, 10, 190), -np.arange(10.0)],
    ],
    ids=["nearly the same values", "huge values", "one huge value", "refunds"],
)
def test_gamma_gamma_converges(mean_value):
    frequency = np.arange(200) % 7
    model = GammaGamma().fit(frequency, mean_value)
    assert model.converged_
    buyers = (frequency > 0) & (mean_value > 0)
    predicted = model.predict(frequency[buyers], mean_value[buyers])
    predicted = predicted[~np.isnan(predicted)]
    assert len(predicted)
    assert (predicted > 0).all()
    assert predicted.max() <= mean_value.max() * 3


def test_gamma_gamma_has_no_mean_where_values_vary_too_wildly():
    random = np.random.default_rng(5)
    model = GammaGamma().fit(random.integers(1, 5, 500), random.pareto(0.5, 500) + 1)
    assert model.params_["q"] < 1
    assert np.isnan(model.predict([0], [0])[0])


def test_gamma_gamma_refuses_what_can_not_be_told():
    with pytest.raises(NotEstimableError, match="of 3 customers 2 have repeat purchases"):
        GammaGamma().fit([0, 2, 1], [9.0, 5.0, 5.0])
    with pytest.raises(NotEstimableError, match="0 have repeat purchases"):
        GammaGamma().fit([0, 2], [9.0, -5.0])
    with pytest.raises(InvalidHistoryError, match="mean_value is no number in row 1"):
        GammaGamma().fit([1, 2], [9.0, np.inf])
