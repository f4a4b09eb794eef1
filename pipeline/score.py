"""The stage where the churn model speaks: every customer is scored."""

from datetime import date

import pyarrow as pa

from ml.churn.model import ChurnModel
from ml.churn.store import find_model, load_model
from pipeline.errors import RapportError
from pipeline.learned import replace_table, say_plainly
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading

_FEATURES = "select * from features.customer_features order by customer_id"


def score(settings: Settings, as_of: date, run_id: str) -> None:
    """Score every customer as of the run's date with the newest model that may answer on it, and show its cards."""
    kept, _ = find_model(settings.models / "churn", as_of)
    if kept is None:
        raise RapportError(
            f"{settings.models / 'churn'} holds no model for the night of {as_of}; train one with: "
            f"python -m pipeline train --date {as_of}"
        )
    with say_plainly():
        model = load_model(kept)
        scores, reasons = _ask(model, settings)
    as_of_dates = pa.repeat(pa.scalar(as_of, pa.date32()), scores.num_rows)
    replace_table(settings, "churn_scores", scores.append_column("as_of_date", as_of_dates))
    replace_table(settings, "customer_reasons", reasons)
    replace_table(settings, "model_cards", model.cards())
    say(f"{scores.num_rows:,} customers scored with the model of {model.as_of}")


def _ask(model: ChurnModel, settings: Settings) -> tuple[pa.Table, pa.Table]:
    """Scores and reasons of all customers, of whom so many are in memory at a time."""
    with open_for_reading(settings) as connection:
        chunks = connection.execute(_FEATURES).to_arrow_reader(model.params.score_chunk_rows)
        answers = [model.answer(pa.Table.from_batches([chunk])) for chunk in chunks if chunk.num_rows]
    if not answers:
        raise RapportError("features.customer_features has no rows; run the stage features, and its gate, again")
    scores, reasons = zip(*answers, strict=True)
    return pa.concat_tables(scores), pa.concat_tables(reasons)
