"""Values land as the mapping gives them, in the contract's columns; times get an offset, lines their order's day."""

from datetime import date
from decimal import Decimal

import pytest

from datasets.mapping.mapped import DropDates, open_mapping


def fetch(shop, query):
    with open_mapping(shop.settings, shop.path, DropDates()) as mapped:
        assert mapped.findings.problems == []
        return mapped.connection.execute(query).fetchall()


def test_a_text_that_is_a_columns_name_is_the_column_whatever_the_case(shop):
    shop.replace("Receipt,Line", "Receipt No.,Line", shop.till)
    text = shop.path.read_text()
    text = text.replace("return_id: Receipt || '-' || Line", "return_id: Line").replace(
        ": Receipt\n", ": receipt no.\n"
    )
    shop.path.write_text(text)
    assert fetch(shop, "select order_id from landing.sales_orders order by 1") == [("1001",), ("1002",)]


def test_a_landing_column_may_share_its_name_with_another_source_column(shop):
    shop.replace("Receipt,Line,Time,Card,Article,Qty", "product_id,Line,Time,Card,order_id,quantity", shop.till)
    text = shop.path.read_text()
    for old, new in (("Receipt", "product_id"), ("Article", "order_id"), ("Qty", "quantity")):
        text = text.replace(old, new)
    shop.path.write_text(text)
    lines = fetch(shop, "select order_id, product_id, quantity from landing.sales_order_lines order by all limit 1")
    assert lines == [("1001", "A1", Decimal("2.000"))]


def test_a_constant_is_text_and_never_sql(shop):
    shop.replace("customer_ref: Card", "customer_ref: Card\n      store_id: {constant: Card's}")
    assert fetch(shop, "select distinct store_id from landing.sales_orders") == [("Card's",)]


def test_the_currency_at_the_top_is_that_of_the_orders(shop):
    assert fetch(shop, "select distinct currency from landing.sales_orders") == [("GBP",)]


def test_columns_stand_in_the_contracts_order(shop):
    shop.replace(
        "      order_id: Receipt\n      ordered_at: Time\n", "      ordered_at: Time\n      order_id: Receipt\n"
    )
    names = [row[0] for row in fetch(shop, "describe landing.sales_orders")]
    assert names == ["order_id", "ordered_at", "customer_ref", "currency", "_day"]


def test_rows_of_one_order_become_one_row(shop):
    shop.replace("customer_ref: Card", "customer_ref: Card\n      store_id: count(*)::varchar")
    orders = fetch(shop, "select order_id, customer_ref, store_id from landing.sales_orders order by 1")
    assert orders == [("1001", "C-17", "2"), ("1002", None, "1")]


@pytest.mark.parametrize(
    ("came", "landed"),
    [
        ("2024-01-15 09:12:00", "2024-01-15T09:12:00.000000Z"),
        ("2024-07-15 09:12:00", "2024-07-15T08:12:00.000000Z"),
        ("2024-07-15T09:12:00+02:00", "2024-07-15T09:12:00+02:00"),
        ("2024-07-15T09:12:00Z", "2024-07-15T09:12:00Z"),
    ],
)
def test_a_time_in_text_gets_the_offset_of_the_mappings_zone(shop, came, landed):
    shop.replace("2024-03-04 10:05:00", came, shop.till)
    assert fetch(shop, "select returned_at from landing.sales_returns") == [(landed,)]


def test_a_time_that_can_not_be_read_stays_as_it_came_for_the_landing_to_judge(shop):
    shop.replace("2024-03-04 10:05:00", "2024-13-45", shop.till)
    with open_mapping(shop.settings, shop.path, DropDates()) as mapped:
        found = mapped.connection.execute("select returned_at, _day from landing.sales_returns").fetchall()
    assert found == [("2024-13-45", None)]


def test_a_typed_time_becomes_a_moment(shop):
    shop.replace("types: {", "types: {Time: timestamp, ")
    shop.replace("2024-03-04 10:05:00", "2024-07-15 10:05:00", shop.till)
    found = fetch(shop, "select typeof(returned_at), timezone('UTC', returned_at)::varchar from landing.sales_returns")
    assert found == [("TIMESTAMP WITH TIME ZONE", "2024-07-15 09:05:00")]


def test_with_the_warehouses_zone_times_stay_as_they_are(shop):
    shop.replace("timezone: Europe/London", "timezone: warehouse")
    assert fetch(shop, "select returned_at from landing.sales_returns") == [("2024-03-04 10:05:00",)]


def test_a_line_has_the_day_of_its_order(shop):
    shop.replace("1001,2,2024-03-01 09:12:00", "1001,2,2024-03-02 00:10:00", shop.till)
    days = fetch(shop, "select line_no, _day from landing.sales_order_lines where order_id = '1001' order by 1")
    assert days == [("1", date(2024, 3, 1)), ("2", date(2024, 3, 1))]


def test_a_sum_of_whole_numbers_stays_whole_in_parquet(shop):
    shop.replace("types: {", "types: {Line: integer, ")
    shop.replace("customer_ref: Card", "customer_ref: Card\n      store_id: sum(Line)")
    assert fetch(shop, "select typeof(store_id) from landing.sales_orders limit 1") == [("DECIMAL(38,0)",)]


def test_tables_are_steps_that_build_on_each_other(shop):
    shop.add(
        "tables:\n  sold: select * from till where Qty > 0\n  twice: select * replace (Qty * 2 as Qty) from sold\n"
    )
    text = shop.path.read_text()
    head, lines = text.split("  sales/order_lines:\n    from: till\n    where: Qty > 0\n")
    shop.path.write_text(
        f"{head}  sales/order_lines:\n    from: twice\n{lines}left_out: {{from: till, where: false, reason: nothing}}\n"
    )
    with open_mapping(shop.settings, shop.path, DropDates()) as mapped:
        found = mapped.connection.execute("select quantity from landing.sales_order_lines order by 1").fetchall()
    assert found == [(Decimal(2),), (Decimal(2),), (Decimal(4),)]
