"""Training: judge each target on past days, decide between model and rule, and fit what will score."""

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from ml.churn.evaluate import METRICS, Measured, choose_rule, grade_model
from ml.churn.features import DORMANCY_LABEL, FeatureRows, keep_known, read_features
from ml.churn.fit import choose_unjudged_rule, fit_model, fit_rule
from ml.churn.judge import Answers, Judged, judge_target
from ml.churn.model import ChurnModel, FittedTarget, Target
from ml.churn.split import find_labelled, limit_rows
from ml.params import ChurnParams


def train_churn(
    frame: pa.Table | pd.DataFrame,
    params: ChurnParams,
    as_of: date,
    warning_window_days: int,
    code_version: str = "unknown",
    earlier: ChurnModel | None = None,
) -> ChurnModel:
    """Train every horizon and dormancy from the training features of one run; the same data give the same scores.

    A target whose model is not better than the best naive rule is answered by that of the `earlier` model where it is
    not too old and still better (status `last_good`), else by a rule (status `rules`). One that can't be judged yet is
    answered by a rule too, and by nothing (NULL scores) where there are too few labelled rows even for that.
    """
    labels = (*(f"has_lapsed_{days}d" for days in params.horizons_days), DORMANCY_LABEL)
    rows = keep_known(read_features(frame, labels, may_be_empty=True), as_of)
    targets = list_targets(params, warning_window_days)
    version = f"{as_of.isoformat()}+{code_version[:12]}"
    with threadpool_limits(limits=1):
        before = {piece.target: piece for piece in earlier.targets} if earlier else {}
        pieces = tuple(train_target(rows, target, params, as_of, version, before.get(target)) for target in targets)
    return ChurnModel(
        as_of=as_of,
        version=version,
        code_version=code_version,
        warning_window_days=warning_window_days,
        params=params,
        targets=pieces,
    )


def list_targets(params: ChurnParams, warning_window_days: int) -> tuple[Target, ...]:
    """The horizons, shortest first, and dormancy within the warning window."""
    horizons = (
        Target(f"churn_{days}d", f"has_lapsed_{days}d", f"churn_probability_{days}d", days)
        for days in params.horizons_days
    )
    return (*horizons, Target("dormancy", DORMANCY_LABEL, "dormancy_probability", warning_window_days))


def train_target(
    rows: FeatureRows,
    target: Target,
    params: ChurnParams,
    as_of: date,
    version: str,
    before: FittedTarget | None = None,
) -> FittedTarget:
    """Judge, decide, and fit again on all matured rows; `before` is what answered until now."""
    mask = find_labelled(rows, target.label, target.horizon_days, np.datetime64(as_of, "D"))
    labelled = rows.take(mask)
    final = limit_rows(labelled, params.max_training_rows)
    final_outcome = final.labels[target.label]
    facts = {
        "labelled_rows": len(labelled),
        "fitted_rows": len(final),
        "fitted_until": str(labelled.as_of_on.max()) if len(labelled) else None,
    }
    card = {"version": version, "trained_on": as_of, "rows": len(final)}
    judged = judge_target(labelled, target.label, target.horizon_days, params)
    if isinstance(judged, str):
        return _fall_back(target, final, final_outcome, params, judged, facts, card)
    grade = grade_model(judged.answers.model, judged.answers.rules, params)
    if grade == "C":
        kept = _keep_last_good(before, judged, facts, params, as_of)
        if kept:
            return kept
        predictor = fit_rule(choose_rule(judged.answers.rules), final, final_outcome)
        status, reason = "rules", f"the model was not better than the rules; {predictor.name} answers instead"
    else:
        predictor = fit_model(final, final_outcome, params)
        status, reason = "live", "the model finds more of the churners than the best rule"
    return FittedTarget(
        target=target,
        status=status,
        grade=grade,
        reason=reason,
        predictor=predictor,
        facts=facts | judged.facts,
        cards=_write_cards(target, judged.answers, card | {"grade": grade, "status": status}),
        trained_on=as_of,
        version=version,
        judged_by=judged.latest.fitted if status == "live" else None,
    )


def _keep_last_good(
    before: FittedTarget | None, judged: Judged, facts: dict[str, Any], params: ChurnParams, as_of: date
) -> FittedTarget | None:
    """What answered until now, measured on the latest judged day; None where it is too old or no better than a rule."""
    if before is None or before.judged_by is None or before.facts["judged_on"] > judged.facts["judged_on"]:
        return None
    if (as_of - before.trained_on).days > params.last_good_days:
        return None
    answers = judged.measure_on_latest(before.judged_by, params)
    grade = grade_model(answers.model, answers.rules, params)
    if grade == "C":
        return None
    card = {"version": before.version, "trained_on": before.trained_on, "rows": before.facts["fitted_rows"]}
    latest = judged.latest
    again = {
        "judged_on": latest.facts["judged_on"],
        "judged_days": [latest.facts["judged_on"]],
        "judged_rows": len(latest.outcome),
        "judged_lapsed_share": float(latest.outcome.mean()),
        "tried_again_on": facts["fitted_until"],
    }
    return replace(
        before,
        status="last_good",
        grade=grade,
        reason=f"what was learnt as of {as_of} was not better than the rules; the model of {before.trained_on} answers",
        facts={**before.facts, **again},
        cards=_write_cards(before.target, answers, card | {"grade": grade, "status": "last_good"}),
    )


def _fall_back(
    target: Target,
    final: FeatureRows,
    outcome: np.ndarray,
    params: ChurnParams,
    obstacle: str,
    facts: dict[str, Any],
    card: dict[str, Any],
) -> FittedTarget:
    can_fit = len(final) >= params.min_rule_rows and 0 < outcome.mean() < 1
    predictor = choose_unjudged_rule(final, outcome, params) if can_fit else None
    answer = f"{predictor.name} answers, unjudged" if predictor else "too little for a rule either: no scores"
    # One row with no number says that this target was not measured; leaving it out would look like an oversight.
    empty = {"metric": "auc", "value": None, "low95": None, "high95": None, "baseline": None, "baseline_value": None}
    learnt_from = len(final) if predictor else 0
    row = {"model": target.name, **card, **empty, "rows": learnt_from, "grade": "C", "status": "rules"}
    return FittedTarget(
        target=target,
        status="rules",
        grade="C",
        reason=f"{obstacle}; {answer}",
        predictor=predictor,
        facts=facts,
        cards=(row,),
    )


def _write_cards(target: Target, answers: Answers, card: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    rows = []
    for metric in METRICS:
        for rule, measured in answers.rules.items():
            against = {"baseline": rule, "baseline_value": measured[metric].value}
            rows.append(_write_card(target.name, metric, answers.model[metric], card | against))
    # The rules' own intervals; a rule has no grade and no baseline.
    alone = card | {"baseline": None, "baseline_value": None, "grade": None, "status": "rules"}
    for rule, measured in answers.rules.items():
        rows.extend(_write_card(f"{target.name}_{rule}", metric, measured[metric], alone) for metric in METRICS)
    return tuple(rows)


def _write_card(model: str, metric: str, measured: Measured, card: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "metric": metric, **asdict(measured), **card}
