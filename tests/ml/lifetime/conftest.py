"""CDNOW's customers, and made-up ones whose parameters are known."""

from pathlib import Path

import numpy as np
import pytest

from ml.evaluation.purchases import CALIBRATION_ENDS, HOLDOUT_WEEKS, SAMPLE, WHOLE, read_cdnow, split_at

SHIPPED = Path(__file__).resolve().parents[3] / "datasets" / "data"


@pytest.fixture(scope="session")
def cohorts():
    """The sample and the whole file, split where the papers split them."""
    return {name: split_at(read_cdnow(SHIPPED, name), CALIBRATION_ENDS, HOLDOUT_WEEKS) for name in (SAMPLE, WHOLE)}


def simulate_pareto(customers, r, alpha, s, beta, longest_age, seed=5):
    """Histories drawn from the Pareto/NBD model: frequency, recency, age."""
    random = np.random.default_rng(seed)
    rate, leaving = random.gamma(r, 1 / alpha, customers), random.gamma(s, 1 / beta, customers)
    age = random.uniform(longest_age / 4, longest_age, customers)
    lived = np.minimum(random.exponential(1, customers) / np.maximum(leaving, 1e-300), age)
    frequency = random.poisson(rate * lived).astype(float)
    # The last of n moments spread evenly over the life.
    recency = np.where(frequency > 0, lived * random.random(customers) ** (1 / np.maximum(frequency, 1)), 0)
    return frequency, recency, age


def simulate_beta_geometric(customers, r, alpha, a, b, longest_age, seed=6):
    """Histories drawn from the BG/NBD model: frequency, recency, age."""
    random = np.random.default_rng(seed)
    rate, leaving = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    age = random.uniform(longest_age / 4, longest_age, customers)
    frequency, recency, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    is_buying = np.ones(customers, dtype=bool)
    while is_buying.any():
        now = now + random.exponential(1, customers) / np.maximum(rate, 1e-300)
        is_buying &= now <= age
        frequency, recency = frequency + is_buying, np.where(is_buying, now, recency)
        is_buying &= random.random(customers) > leaving
    return frequency, recency, age
