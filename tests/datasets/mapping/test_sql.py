"""SQL of a mapping: what DuckDB says of it becomes a sentence, and it can only read what was declared."""

import pytest

WRONG_SQL = {
    "two values": (
        "-Qty * Price",
        "-Qty) , (Price",
        "line 34: entities, sales/returns, refund_amount: -Qty) , (Price: one value was expected, not 2",
    ),
    "no such column": (
        "order_id: Receipt",
        "order_id: Reciept",
        "line 14: entities, sales/orders, order_id: Reciept: there is no column Reciept in till; "
        "did you mean Receipt? A fixed text is written {constant: Reciept}.",
    ),
    "does not parse": (
        "-Qty * Price",
        "-Qty * (Price",
        "line 34: entities, sales/returns, refund_amount: -Qty * (Price: this is no SQL: syntax error",
    ),
    "two statements": (
        "-Qty * Price",
        "-Qty * Price; drop table till",
        "line 34: entities, sales/returns, refund_amount: -Qty * Price; drop table till: this is no SQL",
    ),
    "no such function": (
        "-Qty * Price",
        "abss(Qty) * Price",
        "line 34: entities, sales/returns, refund_amount: abss(Qty) * Price: "
        'Scalar Function with name abss does not exist; did you mean "abs"?',
    ),
    "sum without one_row_per": (
        "line_no: Line",
        "line_no: max(Line)",
        "line 22: entities, sales/order_lines, line_no: max(Line): this gathers several rows; say one_row_per",
    ),
    "differs in the group": (
        "ordered_at: Time",
        "ordered_at: Time || ''",
        "line 15: entities, sales/orders, ordered_at: Time || '': Time may differ within one_row_per",
    ),
    "where": (
        "where: Qty < 0",
        "where: Quantity < 0",
        "line 28: entities, sales/returns, where: Quantity < 0: there is no column Quantity in till",
    ),
    "one_row_per": (
        "one_row_per: Receipt",
        "one_row_per: Recipt",
        "line 12: entities, sales/orders, one_row_per: Recipt: there is no column Recipt in till; did you mean",
    ),
    "text taken for a number": (
        "-Qty * Price",
        "-Line * Price",
        "line 34: entities, sales/returns, refund_amount: -Line * Price: a text is taken for a number",
    ),
    "fails on a value": (
        "quantity: Qty",
        "quantity: Qty + Article::integer",
        "line 24: entities, sales/order_lines, quantity: Qty + Article::integer: Could not convert string 'A1'",
    ),
}


@pytest.mark.parametrize("case", WRONG_SQL)
def test_wrong_sql_is_told_in_one_sentence(shop, case):
    old, new, told = WRONG_SQL[case]
    shop.replace(old, new)
    problems = shop.find().problems
    assert len(problems) == 1
    assert problems[0].startswith(told), problems
    assert "\n" not in problems[0]


WRONG_TABLES = {
    "no such column": (
        "x: |\n    select *,\n      Quantity\n    from till",
        "line 38: tables, x: select *, Quantity from till: there is no column Quantity",
    ),
    "does not parse": ("x: |\n    select *\n    from till\n    wher Qty > 0", "line 39: tables, x:"),
    "no query": (
        "x: create table y as select 1",
        "line 36: tables, x: create table y as select 1: this is no SQL: one query was expected",
    ),
    "no such table": (
        "x: select * from tils",
        "line 36: tables, x: select * from tils: there is no source or table tils; did you mean till?",
    ),
    "fails on a value": (
        "x: select Article::integer from till",
        "line 36: tables, x: select Article::integer from till: Could not convert",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_wrong_table_is_told_with_the_line_in_its_query_and_only_once(shop, case):
    step, told = WRONG_TABLES[case]
    shop.add(f"tables:\n  {step}\n  y: select * from x\n")
    problems = shop.find().problems
    assert len(problems) == 1
    assert problems[0].startswith(told), problems


@pytest.mark.parametrize("other", ["y", "x"], ids=["a later one", "itself"])
def test_a_step_uses_earlier_ones_only(shop, other):
    shop.add(f"tables:\n  x: select * from {other}\n  y: select * from till\n")
    assert shop.find().problems == [
        f"line 36: tables, x: select * from {other}: there is no source or table {other}; known are till."
    ]


@pytest.mark.parametrize(
    "query",
    [
        "select content from read_text('{secret}')",
        "select * from read_csv('{secret}')",
        "select * from '{secret}'",
        "select file from glob('{folder}/*')",
        "select * from read_parquet('{folder}/home/*')",
    ],
)
def test_a_mapping_from_a_stranger_reads_nothing_but_its_sources(shop, query):
    secret = shop.folder / "secret.csv"
    secret.write_text("password\nhunter2\n")
    query = query.format(secret=secret, folder=shop.folder)
    shop.add(f'tables:\n  x: "{query}"\n')
    shop.replace("customer_ref: Card", f'customer_ref: "({query} limit 1)"')
    findings = shop.find()
    assert len(findings.problems) == 2, findings.problems
    assert "hunter2" not in str(findings)
