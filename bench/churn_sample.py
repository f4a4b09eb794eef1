"""What learning from a sample of the customers loses, on customers whom no model has seen."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from bench.measuring import make_table
from ml.churn.evaluate import draw_weights
from ml.churn.features import FeatureRows, read_features
from ml.churn.fit import fit_model
from ml.churn.split import find_labelled, split_by_time
from ml.params import ChurnParams, load_params
from pipeline.dbt import DBT_PROJECT, dbt_environment, dbt_variables
from pipeline.errors import RapportError
from pipeline.learned import read_rows
from pipeline.progress import say
from pipeline.settings import Settings

LABEL, HORIZON = "has_lapsed_60d", 60
# So many of the night's customers, each on all dates, teach a model beside the night's own.
SIZES = (2_000, 5_000, 10_000, 20_000)
_ALL = 10**7


@dataclass(frozen=True)
class Taught:
    """A model: whom it has learnt from, how many rows and CPU seconds that took, and what it says of the judged."""

    name: str
    rows: int
    cpu: float
    said: np.ndarray


def compare_samples(settings: Settings, as_of: date) -> str:
    """Markdown: models of a night's rows, of fewer customers and of more, judged by customers whom none has seen.

    Those are half of the customers that a night leaves out. Each model is held against that of all others.
    """
    everybody = _describe_past(settings, as_of, training_customers_max=_ALL, training_customers_a_date=_ALL)
    of_night = _describe_past(settings, as_of, training_customers_a_date=_ALL)
    known = np.unique(of_night.customer_hash)
    left_out = np.setdiff1d(everybody.customer_hash, known)
    if not len(left_out):
        return f"A night learns from all {len(known):,} customers of this shop, so that nothing is lost."
    is_judge = np.isin(everybody.customer_hash, left_out[len(left_out) // 2 :])
    judged, learnt_until = _find_judged(everybody.take(is_judge), as_of)
    others = everybody.take(~is_judge)
    teaching = {f"{size:,}": of_night.take(of_night.customer_hash < known[size]) for size in SIZES if size < len(known)}
    teaching[f"{len(known):,} in turn, as a night"] = _describe_past(settings, as_of)
    teaching[f"{len(known):,}"] = of_night
    teaching[f"{len(np.unique(others.customer_hash)):,}, all others"] = others
    params = load_params().churn
    with threadpool_limits(limits=1):
        taught = [_teach(name, rows, learnt_until, judged, params) for name, rows in teaching.items()]
    outcome = judged.labels[LABEL]
    return (
        f"What a sample loses: {HORIZON} days, judged on {judged.as_of_on.max()} by {len(judged):,} customers none of "
        f"whose rows were learnt from, {outcome.mean():.1%} of whom left. Each customer teaches on all dates where "
        f"nothing else is said. Behind the differences stand their 95 % intervals, customers drawn again.\n\n"
        f"{describe(outcome, taught, params)}"
    )


def describe(outcome: np.ndarray, taught: list[Taught], params: ChurnParams) -> str:
    """A line for each model, and what it loses beside the last one: log loss it has more, AUC it has less."""
    header = ("learnt from", "rows", "CPU s of one fit", "log loss", "more than the last", "AUC", "less than the last")
    drawn = [weights for block in draw_weights(len(outcome), params) for weights in block]
    measured = [[measure(outcome, one.said, drawn) for measure in (_draw_losses, _draw_aucs)] for one in taught]
    lines = []
    for one, (losses, aucs) in zip(taught, measured, strict=True):
        last_losses, last_aucs = measured[-1]
        lost = [losses - last_losses, last_aucs - aucs]
        more, less = ("" if one is taught[-1] else _tell_difference(difference) for difference in lost)
        size = (one.name, f"{one.rows:,}", f"{one.cpu:.1f}")
        lines.append((*size, f"{losses[0]:.4f}", more, f"{aucs[0]:.4f}", less))
    return make_table(header, lines)


def _describe_past(settings: Settings, as_of: date, **variables: int) -> FeatureRows:
    """The training features, some of dbt's variables aside as a night takes them; a row per past date and customer."""
    variables = dbt_variables(settings, as_of) | variables
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "run", "--select", "training_features"]
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    folders += ["--target-path", str(settings.dbt_output / "target"), "--log-path", str(settings.dbt_output / "logs")]
    done = subprocess.run(
        [*command, *folders, "--vars", json.dumps(variables)],
        env=os.environ | dbt_environment(settings),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RapportError(f"dbt could not describe past dates: {done.stdout.strip()[-500:]}")
    return read_features(read_rows(settings, "from features.training_features"), (LABEL,))


def _find_judged(rows: FeatureRows, as_of: date) -> tuple[FeatureRows, np.datetime64]:
    """The rows of the latest date whose outcome is known, and the last date whose outcome was known by then."""
    labelled = rows.take(find_labelled(rows, LABEL, HORIZON, np.datetime64(as_of, "D")))
    split = split_by_time(labelled, np.ones(len(labelled), dtype=bool), HORIZON)
    if split is None:
        raise RapportError("the shop's history is too short to judge on")
    return labelled.take(split.judge), split.judge_on - np.timedelta64(HORIZON, "D")


def _teach(
    name: str, rows: FeatureRows, learnt_until: np.datetime64, judged: FeatureRows, params: ChurnParams
) -> Taught:
    """A model of the rows up to a date."""
    teaching = rows.take(find_labelled(rows, LABEL, HORIZON, learnt_until + np.timedelta64(HORIZON, "D")))
    started = time.process_time()
    model = fit_model(teaching, teaching.labels[LABEL], params)
    took = time.process_time() - started
    say(f"{name}: a model has learnt from {len(teaching):,} rows in {took:.1f} CPU seconds")
    return Taught(name, len(teaching), took, model.predict(judged, params))


def _draw_losses(outcome: np.ndarray, said: np.ndarray, drawn: list[np.ndarray]) -> np.ndarray:
    """The log loss of everybody, then that of each draw."""
    return np.array([log_loss(outcome, said, sample_weight=weights) for weights in (None, *drawn)])


def _draw_aucs(outcome: np.ndarray, said: np.ndarray, drawn: list[np.ndarray]) -> np.ndarray:
    """The AUC of everybody, then that of each draw."""
    return np.array([roc_auc_score(outcome, said, sample_weight=weights) for weights in (None, *drawn)])


def _tell_difference(differences: np.ndarray) -> str:
    low, high = np.quantile(differences[1:], (0.025, 0.975))
    return f"{differences[0]:+.4f} ({low:+.4f} to {high:+.4f})"
