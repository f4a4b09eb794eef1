"""The date of the next order and of falling dormant at four past days of each shop, beside the customer's own habit."""

from pathlib import Path

import numpy as np

from ml.evaluation.report import make_table, say
from ml.evaluation.shops import NAMES, read_shop
from ml.lifetime import fit_regular
from ml.params import Params
from ml.purchase_days import PurchaseDays
from ml.timing import fit_dormancy
from ml.timing.judge import JudgedDay, draw_means, judge_next_order

TITLE = "dates of the next order and of falling dormant, beside the customer's own median gap"

_DORMANT_GAP_SHARE = 0.95  # as dormant_gap_share in dbt_project.yml


def run(params: Params, data: Path) -> str:
    """Markdown: a line for each shop and judged day, and what all days of a shop come to."""
    orders, dormant = [], []
    for name in NAMES:
        say(f"{name} …")
        days = read_shop(name, data)
        last = int(days.row_day.max())
        judged = judge_next_order(days, last, params)[::-1]
        orders += [(name, _name_day(one.day), *_describe(one.measured.mean(axis=0), len(one.place))) for one in judged]
        orders += [_sum_up(name, judged, params)]
        dormant += [_judge_dormancy(name, days, one.day, last, params) for one in judged]
    horizon = params.timing.horizon_days
    return "\n\n".join(
        [
            f"Customers with two purchase days or more who ordered again within {horizon} days of the judged day. "
            "Everything is learnt from days whose outcome had passed by then.",
            make_table(
                (
                    "data",
                    "judged on",
                    "customers",
                    "own median gap, MAE days",
                    "model, MAE days",
                    "less",
                    "50 %",
                    "80 %",
                ),
                orders,
            ),
            "Customers not dormant yet on the judged day; of those whose dormancy_on came by the end of the data, the "
            "share that had fallen dormant by then (more than half is what the date says; far more where it is the "
            "earliest day there can be).",
            make_table(
                ("data", "judged on", "dormant after", "customers", "date told", "of them due", "fallen by then"),
                dormant,
            ),
        ]
    )


def _sum_up(name: str, judged: list[JudgedDay], params: Params) -> tuple[str, ...]:
    """All judged days together; customers are drawn again with all their days."""
    lines, drawn = np.concatenate([one.measured for one in judged]), draw_means(judged, params)
    low, high = np.quantile(np.column_stack([1 - drawn[:, 0] / drawn[:, 1], drawn[:, 2:]]), [0.025, 0.975], axis=0)
    told = _describe(lines.mean(axis=0), len(lines))
    ends = [f"{text} ({a:.1%} to {b:.1%})" for text, a, b in zip(told[3:], low, high, strict=True)]
    return (name, "all", *told[:3], *ends)


def _describe(means: np.ndarray, customers: int) -> tuple[str, ...]:
    model, rule, *inside = means
    return f"{customers:,}", f"{rule:.2f}", f"{model:.2f}", f"{1 - model / rule:.1%}", *(f"{x:.1%}" for x in inside)


def _judge_dormancy(name: str, days: PurchaseDays, day: int, last: int, params: Params) -> tuple[str, ...]:
    known = days.look_back(day)
    gaps = days.gaps[(days.gaps > 0) & (days.row_day <= day)]
    after = int(np.ceil(np.quantile(gaps, _DORMANT_GAP_SHARE)))
    purchases = fit_regular(*known.histories, float(known.log_gap_sum.sum()), params.lifetime)
    model = fit_dormancy(days, day, purchases, after, params.timing)
    active = int((known.since_last < after).sum())
    if model is None:
        return name, _name_day(day), str(after), f"{active:,}", "too little history", "", ""
    middle = model.predict(known)[1]
    due = middle <= last - day
    fallen = days.wait_for_dormancy(known, after, last)[due] <= middle[due]
    told = int(np.isfinite(middle).sum())
    share = f"{fallen.mean():.1%}" if len(fallen) else "none due"
    return name, _name_day(day), str(after), f"{active:,}", f"{told:,}", f"{int(due.sum()):,}", share


def _name_day(day: int) -> str:
    return str(np.datetime64(day, "D"))
