"""Purchases and spend of customers predicted from an earlier period: lifetime models beside naive rules."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.evaluation.measures import BEST_SHARE, Interval, measure_best_found, measure_bias, measure_error
from ml.evaluation.origins import KINDS, Origin, choose_kind, fit_origins, learn_correction, list_origins
from ml.evaluation.purchases import (
    CALIBRATION_ENDS,
    HOLDOUT_WEEKS,
    WHOLE,
    Cohort,
    read_cdnow,
    read_online_retail,
    split_at,
)
from ml.evaluation.report import make_table, say
from ml.lifetime import GammaGamma
from ml.lifetime.estimator import PurchaseEstimator
from ml.params import Params

TITLE = "purchases and value on CDNOW, beside naive rules and published results"

_RETAIL_CUTOFFS = (date(2011, 6, 9), date(2011, 7, 31), date(2011, 8, 31))
_RETAIL_ENDS = date(2011, 12, 9)
_CORRECTION_HEADER = (
    *("data", "cutoff", "weeks ahead", "model", "origins"),
    *("as fitted", "corrected", "corrected, any one origin left out"),
)


@dataclass(frozen=True)
class _Case:
    """Customers at a cutoff, the model fitted on them, and the origins before it that chose the kind of model."""

    name: str
    cutoff: date
    cohort: Cohort
    model: PurchaseEstimator
    origins: list[Origin]


@dataclass(frozen=True)
class _Goal:
    """What is aimed at, and what came out; `short_by` is above 0 where it does not hold."""

    measure: str
    aim: str
    reached: Interval
    short_by: float


def run(params: Params, data: Path) -> str:
    """Markdown: purchases, value and goals on CDNOW, and whether the correction of totals helps elsewhere."""
    say("reading CDNOW …")
    cdnow, retail = read_cdnow(data, WHOLE), read_online_retail(data)
    cases = [_fit("CDNOW", cdnow, CALIBRATION_ENDS, float(HOLDOUT_WEEKS), params)]
    purchase_rows, error, bias = _judge_purchases(cases[0], params)
    value_rows, found = _judge_value(cases[0], params)
    goals = [
        _Goal("MAE of purchases (median)", "≤ 0.75", error, error.value - 0.75),
        _Goal("bias of the total (corrected mean)", "within ±5 %", bias, abs(bias.value) - 0.05),
        _Goal("best 20 % by spend found", "≥ 0.58", found, 0.58 - found.value),
    ]
    cases += [
        _fit("Online Retail", retail, cutoff, (_RETAIL_ENDS - cutoff).days / 7, params) for cutoff in _RETAIL_CUTOFFS
    ]
    return "\n\n".join(
        [
            f"CDNOW whole file: {len(cases[0].cohort):,} customers, calibration to {CALIBRATION_ENDS}, the "
            f"{HOLDOUT_WEEKS} weeks after it predicted. In brackets the 95 % interval of "
            f"{params.churn.bootstrap_resamples} resamples of customers.",
            make_table(("purchases", "MAE", "bias of the total"), purchase_rows),
            make_table(("value", "best 20 % by spend found"), value_rows),
            make_table(("goal", "aim", "reached", "holds"), [_describe(goal) for goal in goals]),
            "Does the correction learnt at earlier origins help elsewhere? Bias of the total:",
            make_table(_CORRECTION_HEADER, [_judge_correction(case) for case in cases]),
        ]
    )


def _fit(name: str, purchases: pd.DataFrame, cutoff: date, weeks: float, params: Params) -> _Case:
    """Choose the kind of model at origins before the cutoff, then fit it on all that was known at the cutoff."""
    days = list_origins(purchases, cutoff, weeks, params.lifetime)
    say(f"{name} to {cutoff}: fitting as of {len(days)} earlier origins, {days[0]} to {days[-1]} …")
    origins = choose_kind([fit_origins(purchases, cutoff, days, kind, params.lifetime) for kind in KINDS])
    cohort = split_at(purchases, cutoff, weeks)
    return _Case(name, cutoff, cohort, type(origins[0].model)(params.lifetime).fit(*cohort.histories), origins)


def _judge_purchases(case: _Case, params: Params) -> tuple[list[tuple[str, ...]], Interval, Interval]:
    """Rows of the table, the error of medians and the bias of corrected means."""
    cohort, weeks, correction = case.cohort, case.cohort.weeks_after, learn_correction(case.origins)
    predictions = {"nobody buys again": np.zeros(len(cohort)), "own past rate": cohort.frequency / cohort.age * weeks}
    for kind in KINDS:
        model = kind(params.lifetime).fit(*cohort.histories)
        predictions[f"{model.NAME}, mean"] = model.predict(weeks, *cohort.histories)
    mean = case.model.predict(weeks, *cohort.histories)
    corrected = f"{case.model.NAME}, mean times {correction:.3f} as earlier origins teach"
    median = f"{case.model.NAME}, median"
    predictions[corrected] = mean * correction
    predictions[median] = case.model.predict_quantile(0.5, weeks, *cohort.histories)
    errors = {name: measure_error(what, cohort.purchases_after, params.churn) for name, what in predictions.items()}
    biases = {name: measure_bias(what, cohort.purchases_after, params.churn) for name, what in predictions.items()}
    rows = [(name, _show(errors[name], ".3f"), _show(biases[name], "+.1%")) for name in predictions]
    return rows, errors[median], biases[corrected]


def _judge_value(case: _Case, params: Params) -> tuple[list[tuple[str, str]], Interval]:
    """Rows of the table, and the measure of the lifetime models' product."""
    cohort, model = case.cohort, case.model
    purchases = model.predict(cohort.weeks_after, *cohort.histories)
    taught = _make_classifier().fit(
        np.vstack([_list_features(origin.cohort, origin.model, params) for origin in case.origins]),
        np.concatenate([_find_best(origin.cohort) for origin in case.origins]),
    )
    features = _list_features(cohort, model, params)
    told = cross_val_predict(_make_classifier(), features, _find_best(cohort), cv=5, method="predict_proba")[:, 1]
    product = f"{model.NAME} times Gamma-Gamma"
    values = {
        "repeat spend per week": cohort.frequency * cohort.mean_value / cohort.age,
        product: purchases * _expect_value(cohort, params),
        f"{product}, first purchases counted": purchases * _expect_value_with_first(cohort, params),
        "logistic regression on these, taught at earlier origins": taught.predict_proba(features)[:, 1],
        "no forecast: the same, taught with what other customers did in these very weeks": told,
    }
    found = {name: measure_best_found(value, cohort.spend_after, params.churn) for name, value in values.items()}
    return [(name, _show(share, ".3f")) for name, share in found.items()], found[product]


def _judge_correction(case: _Case) -> tuple[str, ...]:
    """A row with the bias before and after the correction, and how far it moves when any one origin is left out."""
    cohort, origins = case.cohort, case.origins
    ratio = case.model.predict(cohort.weeks_after, *cohort.histories).sum() / cohort.purchases_after.sum()
    without = [learn_correction([*origins[:place], *origins[place + 1 :]]) * ratio - 1 for place in range(len(origins))]
    return (
        *(case.name, str(case.cutoff), f"{cohort.weeks_after:.0f}", case.model.NAME, str(len(origins))),
        *(f"{ratio - 1:+.1%}", f"{learn_correction(origins) * ratio - 1:+.1%}"),
        f"{min(without):+.1%} to {max(without):+.1%}",
    )


def _expect_value(cohort: Cohort, params: Params) -> np.ndarray:
    """Spend per purchase, from repeat purchases as the papers do."""
    fitted = GammaGamma(params.lifetime).fit(cohort.frequency, cohort.mean_value)
    return fitted.predict(cohort.frequency, cohort.mean_value)


def _expect_value_with_first(cohort: Cohort, params: Params) -> np.ndarray:
    """The same from all purchases, so that something is known of those who bought once."""
    count = cohort.frequency + 1
    mean = (cohort.frequency * cohort.mean_value + cohort.first_value) / count
    return GammaGamma(params.lifetime).fit(count, mean).predict(count, mean)


def _list_features(cohort: Cohort, model: PurchaseEstimator, params: Params) -> np.ndarray:
    """What is known of each customer at an origin, in logarithms; purchases are a week's, so that origins compare."""
    columns = (
        model.predict(1.0, *cohort.histories) + 0.001,
        cohort.frequency + 0.5,
        cohort.age - cohort.recency + 0.5,
        cohort.age + 0.5,
        _expect_value(cohort, params) + 0.5,
        _expect_value_with_first(cohort, params) + 0.5,
        cohort.first_value + 0.5,
    )
    logs = np.log(np.column_stack(columns))
    return np.column_stack([logs, model.probability_alive(*cohort.histories)])


def _make_classifier() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1))


def _find_best(cohort: Cohort) -> np.ndarray:
    """Who is in the best fifth by spend; nobody without any."""
    return (cohort.spend_after >= np.quantile(cohort.spend_after, 1 - BEST_SHARE)) & (cohort.spend_after > 0)


def _describe(goal: _Goal) -> tuple[str, ...]:
    holds = "yes" if goal.short_by <= 0 else f"**no**, short by {goal.short_by:.3f}"
    style = "+.1%" if goal.aim.startswith("within") else ".3f"
    return goal.measure, goal.aim, _show(goal.reached, style), holds


def _show(interval: Interval, style: str) -> str:
    return f"{interval.value:{style}} ({interval.low95:{style}} to {interval.high95:{style}})"
