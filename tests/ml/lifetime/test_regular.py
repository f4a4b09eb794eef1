"""MBG/CNBD-k: its likelihood by integration, its gradient, and the regularity found in made-up customers."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

from ml.lifetime import ParetoNBD, RegularNBD, fit_regular
from ml.lifetime.histories import group_histories
from ml.params import load_params

PARAMS = load_params().lifetime


def simulate_regular(customers, r, alpha, a, b, phases, age, seed=7):
    """Frequency, recency, age, the sum of the logarithms of the gaps, rates, and who is alive."""
    random = np.random.default_rng(seed)
    rate, leave = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    frequency, recency, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    logs, alive = 0.0, random.random(customers) > leave
    is_buying = alive.copy()
    while is_buying.any():
        gap = random.gamma(phases, 1, customers) / rate
        is_buying &= now + gap <= age
        logs += np.log(gap[is_buying]).sum()
        now = np.where(is_buying, now + gap, now)
        frequency, recency = frequency + is_buying, np.where(is_buying, now, recency)
        leaves = is_buying & (random.random(customers) <= leave)
        alive &= ~leaves
        is_buying &= ~leaves
    return frequency, recency, np.full(customers, float(age)), logs, rate / phases, alive


@pytest.mark.parametrize("phases", [1, 2, 4])
@pytest.mark.parametrize("history", [(0, 0.0, 5.0), (3, 4.0, 6.0)])
def test_the_likelihood_is_the_mean_over_everybodys_rates(phases, history):
    r, alpha, a, b = 1.4, 2.0, 1.2, 3.0
    x, recency, age = history

    def weigh(rate, leave):
        waited = rate * (age - recency)
        terms = waited ** np.arange(phases) / np.array([1, 1, 2, 6])[:phases]
        stays = leave + (1 - leave) * np.exp(-waited) * terms.sum()
        likelihood = (1 - leave) ** x * rate ** (phases * x) * np.exp(-rate * recency) * stays
        return likelihood * gamma_distribution.pdf(rate, r, scale=1 / alpha) * beta_distribution.pdf(leave, a, b)

    whole = dblquad(weigh, 0, 1, 0, 30)[0]
    histories = group_histories(*(np.array([value], dtype=float) for value in history))
    model = RegularNBD(PARAMS, phases)
    logs = np.log([r, alpha / histories.scale, a, b])
    found = model._prepare(histories)(logs)[0] - phases * x * np.log(histories.scale)
    assert np.exp(found) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("phases", [1, 2, 5])
def test_the_gradient_is_that_of_the_likelihood(phases):
    histories = group_histories(*simulate_regular(200, 1.2, 8, 0.6, 6, 2, 100)[:3])
    measure, logs, step = RegularNBD(PARAMS, phases)._prepare(histories), np.log([1.1, 0.4, 0.7, 5.0]), 1e-6
    for place, slope in enumerate(measure(logs)[1]):
        move = step * np.eye(4)[place]
        difference = (measure(logs + move)[0] - measure(logs - move)[0]) / (2 * step)
        assert slope == pytest.approx(difference, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("phases", [1, 3])
def test_the_regularity_and_the_parameters_of_made_up_customers_are_found(phases):
    *columns, logs, _, _ = simulate_regular(4000, 1.5, 10, 0.8, 8, phases, 200)
    model = fit_regular(*columns, logs, PARAMS)
    assert model.regularity == phases
    for name, truth in {"r": 1.5, "alpha": 10, "a": 0.8, "b": 8}.items():
        assert abs(model.params_[name] - truth) < 4 * model.standard_errors_[name] < truth, name


def test_clockwork_customers_are_told_apart_better_than_by_pareto():
    *columns, logs, _, alive = simulate_regular(4000, 1.5, 10, 0.8, 8, 3, 200)
    model, pareto = fit_regular(*columns, logs, PARAMS), ParetoNBD().fit(*columns)
    losses = []
    for fitted in (model, pareto):
        probability = np.clip(fitted.probability_alive(*columns), 1e-9, 1 - 1e-9)
        losses.append(-np.log(np.where(alive, probability, 1 - probability)).mean())
    assert losses[0] < 0.9 * losses[1]


def test_expected_purchases_are_those_that_come():
    """The same customers live on for 60 more units; the expectation is an approximation for more than one phase."""
    frequency, recency, _, logs, *_ = simulate_regular(6000, 1.5, 10, 0.8, 8, 3, 140)
    later = simulate_regular(6000, 1.5, 10, 0.8, 8, 3, 200)[0]
    model = fit_regular(frequency, recency, np.full(6000, 140.0), logs, PARAMS)
    expected = model.predict(60, frequency, recency, np.full(6000, 140.0))
    assert expected.sum() == pytest.approx((later - frequency).sum(), rel=0.08)
    exceeded = [model.predict_quantile(share, 60, frequency, recency, np.full(6000, 140.0)) for share in (0.1, 0.9)]
    inside = ((later - frequency) >= exceeded[0]) & ((later - frequency) <= exceeded[1])
    assert 0.78 < inside.mean() < 0.97
