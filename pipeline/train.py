"""Training: on most nights an earlier model answers, and a weekly run of its own makes the next one.

Both learn from features.training_features, which is built for the purpose, checked by a gate of its own before anything
is learnt from it, and dropped again.
"""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ml.churn.store import KeptModel, find_model, load_model, save_model
from ml.churn.train import train_churn
from ml.params import load_params
from pipeline.built import find_built_day
from pipeline.dbt import build_layers
from pipeline.errors import RapportError, UsageError
from pipeline.gates import check_training
from pipeline.learned import read_rows, say_plainly
from pipeline.progress import say
from pipeline.runs import code_version, hold_night_lock
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing

_FEATURES = "select * from features.training_features order by as_of_date, customer_id"
_WINDOW = "select warning_window_days from intermediate.int_settings_resolved"


def train(settings: Settings, as_of: date, run_id: str) -> None:
    """Train where no earlier model can answer tonight, or none has been judged yet."""
    kept = _find_usable(settings, as_of)
    if kept and kept.is_judged:
        say(f"the model of {kept.card['as_of_date']} answers")
    else:
        _learn(settings, as_of, run_id, answers_from=as_of)


def retrain(settings: Settings, as_of: date | None) -> date:
    """Train on what was known at the end of `as_of`, for the nights after it; returns that day.

    The night of that day must be the last one done; it is taken where no day is given. What it published stays.
    """
    if not settings.warehouse.exists():
        raise RapportError(f"{settings.warehouse} does not exist yet; there is nothing to learn from.")
    with hold_night_lock(settings):
        built = find_built_day(settings)
        if built is None:
            raise RapportError("the facts are not built to their end; run a night, then train again.")
        if as_of not in (None, built):
            raise UsageError(f"the tables stand at {built}, not at {as_of}; train with --date {built}.")
        _learn(settings, built, f"{built:%Y%m%d}-retraining", answers_from=built + timedelta(days=1))
    return built


def export_training_rows(settings: Settings, as_of: date, file: Path) -> int:
    """Write what a model would learn from as of a date, checked like it, to a Parquet file; returns how many rows.

    The facts must be built as of that date. Raises GateRefused as training would.
    """
    with hold_night_lock(settings):
        rows = _describe_past(settings, as_of, f"{as_of:%Y%m%d}-rows")
    parquet.write_table(rows, file)
    return rows.num_rows


def _learn(settings: Settings, as_of: date, run_id: str, answers_from: date) -> None:
    """Learn from every past as-of date whose outcome is known, and say how well that works on a later one."""
    features = _describe_past(settings, as_of, run_id)
    make_folder(settings.models)
    kept = _find_usable(settings, as_of)
    with say_plainly():
        earlier = load_model(kept) if kept else None
        model = train_churn(features, load_params().churn, as_of, _read_window(settings), code_version(), earlier)
        save_model(model, settings.models / "churn", answers_from)
    for piece in model.targets:
        if piece.status == "last_good":
            say(f"warning: {piece.target.name}: {piece.reason}")
    say(f"a model has learnt from {features.num_rows:,} rows; it answers from {answers_from}")


def _describe_past(settings: Settings, as_of: date, run_id: str) -> pa.Table:
    """Customers on past as-of dates and what came of them, once the gate has passed; nothing of it stays behind."""
    try:
        build_layers(settings, as_of, "tag:training")
        check_training(settings, as_of, run_id)
        return read_rows(settings, _FEATURES)
    finally:
        with open_for_writing(settings) as connection:
            connection.execute("drop table if exists features.training_features")


def _find_usable(settings: Settings, as_of: date) -> KeptModel | None:
    kept, obstacles = find_model(settings.models / "churn", as_of)
    for obstacle in obstacles:
        say(f"warning: {obstacle}; it is not used")
    if kept and kept.card["warning_window_days"] != _read_window(settings):
        say(f"the model of {kept.card['as_of_date']} looks ahead another number of days than warning_window_days")
        return None
    return kept


def _read_window(settings: Settings) -> int:
    return read_rows(settings, _WINDOW)["warning_window_days"][0].as_py()
