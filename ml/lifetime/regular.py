"""MBG/CNBD-k: customers buy at their own rate, more or less like clockwork, and after each purchase may leave for good.

Source: Reutterer, Platzer and Schröder (2021), "Leveraging purchase regularity for predicting customer behavior the
easy way", International Journal of Research in Marketing 38(1), 194–215.
"""

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln, logsumexp

from ml.lifetime.estimator import PurchaseEstimator
from ml.lifetime.histories import Histories, sum_over
from ml.lifetime.maximum import LogLikelihood
from ml.lifetime.quadrature import average_over_beta
from ml.params import LifetimeParams


class RegularNBD(PurchaseEstimator):
    """Modified beta-geometric / condensed negative binomial model.

    The time between two purchases is the sum of `regularity` exponential phases (1: pure chance; 3 and more: like
    clockwork). Rates of phases are gamma(r, alpha) over customers, alpha in units of time; the probability of leaving
    after a purchase, the first among them, is beta(a, b).
    """

    NAMES = ("r", "alpha", "a", "b")
    NAME = "MBG/CNBD-k"
    IS_TIME = (False, True, False, False)

    def __init__(self, params: LifetimeParams | None = None, regularity: int = 1) -> None:
        """`regularity` is the number of phases between two purchases, 1 or more."""
        super().__init__(params)
        self.regularity = self.phases = regularity

    def measure_gaps(self, repeats: float, sum_log_gaps: float) -> float:
        """What to add to `log_likelihood_` before models of different regularity are compared.

        `repeats` is the number of repeat purchases of all customers, `sum_log_gaps` the sum of the logarithms of the
        times between purchases.
        """
        return float((self.regularity - 1) * sum_log_gaps - repeats * gammaln(self.regularity))

    def _list_starts(self, rate: float) -> list[tuple[float, ...]]:
        by_phase = 1 / (rate * self.regularity)
        return [
            (0.3, 0.3 * by_phase, 0.5, 2.0),
            (1.0, by_phase, 1.0, 20.0),
            (5.0, 5.0 * by_phase, 0.2, 2.0),
            (0.5, 0.1 * by_phase, 5.0, 50.0),
        ]

    def _prepare(self, histories: Histories) -> LogLikelihood:
        """The log-likelihood but for the gaps (`measure_gaps`), and its gradient."""
        counts, place = np.unique(histories.frequency, return_inverse=True)
        customers_of = np.bincount(place, histories.customers)
        customers, shapes = histories.customers, self.regularity * counts

        def measure(logs: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha, a, b = np.exp(logs)
            log_gone, log_alive, weights = self._weigh(histories, r, alpha, a, b)
            gone = expit(log_gone - log_alive)
            shape = (r + self.regularity * histories.frequency)[:, None] + np.arange(self.regularity)
            # derivatives of the logarithms of rising factorials, phase by phase
            rising = np.cumsum(1 / shape, axis=1) - 1 / shape
            since_last, since_first = alpha + histories.recency, alpha + histories.age
            by_r = np.sum(weights * rising, axis=1) - np.log(since_first)
            by_alpha = -np.sum(weights * shape, axis=1) / since_first
            by_count = gammaln(r + shapes) - gammaln(r) + r * logs[1] - betaln(a, b)
            of_both = digamma(a + b) - digamma(a + b + counts + 1)
            height = sum_over(customers_of, by_count) + sum_over(customers, np.logaddexp(log_gone, log_alive))
            total, left = customers.sum(), sum_over(customers, gone)
            slope = [
                sum_over(customers_of, digamma(r + shapes) - digamma(r) + logs[1])
                + sum_over(customers, by_r + gone * (-np.log(since_last) - by_r)),
                total * r / alpha + sum_over(customers, by_alpha + gone * (-shape[:, 0] / since_last - by_alpha)),
                sum_over(customers_of, of_both) + left / a,
                sum_over(customers_of, of_both - digamma(b))
                + sum_over(customers, digamma(b + histories.frequency) + (1 - gone) / (b + histories.frequency)),
            ]
            return float(height), np.array(slope) * np.exp(logs)

        return measure

    def _weigh(
        self, histories: Histories, r: float, alpha: float, a: float, b: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-likelihoods of having left and of being alive; for those alive, the odds of 0, 1 … phases since."""
        shape = r + self.regularity * histories.frequency
        phases = np.arange(self.regularity)
        waited = np.log(np.maximum(histories.age - histories.recency, 1e-300))[:, None]
        rising = np.log(shape[:, None] + phases[:-1])
        log_phases = phases * waited - gammaln(phases + 1) - phases * np.log(alpha + histories.age)[:, None]
        log_phases[:, 1:] += np.cumsum(rising, axis=1)
        log_sum = logsumexp(log_phases, axis=1)
        log_gone = betaln(a + 1, b + histories.frequency) - shape * np.log(alpha + histories.recency)
        log_alive = betaln(a, b + histories.frequency + 1) - shape * np.log(alpha + histories.age) + log_sum
        return log_gone, log_alive, np.exp(log_phases - log_sum[:, None])

    def _probability_alive(self, histories: Histories) -> np.ndarray:
        log_gone, log_alive, _ = self._weigh(histories, *self._scaled(histories))
        return expit(log_alive - log_gone)

    def _describe_phases(self, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
        """Of those alive: the shape of the posterior gamma of the rate of phases, and phases gone since the last."""
        gone_by = self._weigh(histories, *self._scaled(histories))[2] @ np.arange(self.regularity)
        r = self._scaled(histories)[0]
        return r + self.regularity * histories.frequency + gone_by, gone_by

    def _expect_if_alive(self, horizon: float, histories: Histories) -> np.ndarray:
        """Purchases at the customer's mean rate until leaving: exact for one phase, near for more (section 3.3)."""
        _, alpha, a, b = self._scaled(histories)
        shape, _ = self._describe_phases(histories)
        share = horizon / (self.regularity * (alpha + histories.age))

        def expect(leaving: np.ndarray, rows: slice) -> np.ndarray:
            grown = np.log1p(leaving * share[rows, None])
            return -np.expm1(-shape[rows, None] * grown) / leaving

        return average_over_beta(expect, a, b + histories.frequency + 1)

    def _exceed_if_alive(self, count: np.ndarray, horizon: float | np.ndarray, histories: Histories) -> np.ndarray:
        """Staying through `count` purchases, and enough phases for one more."""
        _, alpha, a, b = self._scaled(histories)
        shape, gone_by = self._describe_phases(histories)
        stayed = b + histories.frequency + 1
        staying = np.exp(betaln(a, stayed + count) - betaln(a, stayed))
        phases = self.regularity * (count + 1) - gone_by
        return staying * betainc(phases, shape, horizon / (alpha + histories.age + horizon))


def fit_regular(
    frequency: np.ndarray,
    recency: np.ndarray,
    age: np.ndarray,
    sum_log_gaps: float,
    params: LifetimeParams,
) -> RegularNBD:
    """The model of the regularity these customers show: the most likely of 1 to `most_regularity` phases.

    Arrays as for `fit`; `sum_log_gaps` as for `measure_gaps`. More phases are tried as long as they are likelier.
    """
    repeats, best, likeliest = float(np.sum(frequency)), None, -np.inf
    for regularity in range(1, params.most_regularity + 1):
        model = RegularNBD(params, regularity).fit(frequency, recency, age)
        likelihood = model.log_likelihood_ + model.measure_gaps(repeats, sum_log_gaps)
        if best is not None and not (model.converged_ and likelihood > likeliest):
            break
        best, likeliest = model, likelihood
    return best
