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
_ROUGHLY = 1000.0  # times the tolerance, where only the best of several starts is sought
_MOST_STEPS = 20  # after the climb
_NOTHING = 0.05  # of log-likelihood: nobody would prefer one set of parameters to another for it
_NEAR = 0.001  # of the logarithms, to a bound
_FLAT = 1e-9  # second derivative of a customer's log-likelihood, below which nothing can be told
_SHORT_STEP = 0.01  # of the logarithms: second derivatives are the same at both ends
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
        climbed = [_climb(part, weights[1], start, _ROUGHLY, params) for start in logs]
        best = max(climbed, key=lambda point: part(point)[0])
        top, curve = _climb_to_the_top(whole, weights[0], best, params)
    height, is_at_bound = whole(top)[0], _find_bound(top)
    level = max(params.tolerance, _NOTHING / weights[0])
    return Maximum(
        values=np.exp(top),
        log_likelihood=height,
        covariance=_invert(-curve, is_at_bound),
        is_converged=bool(np.isfinite(height) and _find_steepest(whole, weights[0], top) < level),
        is_at_bound=is_at_bound,
    )


def _climb_to_the_top(
    objective: LogLikelihood, weight: float, start: np.ndarray, params: LifetimeParams
) -> tuple[np.ndarray, np.ndarray]:
    """The highest point and the second derivatives there.

    On a long narrow ridge the climb takes itself to be at the top too early; Newton steps lead along it.
    """
    point = _climb(objective, weight, start, 1.0, params)
    for _ in range(_MOST_STEPS):
        curve = _curve(objective, point)
        stepped = _step(objective, weight, point, curve)
        moved, point = np.abs(stepped - point).max(), stepped
        if moved < _SHORT_STEP and (not moved or _find_steepest(objective, weight, point) < params.tolerance):
            break
    return point, curve


def _step(objective: LogLikelihood, weight: float, point: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A Newton step, at most 1 in any logarithm and none where all is flat, if it leads to flatter ground."""
    free = ~_find_bound(point)
    inner = -curve[np.ix_(free, free)]
    if not free.any() or not np.isfinite(inner).all():
        return point
    bends, directions = np.linalg.eigh(inner)
    directions = directions[:, bends > _FLAT * weight]
    along = directions.T @ objective(point)[1][free] / bends[bends > _FLAT * weight]
    step = np.zeros_like(point)
    step[free] = directions @ along
    stepped = np.clip(point + step / max(1.0, np.abs(step).max()), _SMALLEST_LOG, _LARGEST_LOG)
    is_flatter = _find_steepest(objective, weight, stepped) < _find_steepest(objective, weight, point)
    return stepped if is_flatter else point


def _find_steepest(objective: LogLikelihood, weight: float, point: np.ndarray) -> float:
    """The steepest slope of the mean log-likelihood by a logarithm that is not at its bound."""
    return float(np.abs(objective(point)[1][~_find_bound(point)] / weight).max(initial=0.0))


def _find_bound(point: np.ndarray) -> np.ndarray:
    return (point <= _SMALLEST_LOG + _NEAR) | (point >= _LARGEST_LOG - _NEAR)


def _climb(
    objective: LogLikelihood, weight: float, start: np.ndarray, looseness: float, params: LifetimeParams
) -> np.ndarray:
    def descend(point: np.ndarray) -> tuple[float, np.ndarray]:
        height, slope = objective(point)
        return -height / weight, -slope / weight

    found = minimize(
        descend,
        np.clip(start, _SMALLEST_LOG, _LARGEST_LOG),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_SMALLEST_LOG, _LARGEST_LOG)] * len(start),
        options={
            "maxiter": params.max_iterations,
            "ftol": looseness * 1e-13,
            "gtol": looseness * params.tolerance / 10,
        },
    )
    return found.x


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
