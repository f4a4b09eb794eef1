"""What a lifetime model makes of each customer's rhythm: features beside those of the table."""

from dataclasses import dataclass

import numpy as np

from ml.churn.features import FeatureRows
from ml.lifetime import BetaGeometricNBD, LifetimeError

RHYTHM_FEATURES = ("probability_alive", "expected_purchase_rate")

# Parameters of a whole shop are known as well from so many customers.
MOST_HISTORIES = 20_000


@dataclass(frozen=True)
class Rhythm:
    """BG/NBD as fitted on the histories of one date; None where these can't determine it."""

    model: BetaGeometricNBD | None

    def describe(self, rows: FeatureRows) -> np.ndarray:
        """Two columns for each row: the probability that the customer is alive, and purchase days a day to expect.

        NaN where there is no model.
        """
        if self.model is None or len(rows) == 0:
            return np.full((len(rows), len(RHYTHM_FEATURES)), np.nan)
        frequency, recency, age = read_histories(rows)
        alive = self.model.probability_alive(frequency, recency, age)
        shape, rate = self.model.params_["r"], self.model.params_["alpha"]
        # the last digits depend on who else is asked about, and a tree may split between them
        return np.round(np.column_stack([alive, alive * (shape + frequency) / (rate + age)]), 9)


def fit_rhythm(rows: FeatureRows) -> Rhythm:
    """Fit on the latest date among the rows, on a sample of customers that the hash of their id chooses."""
    latest = np.flatnonzero(rows.as_of_on == rows.as_of_on.max())
    chosen = latest[np.argsort(rows.customer_hash[latest], kind="stable")[:MOST_HISTORIES]]
    try:
        model = BetaGeometricNBD().fit(*read_histories(rows.take(chosen)))
    except LifetimeError:
        return Rhythm(None)
    return Rhythm(model if model.converged_ else None)


def read_histories(rows: FeatureRows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frequency, recency and age in days, as lifetime models count them."""
    age = rows.column("tenure_days")
    return rows.column("purchase_days_total") - 1, age - rows.column("recency_days"), age
