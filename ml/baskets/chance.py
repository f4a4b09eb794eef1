"""How sure a rule is: the chance that it is chance, and the interval of its lift."""

import numpy as np
from scipy.special import gammaln

_Z95 = 1.959963984540054
_LEAST_TERM = 1e-17  # of the sum, below which the rest of a tail can't change it


def find_p_value(both: np.ndarray, first: np.ndarray, second: np.ndarray, total: np.ndarray | int) -> np.ndarray:
    """Fisher's exact test, one-sided: the chance of at least `both` baskets that hold two things, which are in `first`
    and `second` of `total` baskets, if the two knew nothing of each other.

    Where `both` is no more than expected the answer is 1. The tail of the hypergeometric distribution is summed for all
    questions at once, from its first and largest term on; scipy's, one by one, takes a hundred times as long.
    """
    both, first, second, total = (np.asarray(a, np.float64) for a in np.broadcast_arrays(both, first, second, total))
    p_value = np.ones(both.shape)
    more = np.flatnonzero(both * total > first * second)
    k, a, b, n = (values[more] for values in (both, first, second, total))
    logarithm = _log_choose(a, k) + _log_choose(n - a, b - k) - _log_choose(n, b)
    summed, term, active = np.ones(len(k)), np.ones(len(k)), np.arange(len(k))
    while len(active):
        term = term * (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1))
        summed[active] += term
        going = term > summed[active] * _LEAST_TERM
        active, term, k, a, b, n = (values[going] for values in (active, term, k + 1, a, b, n))
    p_value[more] = np.minimum(np.exp(logarithm) * summed, 1)
    return p_value


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def find_lift_interval(
    both: np.ndarray, first: np.ndarray, second: np.ndarray, total: int
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of the lift, from the variance of its logarithm when baskets are drawn anew (delta method).

    With shares p of baskets: (1/p_both - 1/p_first - 1/p_second + 2 lift - 1) / baskets.
    """
    total = max(total, 1)
    lift = both * total / (first * second)
    variance = 1 / both - 1 / first - 1 / second + (2 * lift - 1) / total
    spread = np.exp(_Z95 * np.sqrt(np.maximum(variance, 0)))
    return lift / spread, lift * spread
