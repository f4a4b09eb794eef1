"""Pareto/NBD: customers buy at their own steady rate until, at a moment nobody sees, they leave for good.

Sources: Schmittlein, Morrison and Colombo (1987), "Counting Your Customers: Who Are They and What Will They Do Next?",
Management Science 33(1), 1–24; Fader and Hardie (2005), "A Note on Deriving the Pareto/NBD Model and Related
Expressions", brucehardie.com/notes/009.
"""

import numpy as np
from scipy.special import betainc, digamma, expit, exprel, gammaln

from ml.lifetime.estimator import PurchaseEstimator
from ml.lifetime.histories import Histories, sum_over
from ml.lifetime.maximum import LogLikelihood
from ml.lifetime.quadrature import find_legendre_nodes

_NEGLIGIBLE = 45.0  # an integrand smaller than its greatest value by e to this power adds nothing


class ParetoNBD(PurchaseEstimator):
    """Pareto / negative binomial model.

    Purchase rates are gamma(r, alpha) over customers, rates of leaving gamma(s, beta); alpha and beta in units of time.
    """

    NAMES = ("r", "alpha", "s", "beta")
    NAME = "Pareto/NBD"
    IS_TIME = (False, True, False, True)

    def _list_starts(self, rate: float) -> list[tuple[float, ...]]:
        return [
            (0.5, 0.3 / rate, 0.5, 0.5),
            (1.0, 1.0 / rate, 1.0, 2.0),
            (5.0, 5.0 / rate, 0.3, 1.0),
            (0.5, 0.2 / rate, 2.0, 1.0),
        ]

    def _prepare(self, histories: Histories) -> LogLikelihood:
        """The log-likelihood (equation 17 of the note of 2005) and its gradient."""
        counts, place = np.unique(histories.frequency, return_inverse=True)
        customers_of = np.bincount(place, histories.customers)
        x, age, customers = histories.frequency, histories.age, histories.customers

        def measure(logs: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha, s, beta = np.exp(logs)
            log_alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
            log_gone, slopes_gone = _integrate_leaving(histories, r, alpha, s, beta)
            alive = expit(log_alive - log_gone)
            by_count = gammaln(r + counts) - gammaln(r) + r * logs[1] + s * logs[3]
            height = sum_over(customers_of, by_count) + sum_over(customers, np.logaddexp(log_alive, log_gone))
            total = customers.sum()
            slopes_alive = np.array(
                [-np.log(alpha + age), -(r + x) / (alpha + age), -np.log(beta + age), -s / (beta + age)]
            )
            slope = np.sum((slopes_alive * alive + slopes_gone * (1 - alive)) * customers, axis=1)
            slope[0] += sum_over(customers_of, digamma(r + counts) - digamma(r)) + total * logs[1]
            slope[1:] += total * np.array([r / alpha, logs[3], s / beta])
            return float(height), slope * np.exp(logs)

        return measure

    def _probability_alive(self, histories: Histories) -> np.ndarray:
        r, alpha, s, beta = self._scaled(histories)
        age = histories.age
        log_alive = -(r + histories.frequency) * np.log(alpha + age) - s * np.log(beta + age)
        return expit(log_alive - _integrate_leaving(histories, r, alpha, s, beta)[0])

    def _expect_if_alive(self, horizon: float, histories: Histories) -> np.ndarray:
        """Equation 41 of the note of 2005 without the probability of being alive; `exprel` closes its gap at s = 1."""
        r, alpha, s, beta = self._scaled(histories)
        later = np.log1p(horizon / (beta + histories.age))
        lasting = (beta + histories.age) * later * exprel(-(s - 1) * later)
        return (r + histories.frequency) / (alpha + histories.age) * lasting

    def _exceed_if_alive(self, count: np.ndarray, horizon: float | np.ndarray, histories: Histories) -> np.ndarray:
        """Purchases until leaving or the horizon, whichever is first, averaged over the moment of leaving."""
        r, alpha, s, beta = self._scaled(histories)
        since_alpha, since_beta = alpha + histories.age, beta + histories.age
        stays = (1 + horizon / since_beta) ** -s
        nodes, weights = find_legendre_nodes()

        def exceed(time: np.ndarray) -> np.ndarray:
            return betainc(count + 1, r + histories.frequency, time / (since_alpha + time))

        total = stays * exceed(np.broadcast_to(horizon, len(histories)))
        for node, weight in zip(nodes, weights, strict=True):
            leaving = since_beta * np.expm1(-np.log(stays + (1 - stays) * node) / s)
            total += (1 - stays) * weight * exceed(np.minimum(leaving, horizon))
        return total


def _integrate_leaving(
    histories: Histories, r: float, alpha: float, s: float, beta: float
) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the likelihood of having left between the last purchase and now, and its four derivatives.

    The papers write this integral of s (alpha + y)^-(r + x) (beta + y)^-(s + 1) over the moment of leaving y as a
    difference of two hypergeometric functions, which cancel or overflow for many purchases. It is summed here over
    Gauss nodes in v, where y = recency + step (e^v - 1) and step is the time in which the integrand falls to about
    1/e: in v it is smooth at any frequency.
    """
    parts = [_integrate_block(block, r, alpha, s, beta) for block in histories.split()]
    return np.concatenate([logs for logs, _ in parts]), np.concatenate([slopes for _, slopes in parts], axis=1)


def _integrate_block(block: Histories, r: float, alpha: float, s: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    x, recency, age = (column[:, None] for column in (block.frequency, block.recency, block.age))
    nodes, weights = find_legendre_nodes()
    shape, since_alpha, since_beta = r + x, alpha + recency, beta + recency
    step = 1 / (shape / since_alpha + (s + 1) / since_beta)
    # Beyond either of these the integrand has become negligible.
    with np.errstate(over="ignore"):
        span = np.minimum(since_alpha * np.expm1(_NEGLIGIBLE / shape), since_beta * np.expm1(_NEGLIGIBLE / (s + 1)))
    length = np.log1p(np.minimum(span, age - recency) / step)
    offset = step * np.expm1(length * nodes)
    grown_alpha, grown_beta = np.log1p(offset / since_alpha), np.log1p(offset / since_beta)
    terms = np.exp(length * nodes - shape * grown_alpha - (s + 1) * grown_beta) * weights
    total = terms.sum(axis=1)
    with np.errstate(divide="ignore"):
        # length is 0 for someone who has only just bought: there was no time to leave
        scale = np.log(s * step * length)[:, 0]
    logs = scale + np.log(total) - (shape * np.log(since_alpha) + (s + 1) * np.log(since_beta))[:, 0]
    terms /= total[:, None]
    means = [(terms * values).sum(axis=1) for values in (grown_alpha, 1 / (since_alpha + offset))]
    means += [(terms * values).sum(axis=1) for values in (grown_beta, 1 / (since_beta + offset))]
    slopes = np.array(
        [
            -np.log(since_alpha)[:, 0] - means[0],
            -shape[:, 0] * means[1],
            1 / s - np.log(since_beta)[:, 0] - means[2],
            -(s + 1) * means[3],
        ]
    )
    return logs, slopes
