"""Ladders come from prices, chances from those who went on, and nobody is led to what others send back."""

from dataclasses import replace

import duckdb
import pytest

from ml.params import load_params
from ml.recommend.ladders import HABITS, RUNGS, STEPS, TABLES, offer_steps

PRICES = {"basic": 10.0, "middle": 15.0, "fine": 30.0, "cheap soap": 1.0, "soap": 1.0}
COSTS = {"basic": 8.0, "middle": 10.0, "fine": 20.0, "cheap soap": 0.5, "soap": None}
LINES, PRODUCTS, FAULTS = "from lines", "from products", "from faults"

# Of three who kept buying basic, one went on to keep buying middle; dan had middle before; eve and fay buy the rest.
BOUGHT = {
    "ann": ["basic", "basic", "middle", "middle"],
    "bob": ["basic", "basic", "basic"],
    "cid": ["basic", "basic"],
    "dan": ["middle", "basic", "basic"],
    "eve": ["fine", "soap", "cheap soap"],
    "fay": ["middle", "middle", "fine", "fine"],
}


@pytest.fixture(name="params")
def _params():
    return replace(load_params().ladders, min_buyers=1, keeper_orders=2, prior_customers=2)


@pytest.fixture(name="connection")
def _connection():
    with duckdb.connect() as connection:
        connection.execute("create table products (product_id varchar, subcategory varchar, unit_cost double)")
        kinds = [(name, "SOAP" if "soap" in name else "COFFEE", cost) for name, cost in COSTS.items()]
        connection.executemany("insert into products values (?, ?, ?)", kinds)
        connection.execute("""
            create table lines (
                customer_id varchar, order_id varchar, ordered_on date, product_id varchar, unit_price double);
            create table faults (customer_id varchar, product_id varchar)
        """)
        connection.executemany(
            "insert into lines values (?, ?, date '2024-01-01' + ?::integer, ?, ?)",
            [
                (customer, f"{customer}{day}", day, product, PRICES[product])
                for customer, products in BOUGHT.items()
                for day, product in enumerate(products)
            ],
        )
        yield connection


def build(connection, params, query):
    """What the working tables hold before the offers are made."""
    filled = {"lines": LINES, "products": PRODUCTS, "faults": FAULTS, **vars(params)}
    for statement in (RUNGS, HABITS, STEPS):
        connection.execute(statement.format(**filled))
    return connection.execute(query).fetchall()


def offer(connection, params):
    return offer_steps(connection, LINES, PRODUCTS, FAULTS, params).to_pylist()


def test_rungs_follow_prices_and_need_three_of_them(connection, params):
    rungs = build(connection, params, "select product_id, rung, price, margin, buyers from ladder_rungs order by rung")
    assert rungs == [("basic", 0, 10, 2, 4), ("middle", 1, 15, 5, 3), ("fine", 2, 30, 10, 2)]


def test_chances_are_of_those_who_kept_buying_and_had_not_the_dearer_one(connection, params):
    steps = build(connection, params, "from ladder_steps order by price_gained")
    usual = 2 / 5
    assert [step[:6] for step in steps] == [("basic", "middle", 3, 1, 5, 3), ("middle", "fine", 2, 1, 15, 5)]
    assert [step[6] for step in steps] == pytest.approx([(1 + 2 * usual) / (3 + 2), (1 + 2 * usual) / (2 + 2)])


def test_trying_the_dearer_one_once_is_no_step(connection, params):
    connection.execute("delete from lines where order_id = 'ann3'")
    steps = build(connection, params, "select product_id, stepped from ladder_steps order by price_gained")
    assert steps == [("basic", 0), ("middle", 1)]


def test_offers_go_to_keepers_who_have_not_the_next_one(connection, params):
    offers = offer(connection, params)
    assert [(o["customer_id"], o["from_product_id"], o["product_id"]) for o in offers] == [
        ("ann", "middle", "fine"),
        ("bob", "basic", "middle"),
        ("cid", "basic", "middle"),
    ]
    assert [o["chance"] for o in offers] == pytest.approx([0.45, 0.36, 0.36])
    assert [(o["price_gained"], o["margin_gained"]) for o in offers] == [(15, 5), (5, 3), (5, 3)]


def test_no_step_leads_to_what_others_send_back(connection, params):
    connection.execute("insert into faults select unnest(['ann', 'dan', 'fay']), 'middle'")
    steps = build(connection, replace(params, most_fault_ratio=1.5), "select next_product_id from ladder_steps")
    assert steps == [("fine",)]


def test_a_step_that_loses_money_is_not_offered(connection, params):
    connection.execute("update products set unit_cost = 14 where product_id = 'middle'")
    assert {o["from_product_id"] for o in offer(connection, params)} == {"middle"}


def test_without_a_cost_the_price_decides_and_the_margin_stays_empty(connection, params):
    connection.execute("update products set unit_cost = null where product_id = 'middle'")
    assert [(o["price_gained"], o["margin_gained"]) for o in offer(connection, params)] == [
        (15, None),
        (5, None),
        (5, None),
    ]


def test_a_small_difference_in_price_is_no_step(connection, params):
    steps = build(connection, replace(params, min_price_step=0.6), "select product_id from ladder_steps")
    assert steps == [("middle",)]


def test_the_steps_most_worth_having_are_kept(connection, params):
    # zoe keeps buying two things, and tea has ladders of its own whose next rung earns more
    connection.execute("insert into products values ('t1', 'TEA', 1), ('t2', 'TEA', 2), ('t3', 'TEA', 3)")
    for product, price in (("t1", 10), ("t2", 50), ("t3", 90), ("basic", 10)):
        connection.execute(
            f"insert into lines select 'zoe', '{product}' || i, date '2024-03-01', '{product}', {price} "
            "from range(2) as r(i) where '" + product + "' in ('t1', 'basic')"
        )
        connection.execute(f"insert into lines values ('yan', '{product}', date '2024-03-01', '{product}', {price})")
    both = [o["product_id"] for o in offer(connection, params) if o["customer_id"] == "zoe"]
    best = [o["product_id"] for o in offer(connection, replace(params, offers_each=1)) if o["customer_id"] == "zoe"]
    assert (both, best) == (["middle", "t2"], ["t2"])


def test_the_order_of_rows_changes_nothing_and_nothing_is_left_behind(connection, params):
    first = offer(connection, params)
    connection.execute("create or replace table lines as from lines order by hash(order_id)")
    assert offer(connection, params) == first
    left = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert not left & set(TABLES)


def test_nobody_buys_anything(connection, params):
    connection.execute("delete from lines")
    assert offer(connection, params) == []
