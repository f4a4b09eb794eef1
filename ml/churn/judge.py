"""Judging a target on past days: the model and the naive rules as of each, beside what became of the customers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.churn.evaluate import Measured, Told, measure, measure_days
from ml.churn.features import FeatureRows
from ml.churn.fit import RULES, FittedModel, find_columns, fit_model, fit_rule
from ml.churn.split import TimeSplit, limit_rows, list_splits
from ml.params import ChurnParams


@dataclass(frozen=True)
class Answers:
    """Of the model and of each rule, what was measured."""

    model: dict[str, Measured]
    rules: dict[str, dict[str, Measured]]


@dataclass(frozen=True)
class JudgedDay:
    """A past day: its customers, their outcome, and how the model and each rule, by name, rank and rate them."""

    rows: FeatureRows
    outcome: np.ndarray
    fitted: FittedModel
    said: dict[str, tuple[np.ndarray, np.ndarray]]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """The days a target was judged on, the latest first, and what was measured on all of them together."""

    days: tuple[JudgedDay, ...]
    answers: Answers

    @property
    def latest(self) -> JudgedDay:
        """The day whose model has learnt the most."""
        return self.days[0]

    @property
    def facts(self) -> dict[str, Any]:
        """Dates and counts for the model's card; the training's are those of the latest day."""
        outcome = np.concatenate([day.outcome for day in self.days])
        return self.latest.facts | {
            "judged_days": [day.facts["judged_on"] for day in self.days],
            "judged_rows": len(outcome),
            "judged_lapsed_share": float(outcome.mean()),
        }

    def measure_on_latest(self, judge: FittedModel, params: ChurnParams) -> Answers:
        """Another model on the latest day, and the rules there: for one that may have learnt from the days before."""
        probability = judge.predict(self.latest.rows, params)
        rules = {name: measure(self.latest.outcome, *self.latest.said[name], params) for name in RULES}
        return Answers(measure(self.latest.outcome, probability, probability, params), rules)


def judge_target(labelled: FeatureRows, label: str, horizon_days: int, params: ChurnParams) -> Judged | str:
    """Fit model and rules as of past days and measure them together; or why that can't be done, in words.

    The latest labelled day must be able to judge; earlier ones that are not are passed over.
    """
    splits = list_splits(labelled, horizon_days, params.judge_step_days, params.judged_days)
    if not splits:
        return f"history is too short: no two as-of dates with labels lie {horizon_days} days apart"
    obstacle = find_obstacle(labelled, splits[0], label, params)
    if obstacle:
        return obstacle
    able = [splits[0], *(split for split in splits[1:] if find_obstacle(labelled, split, label, params) is None)]
    days = tuple(_judge_day(labelled, split, label, params) for split in able)
    told = dict(zip(("model", *RULES), _list_told(days), strict=True))
    measured = {name: measure_days(of_days, params) for name, of_days in told.items()}
    return Judged(days, Answers(measured.pop("model"), measured))


def find_obstacle(labelled: FeatureRows, split: TimeSplit, label: str, params: ChurnParams) -> str | None:
    """Why a model can't be judged on these rows, in words; None when it can."""
    outcome = labelled.labels[label]
    for side, mask in (("training", split.train), ("holdout", split.judge)):
        customers = _count_customers(labelled, mask)
        if customers < params.min_customers:
            return f"the {side} rows hold {customers} customers, fewer than {params.min_customers}"
        fewest = min(_count_customers(labelled, mask & (outcome == value)) for value in (0, 1))
        if fewest < params.min_class_customers:
            return f"{fewest} customers of the {side} rows have one outcome, fewer than {params.min_class_customers}"
    if not find_columns(labelled.features[split.train]):
        return "every feature is empty or the same for all customers"
    return None


def _judge_day(labelled: FeatureRows, split: TimeSplit, label: str, params: ChurnParams) -> JudgedDay:
    train = limit_rows(labelled.take(split.train), params.max_training_rows)
    rows = limit_rows(labelled.take(split.judge), params.max_judged_rows)
    taught = train.labels[label]
    fitted = fit_model(train, taught, params)
    probability = fitted.predict(rows, params)
    said = {"model": (probability, probability)}
    for name in RULES:
        rule = fit_rule(name, train, taught)
        said[name] = rule.rank(rows), rule.predict(rows, params)
    facts = {
        "trained_until": str(train.as_of_on.max()),
        "training_rows": len(train),
        "judged_on": str(split.judge_on),
    }
    return JudgedDay(rows, rows.labels[label], fitted, said, facts)


def _list_told(days: tuple[JudgedDay, ...]) -> Iterator[list[Told]]:
    """Of the model and then of each rule, what it said on every day; customers are numbered over all days."""
    place = np.unique(np.concatenate([day.rows.customer_hash for day in days]), return_inverse=True)[1]
    places = np.split(place, np.cumsum([len(day.rows) for day in days])[:-1])
    for name in ("model", *RULES):
        yield [Told(own, day.outcome, *day.said[name]) for own, day in zip(places, days, strict=True)]


def _count_customers(rows: FeatureRows, mask: np.ndarray) -> int:
    return len(np.unique(rows.customer_hash[mask]))
