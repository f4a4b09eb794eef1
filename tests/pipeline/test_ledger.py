"""Predictions meet what happened, and alarms ring when they no longer come true; on a few customers made by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ml.params import load_params
from pipeline import alarms, ledger
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing

FIRST = date(2020, 3, 1)

TABLES = """
    create schema ml; create schema intermediate; create schema marts; create schema features; create schema ops;
    create table intermediate.int_settings_resolved as
    select 60 as dormant_after_days, 120 as churned_after_days, 30 as warning_window_days;
    create table intermediate.int_customer_facts as from (values
        ('often', date '2020-02-25', 5), ('due', date '2020-01-11', 5), ('gone', date '2019-10-01', 5),
        ('asks', null, 0)) as t(customer_id, last_order_on, orders_total);
    create table intermediate.int_purchase_days (
        customer_id varchar, ordered_on date, orders bigint, net_sales decimal(18, 2));
    create table marts.returns (customer_id varchar, returned_on date, refund_amount decimal(18, 2));
    create table marts.customer_aliases (old_customer_id varchar, customer_id varchar);
    create table ml.churn_scores as select customer_id, 0.2 as churn_probability_30d, 0.15 as churn_probability_60d,
        0.1 as churn_probability_90d, 0.05 as churn_probability_180d, 0.6 as dormancy_probability
    from intermediate.int_customer_facts;
    create table ml.lifetime_scores as select customer_id, 12.0 as expected_orders_12m, 300.0 as clv_12m_revenue
    from intermediate.int_customer_facts;
    create table ml.timing_scores as select customer_id, date '2020-03-11' as next_order_on
    from intermediate.int_customer_facts;
    create table ml.model_cards as select 'churn_30d' as model, date '2020-03-01' as trained_on;
    create table features.customer_features as select customer_id, false as is_churned, 3.0 as orders_90d
    from intermediate.int_customer_facts;
    create table ops.quality_checks (run_id varchar, gate varchar, table_name varchar, expectation varchar,
        column_name varchar, success boolean, observed varchar, detail varchar);
    create table ops.runs (run_id varchar, started_at timestamp);
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = Settings.from_environment({"RAPPORT_HOME": str(tmp_path), "RAPPORT_MEMORY": "500MB"})
    with open_for_writing(chosen) as connection:
        connection.execute(TABLES)
    return chosen


@pytest.fixture
def limit(monkeypatch) -> Callable[..., None]:
    """Set limits of the alarms, so that a few customers are enough."""

    def choose(**limits: float) -> None:
        params = load_params()
        changed = replace(params, monitoring=replace(params.monitoring, **limits))
        for module in (ledger, alarms):
            monkeypatch.setattr(module, "load_params", lambda: changed)

    return choose


def execute(settings: Settings, *statements: str) -> None:
    with open_for_writing(settings) as connection:
        for statement in statements:
            connection.execute(statement)


def read(settings: Settings, query: str) -> list[tuple]:
    with open_for_reading(settings) as connection:
        return connection.execute(query).fetchall()


def run_nights(settings: Settings, *nights: int) -> None:
    for night in nights:
        ledger.keep_ledger(settings, FIRST + timedelta(days=night), f"run {night}")


def test_predictions_are_kept_weekly_and_a_night_run_again_keeps_the_same(settings):
    run_nights(settings, 0, 1, 6, 7, 8, 14)
    kept = "select distinct predicted_on - date '2020-03-01' as night from ml.predictions order by 1"
    assert read(settings, kept) == [(0,), (7,), (14,)]
    before = read(settings, "from ml.predictions order by all")
    run_nights(settings, 14)
    assert read(settings, "from ml.predictions order by all") == before


def test_nights_told_anew_leave_what_they_left(settings, limit):
    """A late drop has the nights since its day gone through again, in order, before tonight's."""
    limit(least_predictions=1)
    tables = ("predictions", "prediction_ledger", "feature_profiles")
    run_nights(settings, 0, 5, 7, 8, 14, 40)
    before = [read(settings, f"from ml.{table} order by all") for table in tables]
    assert all(before)
    run_nights(settings, 5, 7, 8, 14, 40)
    assert [read(settings, f"from ml.{table} order by all") for table in tables] == before


def test_who_has_churned_or_never_bought_is_not_counted(settings):
    run_nights(settings, 0)
    assert read(settings, "select distinct customer_id from ml.predictions order by 1") == [("due",), ("often",)]


def test_a_prediction_is_listed_with_what_happened_on_the_day_its_horizon_has_passed(settings):
    run_nights(settings, 0)
    bought = "insert into intermediate.int_purchase_days values ('often', '{}', 2, 30), ('due', '2020-04-15', 1, 9)"
    execute(settings, bought.format(FIRST + timedelta(days=30)))
    churn = "select customer_id, predicted, outcome from ml.prediction_ledger where model = 'churn_30d' order by 1"
    run_nights(settings, 29)
    assert read(settings, churn) == []
    run_nights(settings, 30)
    # bought on the 30th day is bought in time; the other bought on the 45th
    assert read(settings, churn) == [("due", 0.2, 1.0), ("often", 0.2, 0.0)]


def test_dormancy_speaks_of_the_days_until_the_customer_would_fall_dormant(settings):
    run_nights(settings, 0)
    # last bought on 11 January, dormant 60 days later: on 11 March
    run_nights(settings, 10)
    found = read(settings, "select horizon_days, customer_id, predicted, outcome from ml.prediction_ledger")
    assert found == [(10, "due", 0.6, 1.0)]


def test_orders_value_and_the_next_order_meet_their_own_outcomes(settings):
    run_nights(settings, 0)
    execute(
        settings,
        "insert into intermediate.int_purchase_days values"
        " ('often', '2020-03-08', 1, 40), ('often', '2021-03-01', 2, 60)",
        "insert into marts.returns values ('often', '2020-06-01', 15), ('often', '2021-06-01', 99)",
    )
    run_nights(settings, 365)
    told = "select model, customer_id, predicted, outcome from ml.prediction_ledger where model in {} order by all"
    assert read(settings, told.format("('orders', 'value')")) == [
        ("orders", "due", 12.0, 0.0),
        ("orders", "often", 12.0, 3.0),
        ("value", "due", 300.0, 0.0),
        ("value", "often", 300.0, 85.0),
    ]
    # the one who did not order within the horizon is not there
    assert read(settings, told.format("('next_order')")) == [("next_order", "often", 10.0, 7.0)]


def test_merged_and_erased_people_are_counted_as_they_are_now(settings):
    run_nights(settings, 0)
    execute(
        settings,
        "delete from intermediate.int_customer_facts where customer_id = 'due'",
        "insert into marts.customer_aliases values ('due', 'often')",
    )
    run_nights(settings, 30)
    churn = "select customer_id, outcome from ml.prediction_ledger where model = 'churn_30d'"
    assert read(settings, churn) == [("often", 1.0)]
    execute(settings, "delete from marts.customer_aliases")
    run_nights(settings, 31)
    assert read(settings, "select distinct customer_id from ml.predictions") == [("often",)]


def test_what_has_been_told_long_enough_is_forgotten(settings):
    run_nights(settings, 0, 300)
    assert (FIRST,) in read(settings, "select distinct predicted_on from ml.predictions")
    run_nights(settings, 30 + load_params().monitoring.ledger_days + 1)
    left = read(settings, f"select distinct model from ml.predictions where predicted_on = '{FIRST}' order by 1")
    assert left == [("churn_180d",), ("churn_60d",), ("churn_90d",), ("next_order",), ("orders",), ("value",)]


def test_an_alarm_rings_when_what_was_said_does_not_come_true(settings, limit):
    limit(least_predictions=1, most_errors=0.5)
    execute(settings, "insert into ops.runs values ('run 30', '2020-03-31')")
    run_nights(settings, 0, 30)
    found = read(settings, "select column_name, success, observed from ops.quality_checks where gate = 'alarms' "
                 "and expectation = 'calibration' order by 1")  # fmt: skip
    assert ("churn_30d", False, "20.0% predicted, 100.0% happened, 2 predictions") in found
    assert alarms.has_rung(settings)
    # the same night again: one row for each, not two
    run_nights(settings, 30)
    told = "select count(*) from ops.quality_checks where expectation = 'calibration' and column_name = 'churn_30d'"
    assert read(settings, told) == [(1,)]


def test_no_alarm_rings_when_it_does(settings, limit):
    limit(least_predictions=1)
    execute(settings, "update ml.churn_scores set churn_probability_30d = 0.99, dormancy_probability = 0.99",
            "insert into ops.runs values ('run 30', '2020-03-31')")  # fmt: skip
    run_nights(settings, 0, 30)
    assert read(settings, "select count(*) from ops.quality_checks where expectation = 'calibration' and success")[
        0
    ] > (0,)
    assert not alarms.has_rung(settings)


def test_an_alarm_rings_when_customers_are_no_longer_those_learnt_from(settings, limit):
    limit(least_predictions=1)
    run_nights(settings, 0, 7)
    drift = ("select success from ops.quality_checks where run_id = '{}' and expectation = 'population_stability' "
             "and column_name = 'orders_90d'")  # fmt: skip
    assert read(settings, drift.format("run 0")) == []
    assert read(settings, drift.format("run 7")) == [(True,)]
    execute(settings, "update features.customer_features set orders_90d = 0")
    run_nights(settings, 8)
    assert read(settings, drift.format("run 8")) == [(False,)]
