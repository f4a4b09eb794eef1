"""BG/NBD: customers buy at their own steady rate, and after each repeat purchase may leave for good.

Source: Fader, Hardie and Lee (2005), "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model",
Marketing Science 24(2), 275–284.
"""

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln

from ml.lifetime.estimator import PurchaseEstimator
from ml.lifetime.histories import Histories, sum_over
from ml.lifetime.maximum import LogLikelihood
from ml.lifetime.quadrature import average_over_beta


class BetaGeometricNBD(PurchaseEstimator):
    """Beta-geometric / negative binomial model.

    Purchase rates are gamma(r, alpha) over customers, alpha in units of time; the probability of leaving after a repeat
    purchase is beta(a, b). Customers who never came back count as alive, for only a repeat purchase can be the last.
    """

    NAMES = ("r", "alpha", "a", "b")
    NAME = "BG/NBD"
    IS_TIME = (False, True, False, False)

    def _list_starts(self, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.3, 0.3 / rate, 0.5, 2.0),
            (1.0, 1.0 / rate, 1.0, 5.0),
            (5.0, 5.0 / rate, 0.2, 2.0),
            (0.5, 0.1 / rate, 1.5, 1.5),
        ]

    def _prepare(self, histories: Histories) -> LogLikelihood:
        """The log-likelihood (equation 6 of the paper) and its gradient.

        What depends on the frequency alone is computed once per frequency; the rest, with the odds of having left
        over being alive, once per history.
        """
        counts, place = np.unique(histories.frequency, return_inverse=True)
        customers_of = np.bincount(place, histories.customers)
        blocks = histories.split()

        def measure(logs: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha, a, b = np.exp(logs)
            by_count = gammaln(r + counts) - gammaln(r) + r * logs[1] + betaln(a, b + counts) - betaln(a, b)
            sum_of_shapes = digamma(a + b) - digamma(a + b + counts)
            sums = sum(_sum_block(block, logs) for block in blocks)
            height = sum_over(customers_of, by_count) + sums[0]
            slope = [
                sum_over(customers_of, digamma(r + counts) - digamma(r) + logs[1]),
                customers_of.sum() * r / alpha,
                sum_over(customers_of, sum_of_shapes),
                sum_over(customers_of, sum_of_shapes + digamma(b + counts) - digamma(b)),
            ]
            return float(height), (slope + sums[1:]) * np.exp(logs)

        return measure

    def _probability_alive(self, histories: Histories) -> np.ndarray:
        """1 / (1 + odds of having left), as in Fader, Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD"."""
        r, alpha, a, b = self._scaled(histories)
        x = histories.frequency
        stretch = np.log((alpha + histories.age) / (alpha + histories.recency))
        log_odds = np.log(a / (b + np.maximum(x - 1, 0))) + (r + x) * stretch
        return np.where(x > 0, expit(-log_odds), 1.0)

    def _expect_if_alive(self, horizon: float, histories: Histories) -> np.ndarray:
        """Expected purchases of those alive.

        Equation 10 of the paper holds a hypergeometric function and divides by a - 1. It is the mean over the
        posterior beta(a, b + x) of what someone who leaves with probability p after a purchase is expected to buy,
        (1 - (1 + p t / (alpha + age))^-(r + x)) / p, and that is computed here: it has no gap at a = 1.
        """
        r, alpha, a, b = self._scaled(histories)
        shape = r + histories.frequency
        share = horizon / (alpha + histories.age)

        def expect(leaving: np.ndarray, rows: slice) -> np.ndarray:
            grown = np.log1p(leaving * share[rows, None])
            return -np.expm1(-shape[rows, None] * grown) / leaving

        return average_over_beta(expect, a, b + histories.frequency)

    def _exceed_if_alive(self, count: np.ndarray, horizon: float | np.ndarray, histories: Histories) -> np.ndarray:
        """Staying through `count` purchases and being due for one more; given a history the two are independent."""
        r, alpha, a, b = self._scaled(histories)
        x = histories.frequency
        staying = np.exp(betaln(a, b + x + count) - betaln(a, b + x))
        return staying * betainc(count + 1, r + x, horizon / (alpha + histories.age + horizon))


def _sum_block(block: Histories, logs: np.ndarray) -> np.ndarray:
    """What recency and age add to the log-likelihood, and to its derivatives by r, alpha, a and b."""
    r, alpha, a, b = np.exp(logs)
    x, earlier = block.frequency, np.maximum(block.frequency - 1, 0)
    since_last, since_first = alpha + block.recency, alpha + block.age
    to_age, shape = np.log(since_first), r + x
    stretch = to_age - np.log(since_last)
    log_odds = np.where(x > 0, logs[2] - np.log(b + earlier) + shape * stretch, -np.inf)
    # log(1 + odds) and odds / (1 + odds) by fast functions: logaddexp and expit take several times as long.
    small = np.exp(-np.abs(log_odds))
    log_sum = np.maximum(log_odds, 0) + np.log1p(small)
    gone = block.customers * np.where(log_odds > 0, 1, small) / (1 + small)
    return np.array(
        [
            sum_over(block.customers, log_sum - shape * to_age),
            sum_over(gone, stretch) - sum_over(block.customers, to_age),
            sum_over(gone - block.customers, shape / since_first) - sum_over(gone, shape / since_last),
            gone.sum() / a,
            -sum_over(gone, 1 / (b + earlier)),
        ]
    )
