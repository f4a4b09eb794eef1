"""What every stage that learns does: rows leave the warehouse and go back whole, what is refused is told plainly."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from ml.churn.model import CARD_COLUMNS
from pipeline.errors import RapportError
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing


@contextmanager
def say_plainly() -> Iterator[None]:
    """What ml refuses is a sentence already; here it becomes an error a person is shown."""
    try:
        yield
    except ValueError as error:
        raise RapportError(str(error)) from error


def read_rows(settings: Settings, query: str) -> pa.Table:
    """What a query finds in the warehouse, as Arrow columns."""
    with open_for_reading(settings) as connection:
        return connection.execute(query).to_arrow_table()


def replace_table(settings: Settings, name: str, rows: pa.Table) -> None:
    """Put rows in the place of a table of the schema ml."""
    with open_for_writing(settings) as connection:
        connection.execute("create schema if not exists ml")
        connection.register("incoming", rows)
        connection.execute(f"create or replace table ml.{name} as from incoming")


def put_cards(settings: Settings, cards: list[dict]) -> None:
    """Put rows into model_cards in place of those of the same models; other models' stay."""
    with open_for_writing(settings) as connection:
        connection.execute("create schema if not exists ml")
        connection.register("incoming", pa.Table.from_pylist(cards, schema=CARD_COLUMNS))
        connection.execute("begin")
        connection.execute("create table if not exists ml.model_cards as from incoming limit 0")
        connection.execute("delete from ml.model_cards where model in (select model from incoming)")
        connection.execute("insert into ml.model_cards by name from incoming")
        connection.execute("commit")
