"""Likelihoods, probabilities and expectations against integration over what nobody sees: each customer's own rates.

The models' definitions are written out for one customer with known rates, and averaged over a dense grid of rates; none
of the formulas under test is used.
"""

from functools import cache, partial

import numpy as np
import pytest
from scipy.special import hyp2f1
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

from ml.lifetime import BetaGeometricNBD, GammaGamma, ParetoNBD
from tests.ml.lifetime.conftest import simulate_beta_geometric, simulate_pareto

HORIZON = 6.0


def _average_beta_geometric(own, r, alpha, a, b):
    return _average(own, _lay_grid(gamma_distribution, r, 1 / alpha), _lay_grid(beta_distribution, a, b))


def _average_pareto(own, r, alpha, s, beta):
    return _average(own, _lay_grid(gamma_distribution, r, 1 / alpha), _lay_grid(gamma_distribution, s, 1 / beta))


def _average(own, rates, leaving):
    return rates[1] @ own(rates[0][:, None], leaving[0][None, :]) @ leaving[1]


@cache
def _lay_grid(distribution, first, second):
    """Points and weights; the fourth power draws points towards 0, where densities rise steeply."""
    frozen = distribution(first, second) if distribution is beta_distribution else distribution(first, scale=second)
    nodes, weights = np.polynomial.legendre.leggauss(150)
    place, most = (nodes + 1) / 2, frozen.isf(1e-14)
    return most * place**4, weights / 2 * 4 * most * place**3 * frozen.pdf(most * place**4)


def _beta_geometric_alive(x, recency, age, rate, leave):
    return (1 - leave) ** x * rate**x * np.exp(-rate * age)


def _beta_geometric_gone(x, recency, age, rate, leave):
    return (x > 0) * leave * (1 - leave) ** (x - 1) * rate**x * np.exp(-rate * recency)


def _beta_geometric_to_come(rate, leave):
    return (1 - np.exp(-rate * leave * HORIZON)) / leave


def _pareto_alive(x, recency, age, rate, leave):
    return rate**x * np.exp(-(rate + leave) * age)


def _pareto_gone(x, recency, age, rate, leave):
    both = rate + leave
    return rate**x * leave / both * (np.exp(-both * recency) - np.exp(-both * age))


def _pareto_to_come(rate, leave):
    return rate * (1 - np.exp(-leave * HORIZON)) / leave


MODELS = [
    (
        BetaGeometricNBD,
        partial(simulate_beta_geometric, 200, 2.0, 3.0, 1.5, 4.0, 10),
        (_beta_geometric_alive, _beta_geometric_gone, _beta_geometric_to_come, _average_beta_geometric),
        {"r": 2.0, "alpha": 3.0, "a": 1.5, "b": 4.0},
    ),
    (
        ParetoNBD,
        partial(simulate_pareto, 200, 2.0, 3.0, 1.5, 8.0, 10),
        (_pareto_alive, _pareto_gone, _pareto_to_come, _average_pareto),
        {"r": 2.0, "alpha": 3.0, "s": 1.5, "beta": 8.0},
    ),
]


@pytest.mark.parametrize(("kind", "draw", "definition", "parameters"), MODELS)
def test_against_integration(kind, draw, definition, parameters):
    alive, gone, to_come, average = definition
    columns = [column[:20] for column in draw()]
    assert {0, 1} < set(columns[0])
    model = kind()
    model.params_ = parameters
    predicted, probability = model.predict(HORIZON, *columns), model.probability_alive(*columns)
    for row, history in enumerate(zip(*columns, strict=True)):
        still = average(partial(alive, *history), **parameters)
        left = average(partial(gone, *history), **parameters)
        coming = average(lambda rate, leave, h=history: alive(*h, rate, leave) * to_come(rate, leave), **parameters)
        assert probability[row] == pytest.approx(still / (still + left), rel=1e-6)
        assert predicted[row] == pytest.approx(coming / (still + left), rel=1e-6)


@pytest.mark.parametrize(("kind", "draw", "definition", "parameters"), MODELS)
def test_the_fitted_log_likelihood_against_integration(kind, draw, definition, parameters):
    alive, gone, _, average = definition
    columns = draw()
    model = kind().fit(*columns)
    likelihoods = [
        average(lambda *own, h=history: alive(*h, *own) + gone(*h, *own), **model.params_)
        for history in zip(*columns, strict=True)
    ]
    assert model.log_likelihood_ == pytest.approx(np.log(likelihoods).sum(), abs=1e-4)


@pytest.mark.parametrize(("kind", "draw", "definition", "parameters"), MODELS)
def test_quantiles_average_to_the_expectation(kind, draw, definition, parameters):
    columns = [column[:20] for column in draw()]
    model = kind()
    model.params_ = parameters
    shares = (np.arange(1000) + 0.5) / 1000
    quantiles = np.array([model.predict_quantile(share, HORIZON, *columns) for share in shares])
    assert (np.diff(quantiles, axis=0) >= 0).all()
    assert quantiles.mean(axis=0) == pytest.approx(model.predict(HORIZON, *columns), abs=0.003)


@pytest.mark.parametrize("a", [0.4, 1.0, 1.0 + 1e-9, 3.0])
def test_bg_nbd_expectation_against_the_papers_equation(a):
    r, alpha, b, horizon = 0.243, 4.414, 2.426, 39.0
    x, recency, age = np.array([0.0, 1, 2, 26, 60]), np.array([0, 5, 30.0, 30.86, 36]), np.array([20, 39, 31, 31, 36.5])
    model = BetaGeometricNBD()
    model.params_ = {"r": r, "alpha": alpha, "a": a, "b": b}
    near = a if abs(a - 1) > 1e-3 else 1 + 1e-5  # the equation divides by a - 1
    hyper = hyp2f1(r + x, b + x, near + b + x - 1, horizon / (alpha + age + horizon))
    top = (near + b + x - 1) / (near - 1) * (1 - ((alpha + age) / (alpha + age + horizon)) ** (r + x) * hyper)
    odds = np.where(x > 0, a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x), 0)
    assert model.predict(horizon, x, recency, age) == pytest.approx(top / (1 + odds), rel=1e-4 if near != a else 1e-9)


def test_gamma_gamma_against_simulation():
    random = np.random.default_rng(11)
    p, q, v, customers = 6.0, 4.0, 15.0, 400_000
    rate = random.gamma(q, 1 / v, customers)
    spent = random.gamma(3 * p, 1, customers) / (3 * rate)
    model = GammaGamma()
    model.params_ = {"p": p, "q": q, "v": v}
    near = np.abs(spent - 40) < 1
    assert model.predict([3], [40])[0] == pytest.approx((p / rate[near]).mean(), rel=0.01)
    assert model.predict([0], [0])[0] == pytest.approx((p / rate).mean(), rel=0.01)
