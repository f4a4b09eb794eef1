"""The stages where models learn and speak: rows leave DuckDB as Arrow columns and come back the same way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pyarrow as pa

from ml.baskets.rules import mine_rules
from ml.churn.model import load_model, save_model
from ml.churn.train import train_churn
from ml.params import load_params
from pipeline.errors import RapportError
from pipeline.progress import say
from pipeline.runs import code_version
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_reading, open_for_writing

# Baskets hold each item once and merchandise only; a category is the finest one that the retailer gives.
_BASKET_LINES = {
    "product": "select order_id as basket_id, product_id as item from marts.order_lines where is_merchandise",
    "category": """
        select lines.order_id as basket_id, coalesce(products.subcategory, products.category) as item
        from marts.order_lines as lines inner join marts.products as products on lines.product_id = products.product_id
        where lines.is_merchandise and coalesce(products.subcategory, products.category) is not null
    """,
}


@contextmanager
def _say_plainly() -> Iterator[None]:
    """What ml refuses is a sentence already; here it becomes an error a person is shown."""
    try:
        yield
    except ValueError as error:
        raise RapportError(str(error)) from error


def train(settings: Settings, as_of: date, run_id: str) -> None:
    """Learn from every past as-of date whose outcome is known, and say how well that works on a later one."""
    with open_for_reading(settings) as connection:
        features = connection.execute(
            "select * from features.customer_features order by as_of_date, customer_id"
        ).to_arrow_table()
    make_folder(settings.models)
    with _say_plainly():
        model = train_churn(features, load_params().churn, as_of, code_version())
        save_model(model, settings.models / "churn")
    _replace_table(settings, "model_cards", model.cards())


def score(settings: Settings, as_of: date, run_id: str) -> None:
    """Score every customer as of the run's date with the model that training left."""
    with open_for_reading(settings) as connection:
        features = connection.execute(
            "select * from features.customer_features where is_current order by customer_id"
        ).to_arrow_table()
    with _say_plainly():
        scores = load_model(settings.models / "churn").score(features)
    as_of_dates = pa.repeat(pa.scalar(as_of, pa.date32()), scores.num_rows)
    _replace_table(settings, "churn_scores", scores.append_column("as_of_date", as_of_dates))
    say(f"{scores.num_rows:,} customers scored")


def mine_baskets(settings: Settings, as_of: date, run_id: str) -> None:
    """Find what is bought together, on products and on categories."""
    with _say_plainly(), open_for_writing(settings) as connection:
        params = load_params().baskets
        mined = [mine_rules(connection, lines, level, getattr(params, level)) for level, lines in _BASKET_LINES.items()]
    _replace_table(settings, "basket_rules", pa.concat_tables(mined))


def _replace_table(settings: Settings, name: str, rows: pa.Table) -> None:
    with open_for_writing(settings) as connection:
        connection.execute("create schema if not exists ml")
        connection.register("incoming", rows)
        connection.execute(f"create or replace table ml.{name} as from incoming")
