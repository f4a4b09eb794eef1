"""How good value and orders to come were at past days, beside rules of thumb, and how far off they usually are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.churn.evaluate import draw_weights
from ml.evaluation.measures import Interval, find_best_share
from ml.params import Params
from ml.purchase_days import PurchaseDays, Snapshot
from ml.value.regression import RULES, Regression, fit_regression, follow_rule

MODEL = "model"


@dataclass(frozen=True)
class Origin:
    """A past day: what the model fitted on it and the rules said of the horizon after it, and what came."""

    known: Snapshot
    orders: dict[str, np.ndarray]
    spend: dict[str, np.ndarray]
    orders_came: np.ndarray
    spend_came: np.ndarray


@dataclass(frozen=True)
class Spread:
    """How far spend usually is from what was said, by how much that was: the middle 80 % of what came.

    An error is told in parts of what was said plus `floor`, so that a prediction of nothing has an interval too.
    """

    edges: np.ndarray
    low: np.ndarray
    high: np.ndarray
    floor: float

    def enclose(self, spend: np.ndarray, times: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends around spend of a period `times` as long as the one it was learnt on; not below nothing."""
        group = np.searchsorted(self.edges, spend / times, side="right")
        unit = spend + self.floor * times
        low, high = spend + self.low[group] * unit, spend + self.high[group] * unit
        return np.clip(low, 0.0, spend), np.maximum(high, spend)


def choose_horizon(history_days: int, params: Params) -> int:
    """Days to judge and learn over: a quarter of the history, so that there is room for origins; a year at most."""
    return int(np.clip(history_days // 4, params.value.least_horizon_days, 365))


def list_origins(days: PurchaseDays, as_of: int, horizon_days: int, params: Params) -> list[Origin]:
    """Past days whose horizon has passed and that have history enough, the latest first."""
    found = []
    for number in range(params.value.origins):
        day = as_of - horizon_days - number * params.value.judge_step_days
        if day - days.first_day < params.value.min_history_days:
            break
        found.append(_look_at(days, fit_regression(days, day, horizon_days, params)))
    return found


def _look_at(days: PurchaseDays, fitted: Regression) -> Origin:
    known, horizon = days.look_back(fitted.day), fitted.horizon_days
    rules = {rule: follow_rule(rule, days, known, horizon) for rule in RULES}
    orders_came, spend_came = days.sum_after(known, horizon)
    return Origin(
        known=known,
        orders={MODEL: fitted.expect_orders(days, known)} | {rule: said[0] for rule, said in rules.items()},
        spend={MODEL: fitted.expect_spend(days, known)} | {rule: said[1] for rule, said in rules.items()},
        orders_came=orders_came,
        spend_came=spend_came,
    )


def learn_spread(origins: list[Origin], who: str, params: Params) -> Spread:
    """From all origins together, in groups of equal size by what was said."""
    said = np.concatenate([origin.spend[who] for origin in origins])
    came = np.concatenate([origin.spend_came for origin in origins])
    floor = 0.1 * float(said.mean()) or 1.0
    groups = int(np.clip(len(said) // params.value.least_group, 1, params.value.groups))
    # predictions that were made, so that no group is empty however many are alike
    edges = np.unique(np.quantile(said, np.linspace(0, 1, groups + 1)[1:-1], method="lower"))
    edges = edges[edges > said.min()]
    group = np.searchsorted(edges, said, side="right")
    error = (came - said) / (said + floor)
    ends = [np.quantile(error[group == number], [0.1, 0.9]) for number in range(len(edges) + 1)]
    return Spread(edges, *np.array(ends).T, floor)


def measure_coverage(origins: list[Origin], who: str, params: Params) -> float | None:
    """Of the customers of the latest origin, the share inside the 80 % interval learnt at the earlier ones."""
    if len(origins) < 2:
        return None
    latest = origins[0]
    low, high = learn_spread(origins[1:], who, params).enclose(latest.spend[who])
    return float(((latest.spend_came >= low) & (latest.spend_came <= high)).mean())


def measure_orders(origins: list[Origin], who: str, params: Params) -> Interval:
    """Mean absolute error of a customer's orders."""

    def sum_errors(origin: Origin, weights: np.ndarray) -> np.ndarray:
        return weights @ np.abs(origin.orders[who] - origin.orders_came)

    return _summarise(origins, lambda origin: len(origin.known), sum_errors, params)


def measure_best_found(origins: list[Origin], who: str, params: Params) -> Interval:
    """Share of the truly best fifth by spend that is in the best fifth by what was said; the mean of the origins."""
    lines = {id(origin): [_rank(origin.spend_came), _rank(origin.spend[who])] for origin in origins}

    def find(origin: Origin, weights: np.ndarray) -> np.ndarray:
        return np.array([find_best_share(row, lines[id(origin)]) for row in weights])

    return _summarise(origins, lambda origin: 1, find, params)


def _rank(amount: np.ndarray) -> np.ndarray:
    return np.argsort(-amount, kind="stable")


def _summarise(
    origins: list[Origin],
    count: Callable[[Origin], int],
    measure: Callable[[Origin, np.ndarray], np.ndarray],
    params: Params,
) -> Interval:
    """A measure summed over origins by their counts; customers are drawn again, with all their origins together."""
    total = sum(count(origin) for origin in origins)
    value = sum(measure(origin, np.ones((1, len(origin.known))))[0] for origin in origins) / total
    customers = max(int(origin.known.place.max()) for origin in origins) + 1
    drawn = []
    for weights in draw_weights(customers, params.churn):
        of_origins = [weights[:, origin.known.place] for origin in origins]
        sums = sum(measure(origin, rows) for origin, rows in zip(origins, of_origins, strict=True))
        # a count of 1 stands for the origin as a whole, which stays one however customers are drawn
        counts = sum(
            np.ones(len(rows)) if count(origin) == 1 else rows.sum(axis=1)
            for origin, rows in zip(origins, of_origins, strict=True)
        )
        drawn.append(sums / counts)
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Interval(float(value), float(low), float(high))
