"""Purchases and spend of CDNOW's customers in the 39 weeks after the calibration period, predicted from that period."""

from pathlib import Path

import numpy as np

from ml.evaluation.cdnow import CALIBRATION_ENDS, HOLDOUT_WEEKS, WHOLE, Cohort, read_purchases, split_at
from ml.evaluation.report import make_table, say
from ml.params import Params

TITLE = "purchases and value on CDNOW, beside naive rules and published results"
BEST_SHARE = 0.2


def run(params: Params, data: Path) -> str:
    """Markdown with the measures of each method on the whole file."""
    say("reading CDNOW …")
    cohort = split_at(read_purchases(data, WHOLE), CALIBRATION_ENDS, HOLDOUT_WEEKS)
    rate = cohort.frequency / cohort.age
    purchases, value = rate * cohort.weeks_after, rate * cohort.mean_value
    row = ("own past rate", *(f"{number:.3f}" for number in measure(cohort, purchases, value)))
    return make_table(("method", "MAE of purchases", "bias of the total", "best 20 % found"), [row])


def measure(cohort: Cohort, purchases: np.ndarray, value: np.ndarray) -> tuple[float, float, float]:
    """Mean absolute error of purchases, bias of their total, and the share of the truly best that value finds."""
    error = float(np.abs(purchases - cohort.purchases_after).mean())
    bias = float(purchases.sum() / cohort.purchases_after.sum() - 1)
    return error, bias, find_share_of_best(cohort.spend_after, value)


def find_share_of_best(spend: np.ndarray, value: np.ndarray) -> float:
    """Of the best fifth by spend, the share that is also in the best fifth by predicted value."""
    count = round(BEST_SHARE * len(spend))
    truly, predicted = (set(np.argsort(-amount, kind="stable")[:count]) for amount in (spend, value))
    return len(truly & predicted) / count
