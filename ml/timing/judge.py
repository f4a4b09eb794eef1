"""How near dates of the next order came on past days, beside the customer's own median gap; who answers."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from ml.churn.evaluate import draw_weights
from ml.params import Params
from ml.purchase_days import PurchaseDays, Snapshot
from ml.timing.next_order import (
    SHARES,
    NextOrderModel,
    Waits,
    choose_horizon,
    find_judged,
    fit_next_order,
    follow_median_gap,
)

RULE = "own_median_gap"
# What is measured of each customer: both errors in days, and whether the order came inside each interval.
MEASURES = ("mae", RULE, *(f"{share}" for share in SHARES))


@dataclass(frozen=True)
class JudgedDay:
    """Customers of a past day who had a gap of their own and ordered again in time, one line of MEASURES each."""

    day: int
    place: np.ndarray
    measured: np.ndarray


@dataclass(frozen=True)
class NextOrder:
    """What answers when customers order next: a model, or the rule where there is none."""

    model: NextOrderModel | None
    cards: tuple[dict[str, Any], ...]
    explanation: str

    def predict(self, days: PurchaseDays, known: Snapshot) -> Waits:
        """Waits in days; NaN for who bought on one day only. A rule has no interval."""
        unknown = np.full(len(known), np.nan)
        if self.model is None:
            nowhere = dict.fromkeys(SHARES, unknown)
            return Waits(follow_median_gap(days, known), nowhere, nowhere)
        waits, has_gap = self.model.predict(known), known.frequency >= 1

        def keep(column: np.ndarray) -> np.ndarray:
            return np.where(has_gap, column, np.nan)

        ends = [{share: keep(column) for share, column in part.items()} for part in (waits.low, waits.high)]
        return Waits(keep(waits.middle), *ends)


def decide_next_order(days: PurchaseDays, as_of: date, params: Params, version: str) -> NextOrder:
    """Fit as of the day, judge the same method on days a horizon ago and more, and let the rule answer where as near.

    Grade A: the mean absolute error is lower than the rule's by the share of churn's grade A; B: lower; C: not, or not
    to be judged.
    """
    day = (as_of - date(1970, 1, 1)).days
    model = fit_next_order(days, day, params.timing)
    card = {"model": "next_order", "version": version, "trained_on": as_of, "rows": model.rows if model else 0}
    judged = judge_next_order(days, day, params) if model else []
    if not judged:
        obstacle = "no past day to judge on" if model else "too few customers ordered again, or too short a history"
        empty = _write_card(card, "mae", None, "C", "rules")
        return NextOrder(None, (empty,), f"dates of the next order: {obstacle}; the customer's own median gap answers")
    measured = measure_days(judged, params)
    error, by_rule = measured["mae"][0], measured[RULE][0]
    grade = "C" if error >= by_rule else "A" if error <= by_rule * (1 - params.churn.grade_a_gain) else "B"
    status = "rules" if grade == "C" else "live"
    cards = [
        _write_card(card, "mae", measured["mae"], grade, status)
        | {"baseline": RULE, "baseline_value": measured[RULE][0]}
    ]
    cards += [_write_card(card, f"coverage_{share * 100:.0f}", measured[f"{share}"], grade, status) for share in SHARES]
    cards += [_write_card(card | {"model": f"next_order_{RULE}"}, "mae", measured[RULE], None, "rules")]
    return NextOrder(None if grade == "C" else model, tuple(cards), "")


def judge_next_order(days: PurchaseDays, last: int, params: Params) -> list[JudgedDay]:
    """Past days whose horizon has passed by `last` and that have history enough, the latest first."""
    judged = []
    horizon_days = choose_horizon(last - days.first_day, params.timing)
    for number in range(params.timing.judged_days):
        day = last - horizon_days - number * params.timing.judge_step_days
        model = fit_next_order(days, day, params.timing, horizon_days)
        if model is None:
            break
        known = days.look_back(day)
        chosen, wait = find_judged(days, known, horizon_days)
        if chosen.any():
            judged.append(
                JudgedDay(day, known.place[chosen], _compare(days, known, model.predict(known), wait)[chosen])
            )
    return judged


def measure_days(judged: list[JudgedDay], params: Params) -> dict[str, tuple[float, float, float]]:
    """Of each of MEASURES the mean over all days' customers, and its 95 % interval."""
    means = np.concatenate([one.measured for one in judged]).mean(axis=0)
    ends = np.quantile(draw_means(judged, params), [0.025, 0.975], axis=0)
    return {name: tuple(map(float, each)) for name, each in zip(MEASURES, np.vstack([means, ends]).T, strict=True)}


def draw_means(judged: list[JudgedDay], params: Params) -> np.ndarray:
    """The means of MEASURES again and again, (resamples, measures): customers are drawn with all their days."""
    place, lines = (np.concatenate(parts) for parts in zip(*((one.place, one.measured) for one in judged), strict=True))
    customers = np.unique(place, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(customers, column) for column in lines.T])
    counts = np.bincount(customers)
    drawn = [weights @ sums / (weights @ counts)[:, None] for weights in draw_weights(len(counts), params.churn)]
    return np.concatenate(drawn)


def _compare(days: PurchaseDays, known: Snapshot, waits: Waits, wait: np.ndarray) -> np.ndarray:
    errors = [np.abs(waits.middle - wait), np.abs(follow_median_gap(days, known) - wait)]
    inside = [(waits.low[share] <= wait) & (wait <= waits.high[share]) for share in SHARES]
    return np.column_stack([*errors, *inside]).astype(float)


def _write_card(
    card: dict[str, Any], metric: str, measured: tuple[float, float, float] | None, grade: str | None, status: str
) -> dict[str, Any]:
    value, low, high = measured or (None, None, None)
    interval = {"value": value, "low95": low, "high95": high}
    return card | {"metric": metric, **interval, "baseline": None, "baseline_value": None} | {
        "grade": grade, "status": status
    }  # fmt: skip
