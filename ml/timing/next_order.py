"""Days until the next order of those who order again soon: quantiles, with intervals that held on past days.

Gradient-boosted quantiles (Friedman 2001) tell the middle and two tails; the tails are then pulled in or out by one
factor each, so that the intervals held 50 % and 80 % of what came to customers the trees had not seen, on the latest
past day (split conformal prediction; Romano, Patterson and Candès 2019, "Conformalized Quantile Regression").
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from ml.params import TimingParams
from ml.purchase_days import PurchaseDays, Snapshot

_QUANTILES = (0.1, 0.5, 0.9)
_STRETCHES = np.arange(0.0, 3.005, 0.01)
SHARES = (0.5, 0.8)


@dataclass(frozen=True)
class Waits:
    """Whole days until the next order, 1 or more: the middle, and low and high ends by the share they enclose."""

    middle: np.ndarray
    low: dict[float, np.ndarray]
    high: dict[float, np.ndarray]


@dataclass(frozen=True)
class NextOrderModel:
    """Fitted quantiles of the logarithm of the wait, and how far each interval is stretched from the middle."""

    trees: tuple[HistGradientBoostingRegressor, ...]
    stretches: dict[float, float]
    rows: int
    horizon_days: int

    def predict(self, known: Snapshot) -> Waits:
        """Waits of every customer of the snapshot; they are meant for who has bought on two days or more."""
        low, middle, high = _predict_logs(self.trees, list_features(known))
        return Waits(
            middle=_to_days(middle),
            low={share: _to_days(middle + stretch * (low - middle)) for share, stretch in self.stretches.items()},
            high={share: _to_days(middle + stretch * (high - middle)) for share, stretch in self.stretches.items()},
        )


@dataclass(frozen=True)
class _Examples:
    """Customers on past days: what was known, how long the wait was, who it is, and which day (0 the latest)."""

    features: np.ndarray
    logs: np.ndarray
    place: np.ndarray
    origin: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        return _Examples(self.features[rows], self.logs[rows], self.place[rows], self.origin[rows])


def list_features(known: Snapshot) -> np.ndarray:
    """What tells the wait: the customer's own gaps of late and on the whole, and how long ago the last purchase was."""
    gaps = np.maximum(known.frequency, 1)
    mean = np.where(known.frequency > 0, known.recency / gaps, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack(
            [
                known.frequency,
                np.log(known.since_last + 1),
                np.log(known.age + 1),
                np.log(mean),
                np.where(known.frequency > 0, known.log_gap_sum / gaps, np.nan),
                known.log_gap_spread,
                np.log(known.last_gap),
                np.log(known.gap_of_three),
                np.log(known.gap_of_eight),
                np.log((known.since_last + 1) / mean),
                known.since_last % 7,
            ]
        )


def choose_horizon(history_days: int, params: TimingParams) -> int:
    """Days within which orders are foretold: a third of a young shop's own, so that there is a past to judge on."""
    return min(params.horizon_days, history_days // 3)


def fit_next_order(
    days: PurchaseDays, day: int, params: TimingParams, horizon_days: int | None = None
) -> NextOrderModel | None:
    """Learn from past days whose horizon has passed by `day`; None where too few ordered again on them.

    The horizon is that of the history up to `day`, unless another is given.
    """
    horizon_days = horizon_days or choose_horizon(day - days.first_day, params)
    if horizon_days < params.least_horizon_days:
        return None
    examples = _list_examples(days, day, params, horizon_days)
    if examples is None:
        return None
    with threadpool_limits(limits=1):
        trees = _fit_trees(examples, params)
        stretches = _learn_stretches(examples, params)
    return NextOrderModel(trees, stretches, len(examples.logs), horizon_days)


def find_judged(days: PurchaseDays, known: Snapshot, horizon_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Who had bought on two days and ordered again within the horizon, as a mask; and everybody's wait."""
    wait = days.wait_for_next(known)
    return (known.frequency >= 1) & (wait <= horizon_days), wait


def follow_median_gap(days: PurchaseDays, known: Snapshot) -> np.ndarray:
    """The rule of thumb: the customer's own median gap after the last purchase, tomorrow where that has gone by."""
    return np.maximum(days.find_median_gaps(known) - known.since_last, 1)


def _list_examples(days: PurchaseDays, day: int, params: TimingParams, horizon_days: int) -> _Examples | None:
    parts = []
    for number in range(params.origins):
        origin = day - horizon_days - number * params.origin_step_days
        if origin - days.first_day < min(params.min_history_days, horizon_days):
            break
        known = days.look_back(origin)
        chosen, wait = find_judged(days, known, horizon_days)
        place = known.place[chosen]
        logs = np.log(wait[chosen])
        parts.append(_Examples(list_features(known)[chosen], logs, place, np.full(len(logs), number)))
    if sum(len(part.logs) for part in parts) < params.min_rows:
        return None
    columns = zip(*((part.features, part.logs, part.place, part.origin) for part in parts), strict=True)
    examples = _Examples(*(np.concatenate(column) for column in columns))
    if len(examples.logs) <= params.max_rows:
        return examples
    # whole customers, the first by place
    most = np.sort(examples.place)[params.max_rows]
    return examples.take(examples.place < most)


def _fit_trees(examples: _Examples, params: TimingParams) -> tuple[HistGradientBoostingRegressor, ...]:
    # scikit-learn can't bin a column that nobody has a value in, such as the last eight gaps in a shop of sofas; a
    # constant one is never split on
    features = np.where(np.isnan(examples.features).all(axis=0), 0.0, examples.features)
    return tuple(
        HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=params.trees,
            max_leaf_nodes=params.max_leaves,
            learning_rate=params.learning_rate,
            min_samples_leaf=params.min_leaf_rows,
            early_stopping=False,
            random_state=0,
        ).fit(features, examples.logs)
        for quantile in _QUANTILES
    )


def _learn_stretches(examples: _Examples, params: TimingParams) -> dict[float, float]:
    """On each half of the customers by trees that learnt from the other; the latest past day alone is looked at."""
    logs, waits = [], []
    half = examples.place % 2
    for part in (0, 1):
        trees = _fit_trees(examples.take(half != part), params)
        seen = examples.take((half == part) & (examples.origin == examples.origin.min()))
        logs.append(_predict_logs(trees, seen.features))
        waits.append(np.rint(np.exp(seen.logs)))
    low, middle, high = np.concatenate(logs, axis=1)
    wait = np.concatenate(waits)
    held = np.array(
        [
            np.mean(
                (wait >= _to_days(middle + by * (low - middle))) & (wait <= _to_days(middle + by * (high - middle)))
            )
            for by in _STRETCHES
        ]
    )
    return {share: float(_STRETCHES[np.argmax(held >= share)]) if held.max() >= share else 3.0 for share in SHARES}


def _predict_logs(trees: tuple[HistGradientBoostingRegressor, ...], features: np.ndarray) -> np.ndarray:
    """Three lines: low, middle, high; trees fitted apart may cross, sorted they don't."""
    with threadpool_limits(limits=1):
        return np.sort([tree.predict(features) for tree in trees], axis=0)


def _to_days(logs: np.ndarray) -> np.ndarray:
    return np.maximum(np.rint(np.exp(logs)), 1)
