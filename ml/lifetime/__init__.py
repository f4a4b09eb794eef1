"""How often a customer will buy, whether they still are one, and what they spend: probability models.

Four estimators that need a few numbers per customer and no features:

- `BetaGeometricNBD` and `ParetoNBD`: purchases to come and the probability of being alive, from frequency, recency
  and age;
- `RegularNBD`: the same for customers who buy more or less like clockwork; `fit_regular` finds how much so;
- `GammaGamma`: the mean value of a purchase to come, from frequency and the mean value so far.

    model = ParetoNBD().fit(frequency, recency, age)        # arrays, one element per customer, times in one unit
    model.predict(39, frequency, recency, age)              # expected purchases in the next 39 units
    model.predict_quantile(0.5, 39, frequency, recency, age)
    model.probability_alive(frequency, recency, age)
    GammaGamma().fit(frequency, mean_value).predict(frequency, mean_value)

Each has `fit`, `predict`, `params_`, `standard_errors_`, `log_likelihood_`, `converged_` and `explanation_`.
"""

from ml.lifetime.beta_geometric import BetaGeometricNBD
from ml.lifetime.gamma_gamma import GammaGamma
from ml.lifetime.histories import InvalidHistoryError, LifetimeError
from ml.lifetime.maximum import NotEstimableError
from ml.lifetime.pareto import ParetoNBD
from ml.lifetime.regular import RegularNBD, fit_regular

__all__ = [
    "BetaGeometricNBD",
    "GammaGamma",
    "InvalidHistoryError",
    "LifetimeError",
    "NotEstimableError",
    "ParetoNBD",
    "RegularNBD",
    "fit_regular",
]
