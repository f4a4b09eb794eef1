"""The stages where models learn and speak: rows leave DuckDB as Arrow columns and come back the same way."""

from datetime import date

import pyarrow as pa

from ml.churn.model import load_model, save_model
from ml.churn.train import train_churn
from ml.params import load_params
from pipeline.learned import replace_table, say_plainly
from pipeline.progress import say
from pipeline.runs import code_version
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_reading


def train(settings: Settings, as_of: date, run_id: str) -> None:
    """Learn from every past as-of date whose outcome is known, and say how well that works on a later one."""
    with open_for_reading(settings) as connection:
        features = connection.execute(
            "select * from features.customer_features order by as_of_date, customer_id"
        ).to_arrow_table()
    make_folder(settings.models)
    with say_plainly():
        model = train_churn(features, load_params().churn, as_of, code_version())
        save_model(model, settings.models / "churn")
    replace_table(settings, "model_cards", model.cards())


def score(settings: Settings, as_of: date, run_id: str) -> None:
    """Score every customer as of the run's date with the model that training left."""
    with open_for_reading(settings) as connection:
        features = connection.execute(
            "select * from features.customer_features where is_current order by customer_id"
        ).to_arrow_table()
    with say_plainly():
        scores = load_model(settings.models / "churn").score(features)
    as_of_dates = pa.repeat(pa.scalar(as_of, pa.date32()), scores.num_rows)
    replace_table(settings, "churn_scores", scores.append_column("as_of_date", as_of_dates))
    say(f"{scores.num_rows:,} customers scored")
