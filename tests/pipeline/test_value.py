"""The stage of value and dates on a small warehouse: whole, the same on any number of threads, and plain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline import value
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing
from tests.ml.value.test_value import LAST, make_shop

TABLES = """
    create schema intermediate; create schema marts;
    create table intermediate.int_settings_resolved as select 90 as dormant_after_days;
    create table intermediate.int_purchase_days as
    select 'c_' || md5(place::varchar)[:20] as customer_id, (date '1970-01-01' + day::integer)::date as ordered_on,
        1::bigint as orders, round(value, 2)::decimal(18, 2) as net_sales
    from rows;
    create table intermediate.int_customer_facts as
    select customer_id, sum(orders)::bigint as orders_total from intermediate.int_purchase_days group by 1
    union all select 'c_asks_only', 0;
    create table marts.returns as
    select customer_id, ordered_on + 3 as returned_on, 1.50::decimal(18, 2) as refund_amount
    from intermediate.int_purchase_days where hash(customer_id, ordered_on) % 9 = 0 and ordered_on + 3 <= $last;
    create table marts.interactions as
    select 'exposure' as kind, 'o' || i as reference_id, timestamp '2021-03-01' as occurred_at, 'win_back' as detail
    from range(50) as t(i)
    union all
    select 'redemption', 'r' || i, timestamp '2021-03-01' + to_days(cast(i % 10 as integer)), 'o' || i
    from range($redeemed) as t(i);
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_home(tmp_path / "home")


def make_home(home: Path, customers: int = 300, redeemed: int = 40, threads: int = 1) -> Settings:
    chosen = Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_MEMORY": "500MB"})
    home.mkdir()
    days = make_shop(customers)
    rows = pa.table({"place": days.row_place, "day": days.row_day, "value": days.row_value})
    with open_for_writing(chosen) as connection:
        connection.register("rows", rows)
        for statement in TABLES.split(";"):
            told = (
                {"last": LAST} if "$last" in statement else {"redeemed": redeemed} if "$redeemed" in statement else {}
            )
            if statement.strip():
                connection.execute(statement, told)
    return replace(chosen, threads=threads)


def read(settings: Settings, query: str) -> list[tuple]:
    with open_for_reading(settings) as connection:
        return connection.execute(query).fetchall()


def test_every_buyer_has_both_rows_and_only_buyers(settings):
    value.estimate(settings, LAST, "run")
    buyers = read(settings, "select customer_id from intermediate.int_customer_facts where orders_total > 0 order by 1")
    for table in ("lifetime_scores", "timing_scores"):
        assert read(settings, f"select customer_id from ml.{table} order by 1") == buyers
    cards = read(settings, "select distinct model from ml.model_cards where grade is not null order by 1")
    assert cards == [("next_order",), ("orders",), ("value",)]


def test_four_in_five_redeemers_tell_how_long_an_offer_takes(settings, tmp_path):
    value.estimate(settings, LAST, "run")
    # 40 redeemed, evenly after 0 to 9 days
    assert read(settings, "select distinct offer_days from ml.timing_scores") == [(8,)]
    few = make_home(tmp_path / "few", redeemed=29)
    value.estimate(few, LAST, "run")
    assert read(few, "select distinct offer_days from ml.timing_scores") == [(None,)]


def test_threads_and_a_second_run_change_no_byte(settings, tmp_path):
    two = make_home(tmp_path / "two", threads=2)
    for home in (settings, two, two):
        value.estimate(home, LAST, "run")
    for table in ("lifetime_scores", "timing_scores", "model_cards"):
        rows = f"from ml.{table} order by all"
        assert read(settings, rows) == read(two, rows)


def test_customers_some_at_a_time_are_told_the_same(settings, monkeypatch):
    value.estimate(settings, LAST, "run")
    query = (
        "select expected_orders_12m, clv_12m_revenue, clv_12m_revenue_low from ml.lifetime_scores order by customer_id"
    )
    together = np.array(read(settings, query))
    dates = read(settings, "from ml.timing_scores order by customer_id")
    monkeypatch.setattr(value, "_CUSTOMERS_AT_A_TIME", 70)
    value.estimate(settings, LAST, "run")
    assert np.array(read(settings, query)) == pytest.approx(together, rel=1e-9, abs=1e-9)
    assert read(settings, "from ml.timing_scores order by customer_id") == dates


def test_too_few_customers_are_said_and_left_empty(tmp_path, capsys):
    few = make_home(tmp_path / "few", customers=40)
    value.estimate(few, LAST, "run")
    told = capsys.readouterr()
    assert "40 customers have bought, fewer than 100" in told.out + told.err
    assert read(few, "select count(*), count(expected_orders_12m), count(clv_12m_revenue) from ml.lifetime_scores") == [
        (40, 0, 0)
    ]
    assert read(few, "select count(dormancy_on) from ml.timing_scores") == [(0,)]
