"""Fitting: the truth is found again, gradients are right, units do not matter."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad
from threadpoolctl import threadpool_limits

from ml.lifetime import BetaGeometricNBD, GammaGamma, ParetoNBD
from ml.lifetime.gamma_gamma import _prepare
from ml.lifetime.histories import group_customers, group_histories
from ml.params import load_params
from tests.ml.lifetime.conftest import simulate_beta_geometric, simulate_pareto

DRAWN = [
    (BetaGeometricNBD, simulate_beta_geometric, {"r": 0.6, "alpha": 5.0, "a": 1.2, "b": 3.0}),
    (ParetoNBD, simulate_pareto, {"r": 0.8, "alpha": 6.0, "s": 0.9, "beta": 12.0}),
]


@pytest.mark.parametrize(("kind", "draw", "truth"), DRAWN)
def test_the_true_parameters_lie_within_the_errors_told(kind, draw, truth):
    misses = []
    for seed in range(10):
        model = kind().fit(*draw(800, *truth.values(), longest_age=60, seed=seed))
        misses += [
            (np.log(model.params_[name]) - np.log(value)) / (model.standard_errors_[name] / model.params_[name])
            for name, value in truth.items()
        ]
    # Forty misses in units of the errors told; with right errors they are standard normal.
    assert 0.7 < np.std(misses) < 1.35
    assert np.abs(misses).max() < 4


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(("kind", "draw", "truth"), DRAWN)
def test_gradients(kind, draw, truth, scale):
    measure = kind()._prepare(group_histories(*draw(50, *truth.values(), longest_age=60)))
    point = np.log(np.array(list(truth.values())) * scale)
    slope = measure(point)[1]
    # The differences lose digits of a sum of several hundred.
    assert check_grad(lambda logs: measure(logs)[0], lambda logs: measure(logs)[1], point, epsilon=1e-6) < 1e-4 * (
        1 + np.abs(slope).max()
    )


def test_gradient_of_gamma_gamma():
    measure = _prepare(np.array([1.0, 4, 30]), np.array([3.0, 0.2, 1.1]), np.array([2.0, 1, 1]))
    point = np.log([3.0, 2.0, 0.7])
    assert check_grad(lambda logs: measure(logs)[0], lambda logs: measure(logs)[1], point) < 1e-4


@pytest.mark.parametrize(("kind", "draw", "truth"), DRAWN)
def test_the_unit_of_time_does_not_matter(kind, draw, truth):
    frequency, recency, age = draw(500, *truth.values(), longest_age=60)
    weeks = kind().fit(frequency, recency, age)
    seconds = kind().fit(frequency, recency * 604_800, age * 604_800)
    assert seconds.params_["alpha"] == pytest.approx(weeks.params_["alpha"] * 604_800, rel=1e-4)
    ours, theirs = (
        weeks.predict(39, frequency, recency, age),
        seconds.predict(39 * 604_800, frequency, recency * 604_800, age * 604_800),
    )
    assert theirs == pytest.approx(ours, rel=1e-4)
    shift = frequency.sum() * np.log(604_800)
    assert seconds.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift, abs=0.01)


def test_grouping_leads_back_to_each_customer():
    frequency, recency, age = np.array([2.0, 0, 2, 1]), np.array([3.0, 0, 3, 3]), np.array([9.0, 9, 9, 9])
    histories, of_customer = group_customers(frequency, recency, age)
    assert len(histories) == 3
    assert histories.customers.tolist() == [1, 1, 2]
    assert histories.frequency[of_customer].tolist() == frequency.tolist()
    assert (histories.recency * histories.scale)[of_customer].tolist() == recency.tolist()
    predicted = BetaGeometricNBD().fit(frequency, recency, age).predict(5, frequency, recency, age)
    assert predicted[0] == predicted[2]


@pytest.mark.parametrize(("kind", "draw", "truth"), DRAWN)
def test_the_same_data_give_the_same_bytes_on_one_thread_and_two(kind, draw, truth):
    drawn = draw(20_000, *truth.values(), longest_age=60)
    told = []
    for threads in (1, 2, 2):
        with threadpool_limits(limits=threads):
            model = kind().fit(*drawn)
            told.append((model.params_, model.standard_errors_, model.predict(39, *drawn).tobytes()))
    assert told[0] == told[1] == told[2]


def test_thinned_starts_reach_the_same_parameters():
    drawn = simulate_beta_geometric(4000, 0.6, 5.0, 1.2, 3.0, longest_age=60)
    whole = BetaGeometricNBD().fit(*drawn)
    thinned = BetaGeometricNBD(replace(load_params().lifetime, start_histories=200))
    assert len(group_histories(*drawn)) > 200
    assert thinned.fit(*drawn).params_ == pytest.approx(whole.params_, rel=1e-3)


def test_spend_is_drawn_towards_the_mean_of_all():
    random = np.random.default_rng(3)
    frequency = random.integers(1, 9, 1000)
    mean_value = random.gamma(5 * frequency, 1 / frequency) / random.gamma(4, 1 / 15, 1000)
    model = GammaGamma().fit(frequency, mean_value)
    everybody, once, often = model.predict([0, 1, 50], [0, 100, 100])
    assert everybody < once < often < 100
