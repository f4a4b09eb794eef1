"""The landing's row rules, told before anything lands; what is told must be what the landing then does."""

from collections import Counter

import duckdb
import pytest

from datasets.landing import land_mapping
from datasets.mapping.mapped import DropDates
from pipeline.landing import load_drops
from pipeline.warehouse import open_for_reading

GOOD = [f"{2000 + number},1,2024-03-02 10:00:00,C-{number},A1,1,1.00" for number in range(40)]


ORDERS, LINES = "sales/orders", "sales/order_lines"


@pytest.mark.parametrize(
    ("rows", "entity", "count", "first"),
    [
        (["3001,1,,C,A1,1,1"], ORDERS, "1 row (missing_value)", "order_id 3001): ordered_at is empty"),
        (
            ["3001,1,2024-13-45,C,A1,1,1"],
            ORDERS,
            "1 row (does_not_parse)",
            'order_id 3001): ordered_at is "2024-13-45"',
        ),
        (
            ["3001,1,2024-03-02 10:00:00,C,A1,1,-1", "3002,1,2024-03-02 10:00:00,C,A1,1,-2"],
            LINES,
            "2 rows (out_of_range)",
            "order_id 3001, line_no 1): unit_price is -1.00; it must be at least 0",
        ),
        (
            ["3001,1,1989-12-31,C,A1,1,1"],
            ORDERS,
            "1 row (event_out_of_range)",
            "order_id 3001): ordered_at is 1989-12-31",
        ),
        (["3001,1,1989-12-31,C,A1,1,1"], LINES, "1 row (line_without_order)", "order_id 3001, line_no 1)"),
        (["2001,1,2024-03-02 10:00:00,C-1,A2,1,1.00"], LINES, "2 rows (conflicting_key)", "order_id 2001, line_no 1)"),
    ],
)
def test_bad_rows_are_counted_by_rule_with_the_first_as_a_warning(shop, rows, entity, count, first):
    shop.add_rows(*GOOD, *rows)
    findings = shop.find()
    assert findings.problems == []
    told = f"{entity}: the landing would quarantine {count}; the first ({first}"
    assert any(warning.startswith(told) for warning in findings.warnings), findings.warnings


def test_an_exact_repeat_is_a_warning(shop):
    shop.add_rows(*GOOD, "2001,1,2024-03-02 10:00:00,C-1,A1,1,1.00")
    findings = shop.find()
    assert (findings.problems, findings.warnings) == (
        [],
        [f"{LINES}: 1 exact repeat of another row (same order_id, line_no); the landing keeps one of each"],
    )


def test_more_bad_rows_than_the_landing_takes_are_a_problem(shop):
    shop.add_rows("3001,1,2024-03-02 10:00:00,C,A1,1,-1")
    problems = shop.find().problems
    assert problems[-1] == (
        "sales/order_lines: 1 of 4 rows would be quarantined; "
        "the landing blocks a drop with more than 20% (RAPPORT_MAX_BAD_SHARE)"
    )


def test_an_event_after_the_drops_date_is_bad(shop):
    shop.add_rows(*GOOD)
    dates = DropDates(day=duckdb.execute("select date '2024-03-02'").fetchone()[0])
    told = " ".join(shop.find(dates).problems)
    assert "sales/returns: the landing would quarantine 1 row (event_out_of_range)" in told


def test_one_key_on_two_days_is_an_update_when_there_is_one_drop_a_day(shop):
    shop.replace("    one_row_per: Receipt\n", "")
    shop.replace("where: Qty > 0", "where: Qty > 0 and Line = '1'")
    shop.add_rows(*GOOD, "2001,1,2024-03-03 10:00:00,C-1,A1,1,1.00")
    assert any("conflicting_key" in warning for warning in shop.find().warnings)
    assert not any("sales/orders" in warning for warning in shop.find(DropDates(split=True)).warnings)


def test_what_is_told_is_what_the_landing_does(shop):
    shop.add_rows(
        *GOOD,
        "3001,1,,C,A1,1,1",
        "3002,1,2024-13-45,C,A1,1,1",
        "3003,1,2024-03-02 10:00:00,C,A1,1,-1",
        "3004,1,2024-03-02 10:00:00,C,,1,1",
        "2001,1,2024-03-02 10:00:00,C-1,A2,1,1.00",
        "2002,1,2024-03-02 10:00:00,C-2,A1,1,1.00",
    )
    landed = land_mapping(shop.settings, shop.path, shop.landing)
    told = Counter()
    for warning in landed.warnings:
        if "would quarantine" in warning:
            entity, rest = warning.split(": the landing would quarantine ")
            told[entity.replace("/", "_"), rest.split("(")[1].split(")")[0]] += int(rest.split()[0])
    settings = type(shop.settings)(**{**vars(shop.settings), "landing": shop.landing})
    load_drops(settings, landed.last_day, "run", lambda _: None)
    with open_for_reading(settings) as warehouse:
        done = Counter()
        for entity in ("sales_orders", "sales_order_lines", "sales_returns"):
            for rule, rows in warehouse.execute(
                f"select rule, count(*) from quarantine.{entity} group by 1"
            ).fetchall():
                done[entity, rule] += rows
    assert told == done
    assert sum(told.values()) == 8
