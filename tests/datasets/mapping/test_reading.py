"""What a mapping may say: every slip is told in one sentence, with its line and what was meant."""

import pytest

SLIPS = {
    "unknown key": (
        "where: Qty > 0",
        "wher: Qty > 0",
        "line 11: entities, sales/orders: the key wher means nothing here; did you mean where?",
    ),
    "key twice": (
        "currency: GBP",
        "currency: GBP\ncurrency: EUR",
        "line 3: currency is given twice, first on line 2; keep one",
    ),
    "unknown entity": (
        "sales/orders:",
        "sales/order:",
        "line 9: entities: sales/order is no landing entity; did you mean sales/orders?",
    ),
    "unknown column": (
        "customer_ref: Card",
        "customer: Card",
        "line 16: entities, sales/orders: customer is no column of sales/orders; did you mean customer_ref?",
    ),
    "missing column": (
        "      unit_price: Price\n",
        "",
        "line 17: entities, sales/order_lines: the column unit_price is missing, which every row needs",
    ),
    "missing key": ("    path: till.csv\n", "", "line 6: sources, till: path is missing"),
    "empty text": ("path: till.csv", "path:", "line 6: sources, till: path is empty"),
    "list for a block": (
        "types: {Qty",
        "other: {a: b}\n    types: {Qty",
        "line 7: sources, till: the key other means nothing here",
    ),
    "unknown source": (
        "from: till",
        "from: tills",
        "line 10: entities, sales/orders: from names tills, which is no source and no table; did you mean till?",
    ),
    "currency missing": ("currency: GBP\n", "", "line 1: currency is missing: say currency: GBP at the top"),
    "no currency code": (
        "currency: GBP",
        "currency: pounds",
        "line 2: currency: pounds is no code of three capitals such as GBP",
    ),
    "no file name": (
        "currency: GBP",
        "currency: GBP\nfile_name: ../x",
        "line 3: file_name: ../x is no name for a file",
    ),
    "unknown time zone": (
        "Europe/London",
        "Europe/Lodon",
        "line 3: timezone: Europe/Lodon is no time zone; did you mean Europe/London?",
    ),
    "unknown format": (
        "path: till.csv",
        "path: till.csv\n    format: excel",
        "line 7: sources, till: format excel is not csv or parquet",
    ),
    "long delimiter": (
        "path: till.csv",
        "path: till.csv\n    delimiter: '::'",
        "line 7: delimiter '::' must be one character, or tab",
    ),
    "name not for SQL": ("sources:\n  till:", "sources:\n  my till:", "line 5: sources: my till is no name for SQL"),
    "a word of SQL": (
        "sources:\n",
        "sources:\n  order: {path: till.csv}\n",
        "line 5: order is a word of SQL; give it another name",
    ),
    "block for a value": (
        "order_id: Receipt",
        "order_id: {const: Receipt}",
        "line 14: entities, sales/orders, columns, order_id: the key const means nothing here; did you mean constant?",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_in_one_sentence(shop, slip):
    old, new, told = SLIPS[slip]
    shop.replace(old, new)
    problems = shop.find().problems
    assert any(problem.startswith(told) for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def test_the_mapping_that_is_broken_here_is_right_before(shop):
    findings = shop.find()
    assert (findings.problems, findings.warnings) == ([], [])


def test_every_problem_is_told_at_once(shop):
    shop.replace("currency: GBP", "currency: GBP\ncurrency: EUR")
    shop.replace("customer_ref: Card", "customer: Card")
    shop.replace("refund_amount: -Qty * Price", "refund_amount: -Qty * Pric")
    shop.add_rows("1004,1,2024-03-04 10:05:00,C-17,B4,0,24.00")
    told = " ".join(shop.find().problems)
    for words in ("currency is given twice", "customer is no column", "no column Pric in till", "takes 1 row"):
        assert words in told


def test_lines_without_orders_have_no_date(shop):
    text = shop.path.read_text()
    start, end = text.index("  sales/orders:"), text.index("  sales/order_lines:")
    shop.path.write_text(text[:start] + text[end:])
    assert shop.find().problems == [
        "line 9: entities: sales/order_lines needs sales/orders in the same mapping, for a line has no date of its own"
    ]


def test_a_name_used_by_a_source_is_no_name_for_a_table(shop):
    shop.add("tables:\n  till: select 1\n")
    assert "a source is named till too" in shop.find().problems[0]
