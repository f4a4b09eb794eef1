"""Each row rule: the row that breaks it is put aside with the rule's name, the rows beside it are loaded."""

import duckdb
import pytest

from tests.pipeline.landing.small_shop import LINE_HEADER, LINES, ORDER_HEADER, ORDERS

BAD_ORDERS = [
    (",2024-01-01T10:00:00,c1,,,,store,,EUR,", "missing_value", "order_id is empty"),
    ("b,,c1,,,,store,,EUR,", "missing_value", "ordered_at is empty"),
    ("b,yesterday,c1,,,,store,,EUR,", "does_not_parse", 'ordered_at is "yesterday", which is not a time in ISO 8601'),
    ("b,1989-12-31,c1,,,,store,,EUR,", "event_out_of_range", "1990-01-01 and a day after the drop of 2024-01-01"),
    ("b,2024-01-03,c1,,,,store,,EUR,", "event_out_of_range", "ordered_at is 2024-01-03"),
    ("b,2024-01-01,c1,,,,tv,,EUR,", "unknown_code", 'channel is "tv"; it must be one of store, web, app, phone, other'),
    ("b,2024-01-01,c1,,,,,,EUR,lost", "unknown_code", 'status is "lost"'),
    ("b,2024-01-01,c1,,,,,,USD,", "other_currency", "currency is USD; this warehouse holds EUR only"),
]
BAD_LINES = [
    ("o1,9,,1,1,", "missing_value", "product_id is empty"),
    ("o1,9,p,one,1,", "does_not_parse", 'quantity is "one", which is not a number'),
    ("o1,9,p,0,1,", "out_of_range", "quantity is 0; it must be above 0"),
    ("o1,9,p,1,-0.01,", "out_of_range", "unit_price is -0.01; it must be at least 0"),
    ("o1,9,p,1,1,-1", "out_of_range", "discount_amount is -1"),
    ("o1,9,p,3,1.5,4.51", "discount_above_gross", "discount_amount 4.51 is above the line's gross of 4.50"),
    ("nowhere,1,p,1,1,", "line_without_order", "sales/orders holds no order nowhere"),
]
CONTACT_HEADER = "contact_id,opened_at,customer_ref,email,kind,resolved_at,csat"
BAD_CONTACTS = [
    ("k,2024-01-01T10:00:00,,,complaint,,", "no_identifier", "none of customer_ref, loyalty_id, email, phone is given"),
    ("k,2024-01-01T10:00:00,c1,,complaint,2024-01-01T09:00:00,", "resolved_before_opened", "lies before opened_at"),
    ("k,2024-01-01T10:00:00,c1,,complaint,,6", "out_of_range", "csat is 6; it must be at least 1 and at most 5"),
    ("k,2024-01-01T10:00:00,c1,,complaint,,4.5", "does_not_parse", "not a whole number"),
    ("k,2024-01-01T10:00:00,c1,,gossip,,", "unknown_code", 'kind is "gossip"'),
]


@pytest.mark.parametrize(("row", "rule", "sentence"), BAD_ORDERS)
def test_bad_order_is_put_aside(shop, row, rule, sentence):
    shop.drop_sales(orders=f"{ORDERS}{row}\n")
    summary = shop.load()
    found = shop.rows("select row_number, rule, file, drop_on::varchar, message from quarantine.sales_orders")
    assert [row[:4] for row in found] == [(3, rule, "sales/orders/2024-01-01/part.csv", "2024-01-01")]
    assert sentence in found[0][4]
    assert summary.rows_quarantined == 1
    assert shop.rows("select count(*) from raw.sales_orders") == [(2,)]


@pytest.mark.parametrize(("row", "rule", "sentence"), BAD_LINES)
def test_bad_line_is_put_aside(shop, row, rule, sentence):
    shop.drop_sales(lines=f"{LINES}{row}\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == [(4, rule)]
    assert sentence in shop.rows("select message from quarantine.sales_order_lines")[0][0]
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(3,)]


@pytest.mark.parametrize(("row", "rule", "sentence"), BAD_CONTACTS)
def test_bad_contact_is_put_aside(shop, row, rule, sentence):
    shop.drop_sales()
    shop.drop("support/contacts", "2024-01-01", f"{CONTACT_HEADER}\n{row}\n")
    shop.load()
    assert shop.reasons("support/contacts") == [(1, rule)]
    assert sentence in shop.rows("select message from quarantine.support_contacts")[0][0]


def test_an_event_one_day_after_its_drop_is_allowed(shop):
    shop.drop_sales(orders=f"{ORDERS}o3,2024-01-02T23:59:59,c1,,,,,,,\n")
    shop.load()
    assert shop.reasons("sales/orders") == []


def test_a_discount_of_the_whole_line_is_allowed(shop):
    shop.drop_sales(lines=f"{LINES}o1,9,p,3,1.5,4.50\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == []


def test_rows_of_one_key_that_differ_inside_a_drop_are_all_put_aside(shop):
    shop.drop_sales(lines=f"{LINES}o1,9,p1,1,1,\no1,9,p2,1,1,\no1,9,p1,1,1,\n")
    summary = shop.load()
    assert shop.reasons("sales/order_lines") == [(4, "conflicting_key"), (5, "conflicting_key")]
    assert summary.rows_repeated == 1
    message = shop.rows("select message from quarantine.sales_order_lines")[0][0]
    assert message.startswith("order_id o1 line_no 9 is there more than once")


def test_a_bad_row_does_not_make_its_good_twin_a_conflict(shop):
    shop.drop_sales(lines=f"{LINES}o1,9,p1,-1,1,\no1,9,p1,1,1,\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == [(4, "out_of_range")]


def test_defaults_fill_what_was_left_out(shop):
    shop.drop_sales()
    shop.load()
    assert shop.rows("select status from raw.sales_orders") == [("completed",)] * 2
    assert shop.rows("select discount_amount from raw.sales_order_lines where product_id = 'p2'") == [(0,)]


def test_columns_may_be_absent_or_in_any_order_and_case(shop):
    shop.drop_sales(
        orders="Ordered_At,ORDER_ID\n2024-01-01,o1\n2024-01-01,o2\n",
        lines="unit_price,quantity,product_id,line_no,order_id\n1,1,p1,1,o1\n",
    )
    assert shop.load().rows_loaded == 3
    assert shop.rows("select distinct channel, currency, customer_ref from raw.sales_orders") == [(None, None, None)]


def test_offsets_become_wall_time_of_the_warehouse(shop):
    times = ("2024-07-01T10:00:00Z", "2024-07-01 10:00:00.5+05:30", "2024-07-01T10:00")
    orders = "".join(f"o{number},{time},,,,,,,,\n" for number, time in enumerate(times))
    shop.drop_sales("2024-07-01", orders=f"{ORDER_HEADER}\n{orders}", lines=f"{LINE_HEADER}\n")
    shop.load(timezone="Europe/London")
    times = shop.rows("select strftime(ordered_at, '%H:%M') from raw.sales_orders order by order_id")
    assert times == [("11:00",), ("05:30",), ("10:00",)]


def test_a_chosen_currency_holds_whatever_drop_comes_first(shop):
    orders = "order_id,ordered_at,currency\no8,2024-01-02,usd\no9,2024-01-02,eur\n"
    shop.drop_sales("2024-01-02", orders=orders, lines=f"{LINE_HEADER}\no9,1,p,1,1,0\n")
    shop.load(currency="EUR")
    assert shop.reasons("sales/orders") == [(1, "other_currency")]


def test_currency_is_settled_by_the_first_drop(shop):
    shop.drop_sales()
    shop.load("2024-01-01")
    shop.drop_sales("2024-01-02", orders="order_id,ordered_at,currency\no8,2024-01-02,usd\no9,2024-01-02,eur\n")
    shop.load("2024-01-02")
    assert shop.reasons("sales/orders") == [(1, "other_currency")]


def test_rows_that_differ_in_what_is_masked_are_still_a_conflict(shop):
    shop.drop_sales()
    rows = "k1,2024-01-01,c1,ada@mail.example\nk1,2024-01-01,c1,bob@mail.example\nk1,2024-01-01,c1,ada@mail.example\n"
    shop.drop("support/contacts", "2024-01-01", f"contact_id,opened_at,customer_ref,email\n{rows}")
    assert shop.load().rows_repeated == 1
    assert shop.reasons("support/contacts") == [(1, "conflicting_key"), (2, "conflicting_key")]


def test_a_default_that_is_written_out_is_no_contradiction(shop):
    shop.drop_sales(orders=f"{ORDERS}o1,2024-01-01T10:00:00,c1,,,,store,s1,EUR,completed\n")
    summary = shop.load()
    assert (summary.rows_repeated, summary.rows_quarantined) == (1, 0)


def test_a_contradiction_between_files_of_different_columns_is_found(shop):
    shop.drop_sales()
    other = shop.drop("sales/order_lines", "2024-01-01", b"", "other.parquet")
    row = "'o1' as order_id, 1 as line_no, 'p9' as product_id, 2.0 as quantity, 1.5 as unit_price"
    duckdb.execute(f"copy (select {row}) to '{other}'")
    shop.load()
    found = shop.rows("select file, row_number, rule from quarantine.sales_order_lines order by file")
    assert found == [
        ("sales/order_lines/2024-01-01/other.parquet", 1, "conflicting_key"),
        ("sales/order_lines/2024-01-01/part.csv", 1, "conflicting_key"),
    ]


def test_a_blocked_drop_puts_contradictions_and_repeats_aside_too(shop):
    shop.drop_sales(lines=f"{LINES}o1,9,p1,1,1,\no1,9,p2,1,1,\no1,9,p1,1,1,\no1,1,p1,2,1.50,0.50\n")
    summary = shop.load(max_bad_share=0.2)
    assert summary.rows_quarantined == 7
    assert shop.reasons("sales/order_lines") == [
        *((number, "drop_blocked") for number in (1, 2, 3)),
        *((number, "conflicting_key") for number in (4, 5)),
        *((number, "drop_blocked") for number in (6, 7)),
    ]


def test_a_large_line_overflows_nothing(shop):
    shop.drop_sales(lines=f"{LINES}o1,9,p,999999999999999.999,9999999999.99999999,1\n")
    assert shop.load().rows_quarantined == 0


def test_the_half_cent_of_a_gross_is_rounded_as_a_till_does(shop):
    shop.drop_sales(lines=f"{LINES}o1,8,p,1,0.005,0.01\no1,9,p,1,0.00499999,0.01\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == [(5, "discount_above_gross")]
