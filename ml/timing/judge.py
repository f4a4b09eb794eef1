"""How near dates of the next order came on the latest past day, beside the customer's own median gap; who answers."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from ml.churn.evaluate import draw_weights
from ml.params import Params
from ml.purchase_days import PurchaseDays, Snapshot
from ml.timing.next_order import SHARES, NextOrderModel, Waits, find_judged, fit_next_order, follow_median_gap

RULE = "own_median_gap"


@dataclass(frozen=True)
class NextOrder:
    """What answers when customers order next: a model, the rule (no model), or nobody (`grade` C, no rule)."""

    model: NextOrderModel | None
    is_told: bool
    cards: tuple[dict[str, Any], ...]
    explanation: str

    def predict(self, days: PurchaseDays, known: Snapshot) -> Waits:
        """Waits in days; NaN for who bought on one day only, and where nothing can be told. A rule has no interval."""
        unknown = np.full(len(known), np.nan)
        nowhere = dict.fromkeys(SHARES, unknown)
        if self.model is None:
            return Waits(follow_median_gap(days, known) if self.is_told else unknown, nowhere, nowhere)
        waits, has_gap = self.model.predict(known), known.frequency >= 1

        def keep(column: np.ndarray) -> np.ndarray:
            return np.where(has_gap, column, np.nan)

        ends = [{share: keep(column) for share, column in part.items()} for part in (waits.low, waits.high)]
        return Waits(keep(waits.middle), *ends)


def decide_next_order(days: PurchaseDays, as_of: date, params: Params, version: str) -> NextOrder:
    """Fit as of the day, judge the same method a horizon earlier, and let the rule answer where it was as near.

    Grade A: the mean absolute error is lower than the rule's by the share of churn's grade A; B: lower; C: not.
    """
    day = (as_of - date(1970, 1, 1)).days
    model, earlier = (fit_next_order(days, when, params.timing) for when in (day, day - params.timing.horizon_days))
    card = {"model": "next_order", "version": version, "trained_on": as_of, "rows": model.rows if model else 0}
    if model is None:
        empty = _write_card(card, "mae", None, "C", "rules")
        return NextOrder(None, False, (empty,), "dates of the next order are not told: too few customers ordered again")
    if earlier is None:
        empty = _write_card(card, "mae", None, "C", "rules")
        return NextOrder(
            None, True, (empty,), "no past day to judge dates of the next order on: the median gap answers"
        )
    measured = _measure(days, earlier, day - params.timing.horizon_days, params)
    gain = 1 - measured["mae"][0] / measured[RULE][0]
    grade = "C" if gain <= 0 else "A" if gain >= params.churn.grade_a_gain else "B"
    status = "rules" if grade == "C" else "live"
    cards = [
        _write_card(card, "mae", measured["mae"], grade, status)
        | {"baseline": RULE, "baseline_value": measured[RULE][0]}
    ]
    cards += [_write_card(card, f"coverage_{share * 100:.0f}", measured[f"{share}"], grade, status) for share in SHARES]
    cards += [_write_card(card | {"model": f"next_order_{RULE}"}, "mae", measured[RULE], None, "rules")]
    return NextOrder(None if grade == "C" else model, True, tuple(cards), "")


def _measure(
    days: PurchaseDays, model: NextOrderModel, day: int, params: Params
) -> dict[str, tuple[float, float, float]]:
    """Value and 95 % interval over resamples of customers: both errors in days, and the share inside each interval."""
    known = days.look_back(day)
    chosen, wait = find_judged(days, known, params.timing.horizon_days)
    waits = model.predict(known)
    columns = {"mae": np.abs(waits.middle - wait), RULE: np.abs(follow_median_gap(days, known) - wait)}
    columns |= {f"{share}": (waits.low[share] <= wait) & (wait <= waits.high[share]) for share in SHARES}
    table = np.column_stack(list(columns.values()))[chosen].astype(float)
    drawn = [weights @ table / weights.sum(axis=1, keepdims=True) for weights in draw_weights(len(table), params.churn)]
    ends = np.quantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
    lines = zip(columns, table.mean(axis=0), *ends, strict=True)
    return {name: (float(value), float(low), float(high)) for name, value, low, high in lines}


def _write_card(
    card: dict[str, Any], metric: str, measured: tuple[float, float, float] | None, grade: str | None, status: str
) -> dict[str, Any]:
    value, low, high = measured or (None, None, None)
    interval = {"value": value, "low95": low, "high95": high}
    return card | {"metric": metric, **interval, "baseline": None, "baseline_value": None} | {
        "grade": grade, "status": status
    }  # fmt: skip
