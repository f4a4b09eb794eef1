"""What the model's part of the stage writes: nothing that may not be shown, and for near-VIPs all they ever bought."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ml.params import load_params
from pipeline import recommend
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

LAST = date(2024, 3, 31)
# Ann and Nia bought the same: milk every week, the rest once or twice; Nia is a near-VIP. Bob makes things near.
TABLES = """
    create schema marts;
    create table marts.int_customers_expected as
    select * from (values ('ann', date '2024-04-01', false), ('bob', date '2024-04-01', false),
        ('nia', date '2024-04-01', true)) as t(customer_id, expected_on, is_near_vip);
    create table marts.products as
    select * from (values ('milk', true, true), ('bread', true, true), ('ham', true, true), ('kettle', true, true),
        ('soap', true, true), ('fish', true, true), ('stamps', false, true), ('old', true, false),
        ('gift', true, true))
        as t(product_id, is_merchandise, is_active);
    create table marts.order_lines as
    select customer_id || day as order_id, customer_id, date '2024-01-01' + day::integer as ordered_on,
        unnest(string_split(held, ' ')) as product_id
    from (values ('ann'), ('nia'), ('bob')) as c(customer_id), (values
        (0, 'milk kettle stamps old gift'), (7, 'milk fish'), (14, 'milk soap'), (21, 'milk bread ham'),
        (28, 'milk bread ham'), (35, 'milk'), (42, 'milk'), (49, 'milk'), (56, 'milk'), (63, 'milk'), (90, 'soap')
    ) as o(day, held);
    alter table marts.order_lines add column is_merchandise boolean;
    update marts.order_lines set is_merchandise = product_id <> 'gift';
    create table marts.orders as
    select distinct order_id, customer_id, ordered_on::timestamp as ordered_at from marts.order_lines;
    create table marts.int_stock_expected as
    select 'fish' as product_id, null::date as available_from, null::date as available_until;
    create table marts.int_products_refused as select 'nia' as customer_id, 'ham' as product_id;
    create table marts.int_products_durable as select 'kettle' as product_id, 'kettles' as kind;
"""


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    settings = Settings.from_environment({"RAPPORT_HOME": str(tmp_path / "home"), "RAPPORT_MEMORY": "500MB"})
    (tmp_path / "home").mkdir()
    with open_for_writing(settings) as connection:
        connection.execute(TABLES)
    return settings


@pytest.fixture(name="listed")
def _listed(settings: Settings):
    """Products listed for a customer, by a model that lists one repeat for everybody but near-VIPs."""
    params = load_params()
    few = replace(params.recommend, listed_repeats=1, listed_finds=2, repeat_candidates=2, neighbour_buyers=1)
    params = replace(params, recommend=few)
    with open_for_writing(settings) as connection:
        recommend._number(connection, LAST, params.recommend.history_days)
        model = recommend._learn(connection, settings, LAST, params)
        recommend._write_lists(connection, model, LAST, params)
        rows = connection.execute("from ml.next_baskets").fetchall()
    return lambda customer, kind: [product for who, product, told, _ in rows if (who, told) == (customer, kind)]


def test_a_near_vip_is_listed_whatever_they_bought_that_may_be_shown(listed):
    # kettles last, fish is sold out, ham was returned, soap was bought yesterday, stamps and old things are no longer
    # sold, and the gift was none of the goods when they got it
    assert listed("nia", "repeat") == ["milk", "bread"]


def test_others_are_listed_the_likeliest_only(listed):
    assert listed("ann", "repeat") == ["milk"]


def test_what_may_not_be_shown_is_no_find_either(listed):
    for customer in ("ann", "nia", "bob"):
        assert {"stamps", "old", "fish", "gift"}.isdisjoint(listed(customer, "explore"))


# The night after, a Monday still in the same week's weights; SQL that changes what is known, and whether that counts.
@pytest.mark.parametrize(
    ("change", "learns"),
    [
        ("insert into marts.int_customers_expected values ('abe', date '2024-04-02', false)", False),
        ("insert into marts.products values ('ale', true, true)", False),
        (
            "insert into marts.orders values ('ann91', 'ann', timestamp '2024-04-01'); insert into marts.order_lines "
            "values ('ann91', 'ann', date '2024-04-01', 'milk', true)",
            False,
        ),
        ("update marts.order_lines set product_id = 'soap' where product_id = 'bread'", True),
        ("update marts.order_lines set customer_id = 'bob' where customer_id = 'ann'", True),
        ("delete from marts.orders where order_id = 'ann7'", True),
    ],
)
def test_weights_are_learnt_anew_only_when_something_before_the_last_sunday_changed(
    settings, monkeypatch, change, learns
):
    learnt = []
    learn = recommend.learn_weights
    monkeypatch.setattr(recommend, "learn_weights", lambda *given: learnt.append(given) or learn(*given))
    for night, changes in ((LAST, "select 1"), (LAST + timedelta(days=1), change)):
        with open_for_writing(settings) as connection:
            connection.execute(changes)
            recommend._number(connection, night, 400)
            recommend._learn(connection, settings, night, load_params())
    assert len(learnt) == 1 + learns
