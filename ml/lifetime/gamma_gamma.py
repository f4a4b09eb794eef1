"""Gamma-Gamma: what a customer spends per purchase, drawn towards everybody's mean the less has been seen of them.

Source: Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.
"""

from typing import Self

import numpy as np
from scipy.special import digamma, gammaln

from ml.lifetime.estimator import LifetimeEstimator
from ml.lifetime.histories import InvalidHistoryError, check_columns, sum_over
from ml.lifetime.maximum import LogLikelihood, NotEstimableError, maximise


class GammaGamma(LifetimeEstimator):
    """Gamma-gamma model of the mean value of purchases.

    Values are gamma with shape p around a customer's own mean; the rates of these gammas are gamma(q, v) over
    customers, v in units of money. It takes the number of purchases and their value to be unrelated.
    """

    NAMES = ("p", "q", "v")
    NAME = "Gamma-Gamma"

    def fit(self, frequency: np.ndarray, mean_value: np.ndarray) -> Self:
        """Find the parameters from customers with a repeat purchase (frequency > 0) and a mean value above 0.

        `mean_value` is the mean over the `frequency` purchases. Others are passed over: the model has no place for
        someone who was paid to buy.
        """
        frequency, mean_value = _check(frequency, mean_value)
        known = (frequency > 0) & (mean_value > 0)
        if len(np.unique(mean_value[known])) < 2:
            raise NotEstimableError(
                f"{self.NAME}: of {len(frequency):,} customers {int(known.sum()):,} have repeat purchases of some "
                "value, and all of the same; how values vary can't be told, use their mean"
            )
        scale = mean_value[known].mean()
        pairs, customers = np.unique(
            np.column_stack([frequency[known], mean_value[known] / scale]), axis=0, return_counts=True
        )
        step = -(-len(pairs) // self.params.start_histories)
        maximum = maximise(
            whole=_prepare(*pairs.T, customers),
            part=_prepare(*pairs[::step].T, customers[::step]),
            weights=(float(customers.sum()), float(customers[::step].sum())),
            starts=[(5.0, 3.0, 0.5), (1.0, 5.0, 4.0), (20.0, 2.0, 0.1), (0.5, 20.0, 40.0)],
            params=self.params,
        )
        # A density of mean values has a unit: 1 / money for each customer.
        log_likelihood = maximum.log_likelihood - customers.sum() * np.log(scale)
        self._keep(maximum, np.array([1.0, 1.0, scale]), log_likelihood)
        return self

    def predict(self, frequency: np.ndarray, mean_value: np.ndarray) -> np.ndarray:
        """The expected value of a purchase to come (equation 5 of the note).

        Someone without a repeat purchase gets everybody's mean, p v / (q - 1). NaN where there is no finite mean, which
        happens when q is below 1: values then vary too wildly for one.
        """
        p, q, v = self._fitted_values()
        frequency, mean_value = _check(frequency, mean_value)
        weight = p * frequency + q - 1
        with np.errstate(divide="ignore"):
            return np.where(weight > 0, p * (v + frequency * mean_value) / weight, np.nan)


def _check(frequency: np.ndarray, mean_value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean_value = np.asarray(mean_value, dtype=float)
    if not np.isfinite(mean_value).all():
        raise InvalidHistoryError(f"mean_value is no number in row {int(np.argmin(np.isfinite(mean_value)))}")
    frequency, mean_value = check_columns(frequency=frequency, mean_value=np.maximum(mean_value, 0.0))
    return frequency, mean_value


def _prepare(frequency: np.ndarray, mean_value: np.ndarray, customers: np.ndarray) -> LogLikelihood:
    """The log-likelihood (equation 1a of the note) and its gradient."""
    x, total = frequency, frequency * mean_value
    log_x, log_value = np.log(frequency), np.log(mean_value)

    def measure(logs: np.ndarray) -> tuple[float, np.ndarray]:
        p, q, v = np.exp(logs)
        shape, log_sum = p * x + q, np.log(v + total)
        terms = gammaln(shape) - gammaln(p * x) - gammaln(q) + q * logs[2] - log_value
        terms += p * x * (log_value + log_x) - shape * log_sum
        slope = np.array(
            [
                sum_over(customers, x * (digamma(shape) - digamma(p * x) + log_value + log_x - log_sum)),
                sum_over(customers, digamma(shape) - digamma(q) + logs[2] - log_sum),
                sum_over(customers, q / v - shape / (v + total)),
            ]
        )
        return sum_over(customers, terms), slope * np.exp(logs)

    return measure
