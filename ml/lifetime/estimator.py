"""What the estimators share: keeping and telling what was fitted, and the way from histories to predictions."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np

from ml.lifetime.histories import Histories, LifetimeError, group_customers, group_histories, sum_over
from ml.lifetime.maximum import LogLikelihood, Maximum, NotEstimableError, maximise
from ml.params import LifetimeParams, load_params


class LifetimeEstimator:
    """A model with positive parameters, fitted by maximum likelihood.

    After `fit`: `params_` (name → value, in the caller's units), `standard_errors_` (name → value, NaN where the data
    do not determine the parameter), `log_likelihood_`, `converged_`, and `explanation_`: a sentence on what the data
    could not tell, empty when there is nothing to say.
    """

    NAMES: ClassVar[tuple[str, ...]]
    NAME: ClassVar[str]

    def __init__(self, params: LifetimeParams | None = None) -> None:
        """`params` are the knobs of the fit; those of params.yml unless given."""
        self.params = params or load_params().lifetime

    def _keep(self, maximum: Maximum, units: np.ndarray, log_likelihood: float) -> None:
        values = maximum.values * units
        self.params_ = dict(zip(self.NAMES, map(float, values), strict=True))
        self.standard_errors_ = dict(zip(self.NAMES, map(float, values * maximum.log_errors), strict=True))
        self.log_likelihood_ = float(log_likelihood)
        self.converged_ = maximum.is_converged
        self.explanation_ = self._explain(maximum)

    def _explain(self, maximum: Maximum) -> str:
        if not maximum.is_converged:
            return f"{self.NAME}: the likelihood has no maximum that could be reached; do not use these parameters"
        is_vague = ~(maximum.log_errors < self.params.most_log_error)
        vague = [name for name, unsure in zip(self.NAMES, is_vague, strict=True) if unsure]
        if not vague:
            return ""
        return (
            f"{self.NAME}: these customers hardly determine {' and '.join(vague)}, only what the parameters predict "
            "together; they are too few, too alike or seen too briefly"
        )

    def _fitted_values(self) -> np.ndarray:
        if not hasattr(self, "params_"):
            raise LifetimeError(f"{self.NAME} has not been fitted; call fit first")
        return np.array([self.params_[name] for name in self.NAMES])


class PurchaseEstimator(LifetimeEstimator, ABC):
    """A model of when customers buy and leave.

    Arrays have one element per customer. `frequency` counts repeat purchases (purchases of one day are one), `recency`
    is the time from the first to the last purchase, `age` the time from the first purchase to the end of observation;
    all times and horizons in one unit, and any will do.
    """

    IS_TIME: ClassVar[tuple[bool, ...]]
    phases = 1  # events with a density of their own between two purchases

    def fit(self, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> Self:
        """Find the parameters; NotEstimableError when nobody has bought twice, InvalidHistoryError for bad rows."""
        histories = group_histories(frequency, recency, age)
        repeats = histories.total_repeats
        if not repeats:
            raise NotEstimableError(
                f"{self.NAME}: none of {histories.total:,} customers has bought twice, so that neither a rate nor "
                "leaving can be told; wait for repeat purchases, or use a rule"
            )
        thinned = histories.thin(self.params.start_histories)
        maximum = maximise(
            whole=self._prepare(histories),
            part=self._prepare(thinned),
            weights=(histories.total, thinned.total),
            starts=self._list_starts(repeats / sum_over(histories.customers, histories.age)),
            params=self.params,
        )
        # A density of purchase times has a unit: 1 / time for each repeat purchase, or each phase of it.
        log_likelihood = maximum.log_likelihood - self.phases * repeats * np.log(histories.scale)
        self._keep(maximum, np.where(self.IS_TIME, histories.scale, 1.0), log_likelihood)
        return self

    def predict(self, horizon: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Expected purchases in the time `horizon` from now."""
        _check_horizon(horizon)
        histories, of_customer = group_customers(frequency, recency, age)
        expected = self._expect_if_alive(horizon / histories.scale, histories)
        return (self._probability_alive(histories) * expected)[of_customer]

    def predict_quantile(
        self, share: float, horizon: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray
    ) -> np.ndarray:
        """The smallest number of purchases that is not exceeded with probability `share`, in the time `horizon`.

        The median (share 0.5) has the smallest absolute error, the mean that `predict` gives adds up to the right
        total; shares of 0.1 and 0.9 enclose at least 80 % of what may come.
        """
        _check_horizon(horizon)
        if not 0 < share < 1:
            raise LifetimeError(f"share is {share!r}; it lies between 0 and 1")
        histories, of_customer = group_customers(frequency, recency, age)
        alive = self._probability_alive(histories)

        def is_too_few(count: np.ndarray, rows: np.ndarray) -> np.ndarray:
            exceeded = self._exceed_if_alive(count, horizon / histories.scale, histories.take(rows))
            return alive[rows] * exceeded > 1 - share

        return _find_first(is_too_few, len(histories))[of_customer]

    def probability_alive(self, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        """The probability that the customer has not left for good."""
        histories, of_customer = group_customers(frequency, recency, age)
        return self._probability_alive(histories)[of_customer]

    def probability_of_silence(
        self, wait: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray
    ) -> np.ndarray:
        """The probability that the time since the last purchase reaches `wait`, one number in the unit of age."""
        _check_horizon(wait)
        histories, of_customer = group_customers(frequency, recency, age)
        left = np.maximum(wait / histories.scale - (histories.age - histories.recency), 0.0)
        buys = self._exceed_if_alive(np.zeros(len(histories)), left, histories)
        return (1 - self._probability_alive(histories) * buys)[of_customer]

    def _scaled(self, histories: Histories) -> np.ndarray:
        """The parameters in the unit of time that these histories use."""
        return self._fitted_values() / np.where(self.IS_TIME, histories.scale, 1.0)

    @abstractmethod
    def _list_starts(self, rate: float) -> list[tuple[float, ...]]:
        """Where to begin, given repeat purchases per customer and mean age."""

    @abstractmethod
    def _prepare(self, histories: Histories) -> LogLikelihood:
        """The log-likelihood of these histories as a function of the parameters' logarithms."""

    @abstractmethod
    def _probability_alive(self, histories: Histories) -> np.ndarray:
        """One probability per history."""

    @abstractmethod
    def _expect_if_alive(self, horizon: float, histories: Histories) -> np.ndarray:
        """Expected purchases of someone alive, one number per history; horizon in the histories' unit."""

    @abstractmethod
    def _exceed_if_alive(self, count: np.ndarray, horizon: float | np.ndarray, histories: Histories) -> np.ndarray:
        """The probability that someone alive buys more often than `count` times, one number per history.

        `horizon` is one for all or one per history.
        """


def _check_horizon(horizon: float) -> None:
    if not (np.isscalar(horizon) and np.isfinite(horizon) and horizon >= 0):
        raise LifetimeError(f"horizon is {horizon!r}; it is one number, 0 or more, in the unit of age")


def _find_first(is_too_few: Callable[[np.ndarray, np.ndarray], np.ndarray], rows: int) -> np.ndarray:
    """For each row the smallest whole number that is not too few: doubled until it is enough, then halved back."""
    low, high = np.full(rows, -1.0), np.zeros(rows)
    left = np.arange(rows)
    while len(left):
        left = left[is_too_few(high[left], left)]
        low[left], high[left] = high[left], 2 * high[left] + 1
    left = np.flatnonzero(high - low > 1)
    while len(left):
        middle = np.floor((low[left] + high[left]) / 2)
        more = is_too_few(middle, left)
        low[left[more]], high[left[~more]] = middle[more], middle[~more]
        left = left[high[left] - low[left] > 1]
    return high
