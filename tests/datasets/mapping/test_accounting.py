"""No row of a source goes missing unseen: an entity takes it, or it is left out for a reason that is told."""

from decimal import Decimal

import pytest

from datasets.landing import land_mapping
from pipeline.errors import UsageError

VOID = "1004,1,2024-03-04 10:05:00,C-17,B4,0,24.00"
LEFT_OUT = "left_out:\n  - {from: till, where: Qty = 0, reason: Voided at the till.}\n"


def test_a_row_that_nobody_takes_is_a_problem_with_its_place(shop):
    shop.add_rows(VOID, VOID)
    assert shop.find().problems == [
        "till: no entity (sales/order_lines, sales/returns) takes 2 rows and nothing under left_out does, the first is "
        "till.csv row 5 (Receipt 1004, Line 1, Time 2024-03-04 10:05:00, Card C-17); "
        "widen a where, or declare them under left_out"
    ]


def test_a_row_left_out_for_a_reason_is_counted(shop):
    shop.add_rows(VOID)
    shop.add(LEFT_OUT)
    assert "1 row of till: Voided at the till." in shop.report()
    landed = land_mapping(shop.settings, shop.path, shop.landing)
    assert [(kind.reason, rows) for kind, rows in landed.left_out] == [("Voided at the till.", 1)]


def test_a_row_can_not_be_taken_and_left_out(shop):
    shop.add("left_out:\n  - {from: till, where: Qty = 2, reason: Too many.}\n")
    assert "till: 1 row taken by an entity (sales/order_lines, sales/returns) and left out" in shop.find().problems[0]


def test_a_condition_that_is_neither_true_nor_false_takes_nothing(shop):
    shop.add_rows("1004,1,2024-03-04 10:05:00,C-17,B4,,24.00")
    assert "takes 1 row" in shop.find().problems[0]


def test_orders_alone_do_not_take_the_lines_of_a_receipt(shop):
    shop.replace("    where: Qty > 0\n    one_row_per", "    one_row_per")
    shop.add_rows(VOID)
    assert "no entity (sales/order_lines, sales/returns) takes 1 row" in shop.find().problems[0]


def test_a_source_that_only_entities_with_one_row_per_read_is_taken_by_them(shop):
    (shop.folder / "cards.csv").write_text("Card,Since\nC-17,2024-01-01\nC-17,2024-02-01\n")
    shop.replace("sources:\n", "sources:\n  cards: {path: cards.csv}\n")
    shop.add(
        "  loyalty/members:\n    from: cards\n    one_row_per: Card\n"
        "    columns: {loyalty_id: Card, enrolled_at: Since}\n"
    )
    assert shop.find().problems == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "left_out:\n  - {from: till, where: Qt = 0, reason: none}\n",
            "left_out, where: Qt = 0: there is no column Qt",
        ),
        ("left_out:\n  - {from: till, where: Qty = 0}\n", "left_out: reason is missing"),
        ("left_out:\n  - {from: tils, where: Qty = 0, reason: none}\n", "from names tils, which is no source"),
        ("reconcile: {from: till, value: Qty * Pric}\n", "reconcile, value: Qty * Pric: there is no column Pric"),
        ("reconcile: {from: till, value: Article::integer}\n", "reconcile, value: Article::integer: Could not convert"),
        ("reconcile: {from: till, value: null}\n", "reconcile: 4 rows without a value"),
        (
            "tables:\n  x: select 1 as v\nreconcile: {from: x, value: v}\n",
            "is made from x, so that nothing of it can be",
        ),
    ],
)
def test_a_wrong_declaration_is_told(shop, text, told):
    shop.add(text)
    problems = shop.find().problems
    assert len(problems) == 1
    assert told in problems[0]


def test_a_source_from_which_nothing_is_made_is_a_warning(shop):
    shop.replace("sources:\n", "sources:\n  other: {path: till.csv}\n")
    findings = shop.find()
    assert (findings.problems, findings.warnings) == ([], ["line 5: sources, other: nothing is made from it"])


def test_any_mapping_can_prove_that_it_ties_out_to_the_cent(shop):
    shop.add_rows(VOID)
    shop.add(LEFT_OUT + "reconcile: {from: till, value: Qty * Price}\n")
    result = land_mapping(shop.settings, shop.path, shop.landing).reconciliation
    assert (result.landed_sales, result.landed_refunds, result.left_out) == (Decimal("34.50"), Decimal("24.00"), 0)
    assert (result.source_total, result.source_lines) == (Decimal("10.50"), 5)
    assert [(total.kind.name, total.lines) for total in result.totals] == [
        ("sales/order_lines", 3),
        ("sales/returns", 1),
        ("left out 1", 1),
    ]


def test_a_mapping_that_loses_a_cent_is_refused_before_it_is_written(shop):
    shop.replace("refund_amount: -Qty * Price", "refund_amount: -Qty * Price - 0.01")
    shop.add("reconcile: {from: till, value: Qty * Price}\n")
    assert shop.find().problems == [
        "reconcile: The drops don't tie out: the source holds 10.50, but sales 34.50 - refunds 23.99 "
        "+ left out 0.00 = 10.51."
    ]
    with pytest.raises(UsageError, match="nothing was written"):
        land_mapping(shop.settings, shop.path, shop.landing)
    assert not shop.landing.exists()


def test_lines_gathered_from_several_rows_tie_out_too(shop):
    shop.replace("1001,2,2024-03-01 09:12:00,C-17,B4,1,24.00", "1001,1,2024-03-01 09:12:00,C-17,A1,1,3.50", shop.till)
    text = shop.path.read_text()
    head, lines = text.split("  sales/order_lines:\n    from: till\n")
    lines = lines.replace("      quantity: Qty\n", "      quantity: sum(Qty)\n", 1)
    shop.path.write_text(f"{head}  sales/order_lines:\n    from: till\n    one_row_per: [Receipt, Line]\n{lines}")
    shop.add("reconcile: {from: till, value: Qty * Price}\n")
    landed = land_mapping(shop.settings, shop.path, shop.landing)
    assert landed.rows["sales", "order_lines"] == 2
    assert landed.reconciliation.landed_sales == Decimal("14.00")


def test_kinds_tell_the_rows_of_an_entity_apart_and_leave_none_over(shop):
    kinds = "    kinds:\n      - {name: tea, where: Article = 'A1', reason: Tea.}\n"
    shop.replace("      unit_price: Price\n", f"      unit_price: Price\n{kinds}")
    shop.add("reconcile: {from: till, value: Qty * Price}\n")
    assert shop.find().problems == ["reconcile: 1 row of none of its entity's kinds"]
    shop.replace("reason: Tea.}\n", "reason: Tea.}\n      - {name: pot, where: Article = 'B4', reason: Pots.}\n")
    landed = land_mapping(shop.settings, shop.path, shop.landing)
    assert {total.kind.name: total.lines for total in landed.reconciliation.totals} == {
        "tea": 2,
        "pot": 1,
        "sales/returns": 1,
    }


def test_problems_refuse_before_anything_is_written(shop):
    shop.add_rows(VOID)
    with pytest.raises(UsageError, match=r"has one problem; nothing was written.\n  1. till: no entity"):
        land_mapping(shop.settings, shop.path, shop.landing)
    assert not shop.landing.exists()
