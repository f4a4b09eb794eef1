"""What learning from a sample of the customers loses, on customers whom neither model has seen."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date

import numpy as np
from threadpoolctl import threadpool_limits

from bench.measuring import make_table
from ml.churn.evaluate import draw_weights, measure
from ml.churn.features import FeatureRows, read_features
from ml.churn.fit import fit_model
from ml.churn.split import find_labelled, limit_rows, split_by_time
from ml.params import ChurnParams, load_params
from pipeline.dbt import DBT_PROJECT, dbt_environment, dbt_variables
from pipeline.errors import RapportError
from pipeline.learned import read_rows
from pipeline.settings import Settings

LABEL, HORIZON = "has_lapsed_60d", 60
# Customers by the hash of their id: the last quarter judges, the first so many are what a night would learn from.
HELD_SHARE = 0.25
SAMPLE = 15_000


def compare_samples(settings: Settings, as_of: date) -> str:
    """Markdown: AUC and log loss of a model taught on the sample a night takes, and of one taught on all others."""
    rows, params = _describe_everybody(settings, as_of), load_params().churn
    labelled = rows.take(find_labelled(rows, LABEL, HORIZON, np.datetime64(as_of, "D")))
    hashes = np.unique(labelled.customer_hash)
    held_from = hashes[int(len(hashes) * (1 - HELD_SHARE))]
    split = split_by_time(labelled, np.ones(len(labelled), dtype=bool), HORIZON)
    if split is None:
        raise RapportError("the shop's history is too short to judge on")
    judged = labelled.take(split.judge & (labelled.customer_hash >= held_from))
    others = labelled.take(split.train & (labelled.customer_hash < held_from))
    sample_until = hashes[min(SAMPLE, int(len(hashes) * (1 - HELD_SHARE))) - 1]
    sample = limit_rows(others.take(others.customer_hash <= sample_until), params.max_training_rows)
    with threadpool_limits(limits=1):
        taught = [_teach(name, some, judged, params) for name, some in (("the sample", sample), ("all others", others))]
    header = ("learnt from", "customers", "rows", "CPU s", "AUC", "log loss")
    table = make_table(header, [cells for cells, _ in taught])
    (_, less), (_, more) = taught
    outcome = judged.labels[LABEL]
    low, high = _draw_difference(_lose(outcome, less) - _lose(outcome, more), params)
    lost = np.mean(_lose(outcome, less) - _lose(outcome, more))
    return (
        f"{HORIZON} days, judged on {split.judge_on}: {len(judged):,} customers none of whose rows were learnt from, "
        f"{outcome.mean():.1%} of whom left.\n\n{table}\n\nThe sample loses {lost:+.4f} of log loss (95 % interval "
        f"{low:+.4f} to {high:+.4f}, customers drawn again)."
    )


def _describe_everybody(settings: Settings, as_of: date) -> FeatureRows:
    """The training features without their limit on customers, one row per past as-of date and customer."""
    variables = dbt_variables(settings, as_of) | {"training_customers_max": 10**9}
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
        raise RapportError(f"dbt could not describe everybody: {done.stdout.strip()[-500:]}")
    return read_features(read_rows(settings, "from features.training_features"), (LABEL,))


def _teach(
    name: str, taught: FeatureRows, judged: FeatureRows, params: ChurnParams
) -> tuple[tuple[str, ...], np.ndarray]:
    """A line of the table, and what the model says of the judged."""
    started = time.process_time()
    model = fit_model(taught, taught.labels[LABEL], params)
    took = time.process_time() - started
    said = model.predict(judged, params)
    measured = measure(judged.labels[LABEL], said, said, replace(params, bootstrap_resamples=200))
    customers = len(np.unique(taught.customer_hash))
    shown = [
        f"{measured[one].value:.4f} ({measured[one].low95:.4f} to {measured[one].high95:.4f})"
        for one in ("auc", "log_loss")
    ]
    return (name, f"{customers:,}", f"{len(taught):,}", f"{took:.1f}", *shown), said


def _lose(outcome: np.ndarray, said: np.ndarray) -> np.ndarray:
    return -np.log(np.where(outcome == 1, said, 1 - said))


def _draw_difference(lost: np.ndarray, params: ChurnParams) -> tuple[float, float]:
    drawn = np.concatenate([weights @ lost / weights.sum(axis=1) for weights in draw_weights(len(lost), params)])
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)
