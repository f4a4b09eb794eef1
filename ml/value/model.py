"""Value and orders of the next 12 months: the model where it beats rules of thumb at past days, else a rule."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from ml.evaluation.measures import Interval
from ml.lifetime import LifetimeError
from ml.params import Params
from ml.purchase_days import PurchaseDays, Snapshot
from ml.value.judge import (
    MODEL,
    Origin,
    Spread,
    choose_horizon,
    learn_spread,
    list_origins,
    measure_best_found,
    measure_coverage,
    measure_orders,
)
from ml.value.regression import RULES, Regression, fit_regression, follow_rule

YEAR_DAYS = 365


@dataclass(frozen=True)
class Answer:
    """Who answers for one question (the model or a rule), its grade, and the rows for model_cards."""

    who: str
    grade: str
    cards: tuple[dict[str, Any], ...]

    @property
    def status(self) -> str:
        """As model_cards tells it."""
        return "live" if self.who == MODEL else "rules"


@dataclass(frozen=True)
class ValueModel:
    """All that is needed to foretell customers as of one day; `explanation` says why there is nothing, where so."""

    fitted: Regression | None
    orders: Answer
    value: Answer
    spread: Spread | None
    explanation: str

    def predict(self, days: PurchaseDays, known: Snapshot) -> dict[str, np.ndarray]:
        """Columns with a value per customer of the snapshot, which `days` made; NaN where nothing can be said.

        probability_alive, expected_orders_12m, and clv_12m_revenue (net of refunds) with the ends _low and
        _high of its 80 % interval.
        """
        unknown = np.full(len(known), np.nan)
        columns = {"probability_alive": unknown, "expected_orders_12m": unknown}
        columns |= dict.fromkeys(("clv_12m_revenue", "clv_12m_revenue_low", "clv_12m_revenue_high"), unknown)
        if self.fitted is None:
            return columns
        columns["probability_alive"] = self.fitted.probability_alive(known)
        stretch = self.fitted.stretch(known, YEAR_DAYS)
        if self.orders.who == MODEL:
            columns["expected_orders_12m"] = self.fitted.expect_orders(days, known) * stretch
        else:
            columns["expected_orders_12m"] = follow_rule(self.orders.who, days, known, YEAR_DAYS)[0]
        if self.value.who == MODEL:
            spend = self.fitted.expect_spend(days, known) * stretch
        else:
            spend = follow_rule(self.value.who, days, known, YEAR_DAYS)[1]
        columns["clv_12m_revenue"] = spend
        if self.spread is not None:
            ends = self.spread.enclose(spend, YEAR_DAYS / self.fitted.horizon_days)
            columns["clv_12m_revenue_low"], columns["clv_12m_revenue_high"] = ends
        return columns


def fit_value(days: PurchaseDays, as_of: date, params: Params, version: str) -> ValueModel:
    """Judge at past days, decide between model and rules, and fit on all that is known at the end of `as_of`.

    `days` may be a sample of the customers. With too few customers or too short a history, or where the lifetime
    models can't be fitted, nothing is foretold and `explanation` says why.
    """
    day = (as_of - date(1970, 1, 1)).days
    known = days.look_back(day)
    history = day - days.first_day
    card = {"version": version, "trained_on": as_of, "rows": len(known)}
    obstacle = _find_obstacle(len(known), history, params)
    horizon = choose_horizon(history, params)
    try:
        fitted = None if obstacle else fit_regression(days, day, horizon, params)
        origins = [] if obstacle else list_origins(days, day, horizon, params)
    except LifetimeError as error:
        fitted, origins, obstacle = None, [], str(error)
    if fitted is None or not origins:
        obstacle = obstacle or f"{history} days of history leave no past day to judge on"
        nobody = (_answer_unjudged(model, card) for model in ("orders", "value"))
        return ValueModel(None, *nobody, None, f"value and orders to come are not told: {obstacle}")
    orders, value = judge_orders(origins, params, card), judge_value(origins, params, card)
    return ValueModel(fitted, orders, value, learn_spread(origins, value.who, params), "")


def _find_obstacle(customers: int, history: int, params: Params) -> str:
    if customers < params.churn.min_customers:
        return f"{customers} customers have bought, fewer than {params.churn.min_customers}"
    if history < params.value.least_history_days:
        return f"{history} days of history, fewer than {params.value.least_history_days}"
    return ""


def judge_orders(origins: list[Origin], params: Params, card: dict[str, Any]) -> Answer:
    """Graded by the mean absolute error of orders: A lower by the same share as for churn, B lower, C not."""
    measured = {who: measure_orders(origins, who, params) for who in (MODEL, *RULES)}
    best = min(RULES, key=lambda rule: (measured[rule].value, rule))
    gain = 1 - measured[MODEL].value / measured[best].value if measured[best].value else 0.0
    return _decide("orders", "mae", measured, best, gain, params.churn.grade_a_gain, card)


def judge_value(origins: list[Origin], params: Params, card: dict[str, Any]) -> Answer:
    """Graded by the share found of the truly best fifth: A more by `grade_a_gain`, B more, C not."""
    measured = {who: measure_best_found(origins, who, params) for who in (MODEL, *RULES)}
    best = max(RULES, key=lambda rule: (measured[rule].value, rule))
    gain = measured[MODEL].value / measured[best].value - 1 if measured[best].value else 0.0
    answer = _decide("value", "best_20_found", measured, best, gain, params.value.grade_a_gain, card)
    coverage = measure_coverage(origins, answer.who, params)
    row = _write_card("value", "coverage_80", Interval(coverage, None, None), None, None, answer.grade, answer.status)
    return Answer(answer.who, answer.grade, (*answer.cards, row | card))


def _decide(
    model: str,
    metric: str,
    measured: dict[str, Interval],
    best: str,
    gain: float,
    grade_a_gain: float,
    card: dict[str, Any],
) -> Answer:
    grade = "C" if gain <= 0 else "A" if gain >= grade_a_gain else "B"
    who = best if grade == "C" else MODEL
    status = "live" if who == MODEL else "rules"
    rows = [
        _write_card(model, metric, measured[MODEL], rule, measured[rule].value, grade, status) | card for rule in RULES
    ]
    rows += [_write_card(f"{model}_{rule}", metric, measured[rule], None, None, None, "rules") | card for rule in RULES]
    return Answer(who, grade, tuple(rows))


def _answer_unjudged(model: str, card: dict[str, Any]) -> Answer:
    metric = {"orders": "mae", "value": "best_20_found"}[model]
    row = _write_card(model, metric, Interval(None, None, None), None, None, "C", "rules")
    return Answer("nobody", "C", (row | card,))


def _write_card(
    model: str,
    metric: str,
    measured: Interval,
    baseline: str | None,
    baseline_value: float | None,
    grade: str | None,
    status: str,
) -> dict[str, Any]:
    return {
        "model": model,
        "metric": metric,
        "value": measured.value,
        "low95": measured.low95,
        "high95": measured.high95,
        "baseline": baseline,
        "baseline_value": baseline_value,
        "grade": grade,
        "status": status,
    }
