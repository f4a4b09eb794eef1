"""A warehouse with every table and no rows, built once: what dbt's own tests need to run against."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from pipeline.dbt import run_dbt
from pipeline.identity.resolve import create_identity_tables
from pipeline.landing.tables import create_tables
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

AS_OF = date(2018, 1, 1)

# What the modelling stages write before dbt's later layers read it.
ML_TABLES = """
    create schema ml;
    create table ml.churn_scores (
        customer_id varchar, churn_probability_30d double, churn_probability_60d double, churn_probability_90d double,
        churn_probability_180d double, dormancy_probability double);
    create table ml.lifetime_scores (
        customer_id varchar, probability_alive double, expected_orders_12m double, clv_12m_revenue double,
        clv_12m_revenue_low double, clv_12m_revenue_high double);
    create table ml.timing_scores (
        customer_id varchar, next_order_on date, next_order_on_low50 date, next_order_on_high50 date,
        next_order_on_low80 date, next_order_on_high80 date, dormancy_on_low date, dormancy_on date,
        dormancy_on_high date, offer_days bigint);
    create table ml.basket_rules (
        level varchar, item_kind varchar, antecedent varchar, antecedent_2 varchar, consequent varchar, baskets bigint,
        support double, confidence double, lift double, lift_low95 double, lift_high95 double, leverage double,
        p_value double, holdout_lift double, customers bigint);
    create table ml.next_baskets (customer_id varchar, product_id varchar, kind varchar, score double);
    create table ml.near_products (product_id varchar, near_product_id varchar, nearness double);
    create table ml.step_offers (
        customer_id varchar, from_product_id varchar, product_id varchar, chance double, price_gained decimal(18, 2),
        margin_gained decimal(18, 2));
"""


@dataclass(frozen=True)
class BuiltProject:
    """The empty warehouse after `dbt build`, and what dbt says of its nodes and of what it ran."""

    settings: Settings
    manifest: dict
    results: list[dict]


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> BuiltProject:
    """Everything built from no rows, with every data test and unit test run on the way."""
    settings = Settings.from_environment(
        {"RAPPORT_HOME": str(tmp_path_factory.mktemp("home")), "RAPPORT_MEMORY": "1GB"}
    )
    with open_for_writing(settings) as connection:
        create_tables(connection)
        create_identity_tables(connection)
        connection.execute(ML_TABLES)
    run_dbt(settings, AS_OF, "build")
    target = settings.dbt_output / "target"
    return BuiltProject(settings, _read(target / "manifest.json"), _read(target / "run_results.json")["results"])


def _read(path: Path) -> dict:
    return json.loads(path.read_text())
