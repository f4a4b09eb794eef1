"""Every rule of every gate can fail, and its message says table, column, rule, count and sample.

Rules on one column are broken by adding a row with a bad value there, all rules of a table at once. Rules written as
SQL are broken one by one with BREAKAGES; a rule without a breakage fails the test, so none can be added that was
never seen to fail.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations import docs
from expectations.engine import GATES, find_suites, run_suites
from expectations.rules import Between, NoRows, NoRowsWhere, NotNull, OneOf, Rule, TableSuite, Unique

_ORDER = "update marts.orders set {} where order_id = 'O2'"
_LINE = "update marts.order_lines set {} where order_id = 'O2'"
_CUSTOMER = "update marts.customers set {} where customer_id = '{}'"

# (table, rule) -> SQL that breaks it; a table of "*" stands for every table with that rule.
BREAKAGES = {
    (
        "raw.files",
        "a file's rows read are its rows loaded, repeated, quarantined and waiting",
    ): "update raw.files set rows_loaded = 5",
    ("raw.files", "a blocked file says why"): "update raw.files set status = 'blocked'",
    (
        "raw.sales_orders",
        "a superseded row gave way to a later drop",
    ): "update raw.sales_orders set _superseded_on = date '2020-06-29' where order_id = 'O2'",
    (
        "raw.sales_order_lines",
        "order_id is found in raw.sales_orders",
    ): "delete from raw.sales_orders where order_id = 'O2'",
    (
        "*",
        "ordered_at is not after the night",
    ): "update staging.stg_sales__orders set ordered_at = timestamp '2020-07-01 00:00:00' where order_id = 'O2'",
    (
        "*",
        "returned_at is not after the night",
    ): "update staging.stg_sales__returns set returned_at = timestamp '2020-07-01 00:00:00'",
    (
        "*",
        "sent_at is not after the night",
    ): "update staging.stg_loyalty__exposures set sent_at = timestamp '2020-07-01 00:00:00'",
    ("*", "quantity is above 0"): "update {table} set quantity = 0",
    (
        "*",
        "discount_amount is not above the line's gross",
    ): "update staging.stg_sales__order_lines set quantity = 0.01 where order_id = 'O1'",
    (
        "*",
        "order_id is found in staging.stg_sales__orders",
    ): "delete from staging.stg_sales__orders where order_id = 'O2'",
    ("*", "net_sales is gross_amount less discount_amount"): "update {table} set net_sales = 1 where order_id = 'O2'",
    (
        "marts.customer_aliases",
        "a former id is nobody's id now, and the id that took its place is somebody's",
    ): "update marts.customer_aliases set customer_id = 'nobody'",
    (
        "marts.churn_causes",
        "the dormant and the churned have a cause, and nobody else",
    ): "update marts.customers set segment = 'regular' where segment in ('dormant', 'churned')",
    (
        "marts.churn_patterns",
        "more customers left after a pattern than of those who buy as often, in the latest period too",
    ): "update marts.churn_patterns set holdout_base_share = 0.9",
    (
        "marts.segment_transitions",
        "customers are those whose spells in the month follow another segment's",
    ): "delete from marts.segment_transitions",
    (
        "marts.value_bridge",
        "the causes of a month add up to its whole change, to the cent",
    ): "update marts.value_bridge set net_revenue_change = net_revenue_change + 0.01 where month = date '2020-06-01'",
    (
        "staging.stg_sales__orders",
        "orders are the landed orders in force",
    ): "update raw.sales_orders set _drop_on = date '2020-07-01' where order_id = 'O2'",
    (
        "staging.stg_sales__order_lines",
        "lines, quantities, prices and discounts are those of the landed lines in force",
    ): "update raw.sales_order_lines set unit_price = unit_price + 0.01 where order_id = 'O3'",
    (
        "staging.stg_sales__returns",
        "returns and refunds are those landed and in force",
    ): "update raw.sales_returns set _superseded_on = date '2020-06-30'",
    ("marts.orders", "orders are those staged"): _ORDER.format("status = 'cancelled'"),
    (
        "marts.orders",
        "refunds of orders are those of the returns that name them",
    ): "update marts.returns set order_id = 'never landed'",
    (
        "marts.order_lines",
        "lines, quantities, prices and discounts are those staged of completed orders",
    ): "delete from marts.order_lines where order_id = 'O3'",
    ("marts.returns", "returns and refunds are those staged"): "update marts.returns set refund_amount = 5.99",
    (
        "marts.interactions",
        "the timeline holds every order, return, contact, points entry, offer sent and redemption once",
    ): "delete from marts.interactions where kind = 'points'",
    (
        "marts.customers",
        "net revenue of customers and guests together is lines less discounts less refunds",
    ): _CUSTOMER.format("net_revenue_total = net_revenue_total - 0.01", "churned"),
    (
        "marts.customers",
        "net revenue of 12 months is customers' lines less discounts less refunds of these months",
    ): _CUSTOMER.format("net_revenue_12m = 10", "churned"),
    (
        "marts.customers",
        "customers' orders are the completed orders of known people",
    ): _ORDER.format("lines = 0"),
    (
        "marts.segment_summary",
        "a segment's sums are those of its customers",
    ): "update marts.segment_summary set net_revenue_12m = 500.01 where segment = 'vip'",
    (
        "marts.segment_history",
        "running spells are the customers' segments and tiers of the night",
    ): "update marts.segment_history set tier = 'standard' where customer_id = 'vip'",
    ("marts.orders", "net_revenue is net_sales less refund_amount"): _ORDER.format("net_revenue = 1"),
    ("marts.orders", "an order without a customer is a guest's"): _ORDER.format("is_guest = true"),
    ("*", "ordered_on is not after the night"): "update {table} set ordered_on = date '2020-07-01'",
    ("marts.orders", "ordered_on is the day of ordered_at"): _ORDER.format("ordered_on = date '2020-06-19'"),
    ("marts.orders", "a completed order's amounts are the sums of its lines"): _LINE.format("discount_amount = 3"),
    ("marts.order_lines", "gross_amount is quantity times unit_price"): _LINE.format("gross_amount = 5000"),
    ("marts.order_lines", "order_id is found in marts.orders"): "delete from marts.orders where order_id = 'O2'",
    (
        "marts.order_lines",
        "product_id is found in marts.products",
    ): "delete from marts.products where product_id = 'P1'",
    (
        "marts.order_lines",
        "no line is above 10 % of all sales once there are 1,000 orders",
    ): "insert into marts.orders (order_id) select 'X' || i from range(1000) as r(i)",
    ("marts.returns", "returned_on is not after the night"): "update marts.returns set returned_on = date '2020-07-01'",
    (
        "marts.interactions",
        "occurred_at is not after the night",
    ): "update marts.interactions set occurred_at = timestamp '2020-07-01 00:00:00'",
    (
        "features.customer_features",
        "features are the night's",
    ): "update features.customer_features set as_of_date = date '2020-07-01'",
    (
        "features.training_features",
        "as_of_date is before the night",
    ): "update features.training_features set as_of_date = date '2020-06-30' where as_of_date = date '2020-06-29'",
    ("*", "recency_days is not above tenure_days"): "update {table} set tenure_days = 3",
    **{
        (
            "features.training_features",
            f"has_lapsed_{days}d is null while its window reaches past the night",
        ): f"update features.training_features set has_lapsed_{days}d = false where as_of_date = date '2020-06-29'"
        for days in (30, 60, 90, 180)
    },
    **{
        (
            "features.training_features",
            f"has_lapsed_{days}d is known once its window has passed",
        ): f"update features.training_features set as_of_date = date '2019-01-01', has_lapsed_{days}d = null"
        for days in (30, 60, 90, 180)
    },
    **{
        (
            "ml.churn_scores",
            f"churn_probability_{long}d is not above churn_probability_{short}d",
        ): f"update ml.churn_scores set churn_probability_{long}d = 0.9"
        for short, long in ((30, 60), (60, 90), (90, 180))
    },
    ("ml.churn_scores", "scores are the night's"): "update ml.churn_scores set as_of_date = date '2020-06-29'",
    (
        "ml.lifetime_scores",
        "clv_12m_revenue lies in its interval",
    ): "update ml.lifetime_scores set clv_12m_revenue = 9",
    (
        "ml.lifetime_scores",
        "estimates are the night's",
    ): "update ml.lifetime_scores set as_of_date = date '2020-06-29'",
    ("ml.lifetime_scores", "every buyer has a row"): "delete from ml.lifetime_scores where customer_id = 'vip'",
    ("ml.timing_scores", "dates are the night's"): "update ml.timing_scores set as_of_date = date '2020-06-29'",
    (
        "ml.timing_scores",
        "the next order is after the night",
    ): "update ml.timing_scores set next_order_on = date '2020-06-30'",
    (
        "ml.timing_scores",
        "intervals of the next order lie in one another",
    ): "update ml.timing_scores set next_order_on_low50 = date '2020-07-01'",
    (
        "ml.timing_scores",
        "dormancy_on lies in its interval",
    ): "update ml.timing_scores set dormancy_on_low = date '2020-12-30'",
    (
        "marts.customers",
        "nobody falls dormant before the day they would without another order",
    ): _CUSTOMER.format("dormancy_on = date '2020-08-01'", "regular"),
    (
        "marts.customers",
        "once dormant no day is told for an offer or an order",
    ): _CUSTOMER.format("next_order_on = date '2020-07-02'", "dormant"),
    ("marts.customers", "an offer works before dormancy"): _CUSTOMER.format("contact_before = dormancy_on", "regular"),
    (
        "ml.customer_reasons",
        "direction is the sign of the contribution",
    ): "update ml.customer_reasons set direction = 'raises'",
    (
        "ml.customer_reasons",
        "whoever has a probability has a reason",
    ): "update ml.customer_reasons set customer_id = 'somebody else'",
    (
        "ml.prediction_ledger",
        "a prediction is listed once its horizon has passed",
    ): "update ml.prediction_ledger set horizon_days = 61",
    ("ml.prediction_ledger", "a probability meets a yes or no"): "update ml.prediction_ledger set outcome = 0.5",
    ("ml.churn_scores", "every current customer is scored"): "update ml.churn_scores set customer_id = 'somebody else'",
    ("ml.basket_rules", "lift is above 1"): "update ml.basket_rules set lift = 1",
    ("ml.basket_rules", "lift lies within its interval"): "update ml.basket_rules set lift_low95 = 1.6",
    ("ml.basket_rules", "a rule held in the later days too"): "update ml.basket_rules set holdout_lift = null",
    ("ml.basket_rules", "a rule is beyond chance"): "update ml.basket_rules set p_value = 0.06",
    ("ml.basket_rules", "no rule comes of more customers than baskets"): "update ml.basket_rules set customers = 11",
    (
        "ml.basket_rules",
        "a rule stands once, whichever of its antecedents is named first",
    ): "insert into ml.basket_rules from ml.basket_rules",
    (
        "ml.basket_rules",
        "a rule does not recommend what is in the basket",
    ): "update ml.basket_rules set consequent = 'P1'",
    ("ml.basket_rules", "a rule on products names merchandise only"): "update ml.basket_rules set consequent = 'BAG'",
    ("ml.model_cards", "no model in use has an AUC above 0.95"): "update ml.model_cards set value = 0.96",
    ("*", "customers are as of the night"): "update {table} set as_of_date = date '2020-06-29'",
    ("marts.customers", "segment is null exactly for those who never bought"): _CUSTOMER.format(
        "segment = null", "vip"
    ),
    ("marts.customers", "a buyer has a tier"): _CUSTOMER.format("tier = null", "vip"),
    (
        "marts.customers",
        "there is one row of settings, one top tier and a place for each segment",
    ): "delete from intermediate.int_settings_resolved",
    (
        "marts.customers",
        "segment is churned only from churned_after_days on, and nothing later from then on",
    ): _CUSTOMER.format("segment = 'churned'", "dormant"),
    (
        "marts.customers",
        "segment is dormant only from dormant_after_days on, and nothing later from then on",
    ): _CUSTOMER.format("segment = 'dormant'", "regular"),
    (
        "marts.customers",
        "segment is vip only for holders of the top tier, and nothing later for them",
    ): _CUSTOMER.format("segment = 'regular'", "vip"),
    ("marts.customers", "a near_vip is below the top threshold, and one average order reaches it"): _CUSTOMER.format(
        "average_order_value = 19.98", "near"
    ),
    (
        "marts.segment_summary",
        "as_of_date is not after the night",
    ): "update marts.segment_summary set as_of_date = date '2020-07-01'",
    (
        "marts.segment_summary",
        "the night's customers add up to the buyers",
    ): "update marts.segment_summary set customers = 2 where segment = 'vip'",
    (
        "marts.segment_history",
        "valid_from is not after the night",
    ): "update marts.segment_history set valid_from = date '2020-07-01' where customer_id = 'vip'",
    (
        "marts.segment_history",
        "a spell does not end before it begins",
    ): "update marts.segment_history set valid_to = date '2020-06-27' where segment = 'regular'",
    (
        "marts.segment_history",
        "spells do not overlap",
    ): "update marts.segment_history set valid_to = null where segment = 'regular'",
    (
        "marts.segment_history",
        "spells have no holes",
    ): "update marts.segment_history set valid_to = date '2020-06-28' where segment = 'regular'",
    (
        "marts.recommendations",
        "in_stock is true or unknown",
    ): "update marts.recommendations set in_stock = false where rank = 2",
    (
        "marts.recommendations",
        "expected_on is after the night",
    ): "update marts.recommendations set expected_on = date '2020-06-30'",
    ("marts.recommendations", "customer_id is found in marts.customers"): _CUSTOMER.format(
        "customer_id = 'gone'", "member"
    ),
    (
        "marts.recommendations",
        "product_id is found in marts.products",
    ): "delete from marts.products where product_id = 'P2'",
    (
        "marts.recommendations",
        "what is recommended is merchandise, and still sold",
    ): "update marts.products set is_active = false where product_id = 'P2'",
    (
        "marts.recommendations",
        "nothing is recommended that is known to be sold out with nothing on its way",
    ): "update staging.stg_sales__stock set on_hand = 0 where product_id = 'P1'; "
    "update staging.stg_sales__stock set on_order = 0 where product_id = 'P1'",
    (
        "marts.recommendations",
        "nothing is recommended that the customer returned",
    ): "update marts.returns set customer_id = 'vip'",
    (
        "marts.recommendations",
        "nothing is recommended that the customer complained of",
    ): "insert into marts.interactions by name select 'vip' as customer_id, timestamp '2020-06-02 10:00:00' as "
    "occurred_at, 'support' as kind, 'support' as source, 'T2' as reference_id, 'P1' as product_id, 'complaint' as"
    " detail",
    (
        "marts.recommendations",
        "a repeat was bought before, and nothing else was",
    ): "update marts.recommendations set kind = 'explore' where kind = 'repeat'",
    (
        "marts.recommendations",
        "a durable is not recommended to who has one of its kind",
    ): "insert into marts.int_products_durable values ('P1', 'Kettles')",
    (
        "marts.recommendations",
        "a complement's reason is a published rule",
    ): "update ml.basket_rules set antecedent_2 = 'P3'",
    (
        "marts.recommendations",
        "ranks run from 1 without a hole, and scores never rise with them",
    ): "update marts.recommendations set score = 0.95 where rank = 2",
    ("marts.offers", "offers are the night's"): "update marts.offers set as_of_date = date '2020-06-29'",
    ("marts.offers", "send_on is after the night"): "update marts.offers set send_on = date '2020-06-30'",
    ("marts.offers", "an offer outlives its sending"): "update marts.offers set expires_on = date '2020-06-30'",
    ("marts.offers", "customer_id is found in marts.customers"): _CUSTOMER.format("customer_id = 'gone'", "near"),
    ("marts.offers", "a dormancy_defence offer goes out before the customer falls dormant"): _CUSTOMER.format(
        "dormant_unless_order_on = date '2020-07-01'", "regular"
    ),
    (
        "marts.offers",
        "a basket said to close the VIP gap does",
    ): "update marts.offer_products set expected_price = 13.99 where product_id = 'P1'",
    ("marts.offer_products", "offer_id is found in marts.offers"): "delete from marts.offers where offer_id = 'F2'",
    (
        "marts.offer_products",
        "product_id is found in marts.products",
    ): "delete from marts.products where product_id = 'P1'",
    (
        "marts.offer_products",
        "what is offered is merchandise, and still sold",
    ): "update marts.offer_products set product_id = 'BAG' where offer_id = 'F2'",
    (
        "marts.offer_products",
        "nothing is offered that is known to be sold out with nothing on its way",
    ): "update staging.stg_sales__stock set on_order = 0 where product_id = 'P2'",
    (
        "marts.offer_products",
        "nothing is offered that the customer returned",
    ): "update marts.returns set customer_id = 'near'",
    (
        "marts.offer_products",
        "nothing is offered that the customer complained of",
    ): "insert into marts.interactions by name select 'near' as customer_id, timestamp '2020-06-02 10:00:00' as "
    "occurred_at, 'support' as kind, 'support' as source, 'T2' as reference_id, 'P2' as product_id, 'complaint' as"
    " detail",
    (
        "marts.offer_products",
        "a durable is not offered to who has one of its kind",
    ): "insert into marts.int_products_bought values ('near', 'P2', 1)",
    (
        "main.customers",
        "no table of the file has a column for personal data",
    ): "alter table orders add column Email varchar",
    ("main.customers", "no table of the file has a nested type"): "alter table orders add column basket varchar[]",
}

SUITES = [(gate, suite) for gate in GATES for suite in find_suites(gate)]
WRITTEN = [(g, s, rule) for g, s in SUITES for rule in s.rules if isinstance(rule, (NoRows, NoRowsWhere))]


@pytest.fixture(autouse=True)
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are looked at elsewhere; here they would be most of the time."""
    monkeypatch.setattr(docs, "build_site", lambda context, output, run_id, keys: output)


def _add_bad_row(suite: TableSuite, rule: Rule) -> str:
    """SQL that adds a row which breaks a rule on a column, the rest as in the first row."""
    match rule:
        case NotNull(column):
            bad = f"null as {column}"
        case Between(column, low, high):
            bad = f"{high + 1 if high is not None else low - 1} as {column}"
        case OneOf(column):
            bad = f"'unheard of' as {column}"
        case Unique(columns):
            bad = f"{columns[0]} as {columns[0]}"
    return f"insert into {suite.name} by name select * replace ({bad}) from {suite.name} limit 1;"


def _check_message(message: str, suite: TableSuite, rule: Rule) -> None:
    column = getattr(rule, "column", None) or ", ".join(rule.columns)
    assert message.startswith(suite.name)
    assert f"{column}: {rule.sentence}: " in message
    assert " bad row" in message
    assert "such as " in message
    assert "no sample" not in message


@pytest.mark.parametrize(("gate", "suite"), SUITES, ids=[f"{gate}: {suite.name}" for gate, suite in SUITES])
def test_each_rule_on_a_column_fails(
    gate: str, suite: TableSuite, prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path
) -> None:
    rules = tuple(rule for rule in suite.rules if not isinstance(rule, (NoRows, NoRowsWhere)))
    database = prepare(gate, "".join(_add_bad_row(suite, rule) for rule in rules))
    result = run_suites(gate, (replace(suite, rules=rules),), database, "run", as_of, tmp_path, options)
    assert not result.passed
    assert len(result.failures) == len(rules)
    for message, rule in zip(result.failures, rules, strict=True):
        _check_message(message, suite, rule)


@pytest.mark.parametrize(
    ("gate", "suite", "rule"), WRITTEN, ids=[f"{gate}: {suite.name}: {rule.rule}" for gate, suite, rule in WRITTEN]
)
def test_each_rule_written_as_sql_fails(
    gate: str,
    suite: TableSuite,
    rule: NoRows | NoRowsWhere,
    prepare: Callable[..., Path],
    as_of: date,
    options: dict[str, Any],
    tmp_path: Path,
) -> None:
    change = BREAKAGES.get((suite.name, rule.rule)) or BREAKAGES[("*", rule.rule)]
    database = prepare(gate, change.replace("{table}", suite.name))
    result = run_suites(gate, (replace(suite, rules=(rule,)),), database, "run", as_of, tmp_path, options)
    assert not result.passed
    assert len(result.failures) == 1
    _check_message(result.failures[0], suite, rule)


def test_no_breakage_is_left_over() -> None:
    known = {(suite.name, rule.rule) for _, suite, rule in WRITTEN} | {("*", rule.rule) for _, _, rule in WRITTEN}
    assert set(BREAKAGES) <= known


def test_a_model_allowed_with_a_reason_may_be_that_good(
    prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path
) -> None:
    suites = tuple(suite for suite in find_suites("scores") if suite.table == "model_cards")
    better = "update ml.model_cards set value = 0.96, model = 'dormancy'"
    assert run_suites("scores", suites, prepare("scores", better), "run", as_of, tmp_path, options).passed
