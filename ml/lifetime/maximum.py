"""Maximum likelihood for positive parameters: several starts, logarithms, gradients, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ml.lifetime.histories import LifetimeError
from ml.params import LifetimeParams

# The logarithms of the parameters in; the log-likelihood of all customers and its gradient out.
LogLikelihood = Callable[[np.ndarray], tuple[float, np.ndarray]]

_LARGEST_LOG = np.log(1e4)  # of a shape: above it a gamma or beta distribution is a point for every purpose
_SMALLEST_LOG = np.log(1e-6)
_LONGEST_STEP = 0.01  # of the logarithms, for a step after the climb
_STEP = 1e-4  # of the logarithms, for second derivatives; the error falls with its square


class NotEstimableError(LifetimeError):
    """These data can't tell the parameters, whatever the method."""


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is highest; `covariance` is of the logarithms, NaN where the data do not determine it."""

    values: np.ndarray
    log_likelihood: float
    covariance: np.ndarray
    is_converged: bool
    is_at_bound: np.ndarray

    @property
    def log_errors(self) -> np.ndarray:
        """Standard errors of the logarithms."""
        return np.sqrt(np.diag(self.covariance))


def maximise(
    whole: LogLikelihood,
    part: LogLikelihood,
    weights: tuple[float, float],
    starts: Sequence[Sequence[float]],
    params: LifetimeParams,
) -> Maximum:
    """Climb from each start on a part of the data, then from the best of them on the whole.

    `weights` are the numbers of customers in whole and part: means are climbed, so that tolerances mean the same
    for a hundred customers and for a million. `starts` are parameters, not logarithms.
    """
    logs = [np.log(np.asarray(start, dtype=float)) for start in starts]
    # Threads gain nothing on matrices of four rows, and on a busy machine they wait for one another.
    with threadpool_limits(limits=1):
        climbed = [_climb(part, weights[1], start, params) for start in logs]
        best = max(climbed, key=lambda point: part(point)[0])
        top, curve = _sharpen(whole, weights[0], _climb(whole, weights[0], best, params))
    height, slope = whole(top)
    is_at_bound = (top <= _SMALLEST_LOG + 1e-6) | (top >= _LARGEST_LOG - 1e-6)
    steepest = np.abs(slope[~is_at_bound] / weights[0]).max(initial=0.0)
    return Maximum(
        values=np.exp(top),
        log_likelihood=height,
        covariance=_invert(-curve, is_at_bound),
        is_converged=bool(steepest < params.tolerance and np.isfinite(height)),
        is_at_bound=is_at_bound,
    )


def _climb(objective: LogLikelihood, weight: float, start: np.ndarray, params: LifetimeParams) -> np.ndarray:
    def descend(point: np.ndarray) -> tuple[float, np.ndarray]:
        height, slope = objective(point)
        return -height / weight, -slope / weight

    found = minimize(
        descend,
        np.clip(start, _SMALLEST_LOG, _LARGEST_LOG),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_SMALLEST_LOG, _LARGEST_LOG)] * len(start),
        options={"maxiter": params.max_iterations, "ftol": 1e-13, "gtol": params.tolerance / 10},
    )
    return found.x


def _sharpen(objective: LogLikelihood, weight: float, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One Newton step, kept if it leads to flatter ground, and the second derivatives.

    The climb stops a little short on narrow ridges. A step that is kept is so short that the derivatives stay.
    """
    curve = _curve(objective, point)
    free = (point > _SMALLEST_LOG) & (point < _LARGEST_LOG)
    inner = -curve[np.ix_(free, free)]
    if not free.any() or not np.isfinite(inner).all() or np.linalg.eigvalsh(inner).min() <= 1e-9 * weight:
        return point, curve
    slope = objective(point)[1][free]
    stepped = point.copy()
    stepped[free] = np.clip(point[free] + np.linalg.solve(inner, slope), _SMALLEST_LOG, _LARGEST_LOG)
    is_short = np.abs(stepped - point).max() < _LONGEST_STEP
    is_flatter = is_short and np.abs(objective(stepped)[1][free]).max() < np.abs(slope).max()
    return (stepped if is_flatter else point), curve


def _curve(objective: LogLikelihood, point: np.ndarray) -> np.ndarray:
    """Second derivatives, from differences of the analytic gradient."""
    steps = _STEP * np.eye(len(point))
    rows = [(objective(point + step)[1] - objective(point - step)[1]) / (2 * _STEP) for step in steps]
    curve = np.array(rows)
    return (curve + curve.T) / 2


def _invert(information: np.ndarray, is_at_bound: np.ndarray) -> np.ndarray:
    covariance = np.full_like(information, np.nan)
    free = ~is_at_bound
    inner = information[np.ix_(free, free)]
    if free.any() and np.isfinite(inner).all() and np.linalg.eigvalsh(inner).min() > 0:
        covariance[np.ix_(free, free)] = np.linalg.inv(inner)
    return covariance
