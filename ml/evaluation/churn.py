"""How well leaving is foretold, on customers and dates that nothing was learnt from.

As of each judged date the model is chosen and fitted on the as-of dates whose outcome was known by then, as a night of
that day would do it. Customers seen in the last 180 days are learnt from and judged, whatever the shop's own rule for
churned.
"""

import warnings
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ml.churn.blend import build_regression
from ml.churn.evaluate import Measured, measure
from ml.churn.features import COUNTS_AND_AMOUNTS, FEATURES, FeatureRows, read_features
from ml.churn.fit import clip_probability, fit_model
from ml.churn.split import find_labelled
from ml.evaluation.past_shops import PastShop, describe_past
from ml.evaluation.report import make_table, say
from ml.params import ChurnParams, Params, RegressionParams

TITLE = "who leaves, on public data"
SEEN_DAYS = 180
SEGMENT_LEAST = 200
VIP_SHARE = 0.10
SEGMENTS = ("dormant or churned", "vip", "near_vip", "regular or at_risk")
MOST_ECE = 0.03

# What a first look would take: a logistic regression on these and nothing else.
PLAIN = (
    *("recency_days", "tenure_days", "orders_total", "purchase_days_total", "orders_30d", "orders_90d", "orders_180d"),
    *("net_revenue_total", "net_revenue_90d", "average_order_value", "median_gap_days", "last_gap_days"),
)
# What sorts customers by itself, and whether more of it means leaving.
RULES = {"recency_days": 1, "orders_90d": -1, "orders_total": -1, "recency_over_median_gap": 1}


@dataclass(frozen=True)
class Case:
    """A shop, the horizon and the day it is judged on, and what is to be reached."""

    shop: PastShop
    horizon_days: int
    judged_on: date
    least_auc: float
    most_log_loss: float
    origins: int = 4

    @property
    def label(self) -> str:
        """The column of the outcome."""
        return f"has_lapsed_{self.horizon_days}d"


CASES = (
    # the data set is one drop of the first of January; counted from the fifteenth, the judged day is one of the dates
    Case(PastShop("complete_journey", date(2018, 1, 15)), 60, date(2017, 11, 1), 0.895, 0.190),
    Case(PastShop("online_retail", date(2011, 12, 9)), 90, date(2011, 9, 10), 0.765, 0.560),
)


@dataclass(frozen=True)
class Judged:
    """What was said of the customers of one day, by whom, and what happened."""

    day: date
    rows: FeatureRows
    outcome: np.ndarray
    taught_rows: int
    probabilities: dict[str, np.ndarray]


def run(params: Params, data: Path) -> str:
    """Judge every case; Markdown."""
    with threadpool_limits(limits=1):
        return "\n\n".join(_tell_case(case, params.churn) for case in CASES)


def _tell_case(case: Case, params: ChurnParams) -> str:
    rows = read_features(describe_past(case.shop), (case.label,))
    rows = replace(rows, is_churned=rows.column("recency_days") >= SEEN_DAYS)
    days = [case.judged_on - timedelta(days=30 * step) for step in range(case.origins)]
    judged = []
    for day in days:
        say(f"{case.shop.name}: judging {day} …")
        judged.append(judge_day(rows, case, day, params))
    return "\n\n".join(
        [
            f"### {case.shop.name}, {case.horizon_days} days",
            _tell_judged(judged[0], params),
            _tell_segments(judged[0], params),
            "Rolling origins, AUC and log loss:",
            _tell_origins(judged, params),
            _tell_goals(case, judged[0], params),
        ]
    )


def judge_day(rows: FeatureRows, case: Case, day: date, params: ChurnParams) -> Judged:
    """Learn what was known at the end of `day`, and say of its customers who will leave."""
    known = find_labelled(rows, case.label, case.horizon_days, np.datetime64(day, "D"))
    taught = rows.take(known)
    now = rows.take((rows.as_of_on == np.datetime64(day, "D")) & ~rows.is_churned & ~np.isnan(rows.labels[case.label]))
    outcome = taught.labels[case.label]
    probabilities = {
        "the model": fit_model(taught, outcome, params).predict(now, params),
        "logistic regression on 12 order features": _fit_plain(taught, outcome, params, now),
    }
    return Judged(day, now, now.labels[case.label], len(taught), probabilities)


def _fit_plain(taught: FeatureRows, outcome: np.ndarray, params: ChurnParams, now: FeatureRows) -> np.ndarray:
    columns = tuple(FEATURES.index(name) for name in PLAIN)
    is_amount = np.array([name in COUNTS_AND_AMOUNTS for name in PLAIN])
    pipeline = build_regression(is_amount, RegressionParams(inverse_penalty=1.0, max_iterations=1000))
    pipeline.fit(taught.features[:, columns], outcome)
    return clip_probability(pipeline.predict_proba(now.features[:, columns])[:, 1], params)


def _tell_judged(judged: Judged, params: ChurnParams) -> str:
    lines = [
        f"As of {judged.day}: {len(judged.outcome):,} customers seen in the last {SEEN_DAYS} days, of whom "
        f"{judged.outcome.mean():.1%} left. Learnt from {judged.taught_rows:,} rows. "
        "In brackets the 95 % interval over resampled customers."
    ]
    found = []
    for name, sign in RULES.items():
        rank = sign * _read_rule(judged.rows, name)
        auc = measure(judged.outcome, rank, np.full(len(rank), judged.outcome.mean()), params)["auc"]
        found.append([f"rule: {name}", _show(auc), "", ""])
    for name, probability in reversed(judged.probabilities.items()):
        measured = measure(judged.outcome, probability, probability, params)
        found.append([name, *(_show(measured[metric]) for metric in ("auc", "log_loss", "ece"))])
    return "\n\n".join([*lines, make_table(("who says it", "AUC", "log loss", "ECE"), found)])


def _read_rule(rows: FeatureRows, name: str) -> np.ndarray:
    """A rule's column; who has no gap of their own is measured by the typical one."""
    typical = rows.column("recency_days") / np.nanmedian(rows.column("median_gap_days"))
    values = rows.column(name)
    return np.where(np.isnan(values), typical, values)


def _tell_segments(judged: Judged, params: ChurnParams) -> str:
    segments = _find_segments(judged.rows)
    found = []
    for name in SEGMENTS:
        inside = segments == name
        if inside.sum() < SEGMENT_LEAST:
            continue
        outcome, probability = judged.outcome[inside], judged.probabilities["the model"][inside]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nobody of a segment may have left, which leaves other measures empty
            ece = measure(outcome, probability, probability, params)["ece"]
        found.append([name, f"{inside.sum():,}", f"{outcome.mean():.1%}", f"{probability.mean():.1%}", _show(ece)])
    return make_table(("segment", "customers", "left", "foretold", "ECE"), found)


def _find_segments(rows: FeatureRows) -> np.ndarray:
    """The segments that arithmetic alone gives, of histories shorter than 12 months: at risk counts as regular."""
    revenue = rows.column("net_revenue_total")
    threshold = np.quantile(revenue, 1 - VIP_SHARE)
    is_dormant = np.isnan(rows.days_to_dormancy)
    is_near = revenue + rows.column("average_order_value") >= threshold
    return np.select([is_dormant, revenue >= threshold, is_near], SEGMENTS[:3], SEGMENTS[3])


def _tell_origins(judged: list[Judged], params: ChurnParams) -> str:
    found = []
    for one in judged:
        measured = [measure(one.outcome, said, said, params) for said in one.probabilities.values()]
        cells = [f"{each['auc'].value:.3f} / {each['log_loss'].value:.3f}" for each in measured]
        ece = f"{measured[0]['ece'].value:.3f}"
        found.append([f"{one.day}", f"{len(one.outcome):,}", f"{one.outcome.mean():.1%}", *cells, ece])
    names = list(judged[0].probabilities)
    return make_table(("judged on", "customers", "left", *names, "ECE of the model"), found)


def _tell_goals(case: Case, judged: Judged, params: ChurnParams) -> str:
    said = judged.probabilities["the model"]
    measured = measure(judged.outcome, said, said, params)
    goals = (
        ("auc", "AUC", case.least_auc, 1),
        ("log_loss", "log loss", case.most_log_loss, -1),
        ("ece", "ECE", MOST_ECE, -1),
    )
    found = []
    for metric, title, aim, sign in goals:
        short = sign * (aim - measured[metric].value)
        sentence = "yes" if short <= 0 else f"**no**, short by {short:.4f}"
        found.append([title, f"{'≥' if sign > 0 else '≤'} {aim}", _show(measured[metric]), sentence])
    return make_table(("goal", "aim", "reached", "holds"), found)


def _show(measured: Measured) -> str:
    return f"{measured.value:.4f} ({measured.low95:.4f} to {measured.high95:.4f})"
