"""The stage that recommends: dbt gathers limits, the model lists what is likely, dbt chooses from it and says why."""

import hashlib
import os
from datetime import date, timedelta
from pathlib import Path

import duckdb
import joblib
import numpy as np
import pandas as pd
import pyarrow as pa

from ml.params import Params, load_params
from ml.recommend import Limits, NextBasket, learn_weights
from ml.recommend.best import pick_best
from ml.recommend.ladders import offer_steps
from pipeline.dbt import build_layers
from pipeline.learned import say_plainly
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing

_BATCH = 50_000  # customers listed at a time, which bounds the memory
_NEAR = 10  # products named as near to each, for the reasons

# Names become numbers, in the order of the names, so that what leaves the database is numbers only.
_NUMBERS = """
    create schema if not exists ml;
    create or replace temp table numbered_customers as
    select customer_id, row_number() over (order by customer_id) - 1 as number, expected_on, is_near_vip
    from marts.int_customers_expected;
    create or replace temp table numbered_products as
    select product_id, row_number() over (order by product_id) - 1 as number, is_merchandise and is_active as is_sold
    from marts.products;
    create or replace temp table numbered_lines as
    select
        customers.number::integer as customer_id, orders.number as order_id, orders.ordered_at,
        products.number::integer as product_id
    from marts.order_lines as lines
    inner join (
        select order_id, ordered_at, row_number() over (order by ordered_at, order_id) as number from marts.orders
    ) as orders on lines.order_id = orders.order_id
    inner join numbered_products as products on lines.product_id = products.product_id
    left join numbered_customers as customers on lines.customer_id = customers.customer_id
    where lines.is_merchandise and lines.ordered_on > $since
"""
_LADDER_LINES = """
    select customer_id, order_id, ordered_on, product_id, unit_price from marts.order_lines where is_merchandise
"""
_LADDER_PRODUCTS = "select product_id, subcategory, unit_cost from marts.products where is_merchandise and is_active"


def recommend(settings: Settings, as_of: date, run_id: str) -> None:
    """List for every customer what they would buy next, with reasons."""
    build_layers(settings, as_of, "tag:recommend_inputs")
    params = load_params()
    with say_plainly(), open_for_writing(settings) as connection:
        _number(connection, as_of, params.recommend.history_days)
        if connection.execute("select count(*) from numbered_lines").fetchone()[0]:
            model = _learn(connection, settings, as_of, params)
            _write_lists(connection, model, as_of, params)
        steps = offer_steps(
            connection, _LADDER_LINES, _LADDER_PRODUCTS, "from marts.int_products_refused", params.ladders
        )
        _write_steps(connection, steps)
    build_layers(settings, as_of, "tag:recommendations")


def _number(connection: duckdb.DuckDBPyConnection, as_of: date, days: int) -> None:
    since = f"date '{as_of - timedelta(days=days)}'"
    connection.execute(_NUMBERS.replace("$since", since))
    connection.execute("""
        create or replace table ml.next_baskets (customer_id varchar, product_id varchar, kind varchar, score double);
        create or replace table ml.near_products (product_id varchar, near_product_id varchar, nearness double)
    """)


def _learn(connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date, params: Params) -> NextBasket:
    """The model of the night. Its weights are those of the last Sunday, learnt anew when anything before it changed."""
    until = as_of - timedelta(days=(as_of.weekday() + 1) % 7)
    known = f"from numbered_lines where ordered_at < timestamp '{until + timedelta(days=1)}'"
    # by name: the numbers of all move when somebody new comes
    seen = connection.execute(f"""
        select count(*), bit_xor(hash(customers.customer_id, lines.order_id, products.product_id, lines.ordered_at))
        from (select * {known}) as lines
        inner join numbered_products as products on lines.product_id = products.number
        left join numbered_customers as customers on lines.customer_id = customers.number
    """)
    fingerprint = hashlib.sha256(repr((until, seen.fetchone(), params.recommend)).encode()).hexdigest()
    kept = settings.models / "next_basket.joblib"
    weights = _read_weights(kept, fingerprint)
    if weights is None:
        say(f"learning what the next basket holds, from orders up to {until}")
        weights = learn_weights(connection.execute(f"select * {known}").df(), params.recommend)
        _keep_weights(kept, fingerprint, weights)
    return NextBasket(params.recommend).fit(connection.execute("from numbered_lines").df(), weights)


def _read_weights(path: Path, fingerprint: str) -> object:
    if not path.exists():
        return None
    kept = joblib.load(path)
    return kept["weights"] if kept["fingerprint"] == fingerprint else None


def _keep_weights(path: Path, fingerprint: str, weights: object) -> None:
    make_folder(path.parent)
    part = path.with_suffix(".part")
    joblib.dump({"fingerprint": fingerprint, "weights": weights}, part)
    os.replace(part, path)


def _write_lists(connection: duckdb.DuckDBPyConnection, model: NextBasket, as_of: date, params: Params) -> None:
    limits = _read_limits(connection, params)
    for is_near_vip, repeats in ((False, params.recommend.listed_repeats), (True, params.recommend.basket_repeats)):
        customers = connection.execute(
            "select number, expected_on from numbered_customers where is_near_vip = ? order by number", [is_near_vip]
        ).fetchnumpy()
        number, expected = np.asarray(customers["number"]), np.asarray(customers["expected_on"])
        for start in range(0, len(number), _BATCH):
            some = slice(start, start + _BATCH)
            days = expected[some].astype("datetime64[D]")
            found = model.recommend_apart(number[some], as_of, days, repeats, params.recommend.listed_finds, limits)
            _write_some(connection, found)
    _write_near_products(connection, model)


def _write_some(connection: duckdb.DuckDBPyConnection, found: pd.DataFrame) -> None:
    connection.register("found", found)
    connection.execute("""
        insert into ml.next_baskets
        select customers.customer_id, products.product_id, found.kind, found.score
        from found
        inner join numbered_customers as customers on found.customer_id = customers.number
        inner join numbered_products as products on found.product_id = products.number
        order by customers.customer_id, found.kind, found.rank
    """)
    connection.unregister("found")


def _write_near_products(connection: duckdb.DuckDBPyConnection, model: NextBasket) -> None:
    near, nearness = pick_best(model.known_.neighbours, _NEAR)
    row, place = np.nonzero(near >= 0)
    names = model.known_.history.products.to_numpy()
    pairs = {"number": names[row], "near_number": names[near[row, place]], "nearness": nearness[row, place]}
    connection.register("pairs", pa.table(pairs))
    connection.execute("""
        insert into ml.near_products
        select products.product_id, nears.product_id, pairs.nearness
        from pairs
        inner join numbered_products as products on pairs.number = products.number
        inner join numbered_products as nears on pairs.near_number = nears.number
        order by products.product_id, nears.product_id
    """)
    connection.unregister("pairs")


def _read_limits(connection: duckdb.DuckDBPyConnection, params: Params) -> Limits:
    def read(query: str) -> object:
        return connection.execute(query).df()

    numbered = (
        "select products.number as product_id{more} from marts.{table} as limited{join} inner join numbered_products"
    )
    numbered += " as products on limited.product_id = products.product_id"
    of_customer = " inner join numbered_customers as customers on limited.customer_id = customers.customer_id"
    stock, refused, durables = "int_stock_expected", "int_products_refused", "int_products_durable"
    return Limits(
        merchandise=read("select number from numbered_products where is_sold")["number"],
        stocked=read(numbered.format(more=", limited.available_from, limited.available_until", table=stock, join="")),
        refused=read(numbered.format(more=", customers.number as customer_id", table=refused, join=of_customer)),
        durables=read(numbered.format(more="", table=durables, join=""))["product_id"],
        least_gone_share=params.recommend.least_gone_share,
    )


def _write_steps(connection: duckdb.DuckDBPyConnection, steps: pa.Table) -> None:
    connection.register("steps", steps)
    connection.execute("""
        create or replace table ml.step_offers as
        select
            customer_id, from_product_id, product_id, chance, price_gained::decimal(18, 2) as price_gained,
            margin_gained::decimal(18, 2) as margin_gained
        from steps
    """)
    connection.unregister("steps")
