"""What a person would want to know of a mapping beyond the row rules: mostly warnings, which refuse nothing."""

import pytest

WARNINGS = {
    "a last day far from the others": (
        lambda shop: shop.replace("2024-03-04 10:05:00", "2042-03-04 10:05:00", shop.till),
        "the last event is of 2042-03-04, 6,577 days after the one before",
    ),
    "no offset": (
        lambda shop: shop.replace("timezone: Europe/London\n", ""),
        "sales/orders: ordered_at carries no offset in 2 rows, so it is read in RAPPORT_TIMEZONE",
    ),
    "an entity with no rows": (
        lambda shop: shop.replace("1003,1,2024-03-04 10:05:00,C-17,B4,-1,24.00\n", "", shop.till),
        "line 26: entities, sales/returns: no row of till becomes one",
    ),
    "rows of a group that differ": (
        lambda shop: shop.replace("1001,2,2024-03-01 09:12:00,C-17", "1001,2,2024-03-01 09:12:00,C-18", shop.till),
        "sales/orders: in 1 group of one_row_per the rows differ in Card; the smallest is taken",
    ),
    "currency empty in a row": (
        lambda shop: shop.replace("customer_ref: Card", "currency: case when min(Card) is not null then 'GBP' end"),
        "sales/orders: the currency is missing in 1 row",
    ),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_a_warning_is_told_and_refuses_nothing(shop, case):
    change, told = WARNINGS[case]
    change(shop)
    findings = shop.find()
    assert findings.problems == []
    assert any(warning.startswith(told) for warning in findings.warnings), findings.warnings


def test_an_offset_in_the_text_needs_no_time_zone(shop):
    shop.replace("timezone: Europe/London\n", "")
    shop.till.write_text(shop.till.read_text().replace(":00,", ":00+01:00,"))
    assert shop.find().warnings == []


def test_an_export_without_a_row_is_a_problem(shop):
    shop.till.write_text(shop.till.read_text().splitlines()[0] + "\n")
    assert shop.find().problems == [
        "line 9: entities, sales/orders: no row of till becomes one",
        "line 17: entities, sales/order_lines: no row of till becomes one",
    ]


def test_a_catalogue_alone_needs_a_date(shop):
    text = shop.path.read_text()
    shop.path.write_text(
        text[: text.index("entities:")]
        + "entities:\n  sales/products:\n    from: till\n    one_row_per: Article\n    columns: {product_id: Article}\n"
    )
    assert shop.find().problems == ["nothing that is landed has a date; say which with --date YYYY-MM-DD"]
