"""The ways to break a rule: what real exports contain is among them, and each form of file gets what it can hold."""

from datetime import date

import pytest

from datasets.dirt.breakages import list_breakages, list_leaks
from datasets.dirt.files import CSV, TEXT_PARQUET, TYPED_PARQUET
from datasets.dirt.people import People
from pipeline.landing.entities import ENTITIES

DROP_ON = date(2024, 5, 10)
BY_PATH = {entity.path: entity for entity in ENTITIES}

VARIANTS = [
    ("sales/orders", CSV, "missing_value", {"order_id": ""}),
    ("sales/orders", CSV, "missing_value", {"order_id": "   "}),
    ("sales/orders", TEXT_PARQUET, "missing_value", {"order_id": None}),
    ("sales/orders", CSV, "does_not_parse", {"ordered_at": "2023-02-31T10:00:00"}),
    ("sales/orders", CSV, "event_out_of_range", {"ordered_at": "1989-12-31T23:59:59"}),
    ("sales/orders", TYPED_PARQUET, "event_out_of_range", {"ordered_at": "2024-05-12T00:00:00"}),
    ("sales/orders", CSV, "other_currency", {"currency": "USD"}),
    ("sales/orders", CSV, "unknown_code", {"channel": "no such code"}),
    ("sales/order_lines", CSV, "does_not_parse", {"quantity": "one"}),
    ("sales/order_lines", CSV, "does_not_parse", {"unit_price": "1,5"}),
    ("sales/order_lines", TYPED_PARQUET, "does_not_parse", {"unit_price": "NaN"}),
    ("sales/order_lines", CSV, "out_of_range", {"quantity": "0"}),
    ("sales/order_lines", CSV, "out_of_range", {"quantity": "0.0004"}),
    ("sales/order_lines", CSV, "out_of_range", {"unit_price": "-0.01"}),
    ("sales/stock", CSV, "does_not_parse", {"snapshot_on": "2023-02-31"}),
    ("support/contacts", CSV, "out_of_range", {"csat": "0"}),
    ("support/contacts", TYPED_PARQUET, "out_of_range", {"csat": "6"}),
    ("support/contacts", CSV, "does_not_parse", {"csat": "4.5"}),
    ("loyalty/members", CSV, "missing_value", {"loyalty_id": "n/a"}),
    ("loyalty/consents", CSV, "does_not_parse", {"granted": "maybe"}),
]


@pytest.mark.parametrize(("path", "form", "rule", "changes"), VARIANTS)
def test_what_real_exports_contain_is_planted(path, form, rule, changes):
    found = list_breakages(BY_PATH[path], form, DROP_ON, "EUR")
    assert (rule, changes) in [(breakage.rule, breakage.changes) for breakage in found]


def test_a_typed_file_is_given_nothing_it_cannot_hold():
    for entity in ENTITIES:
        kinds = {column.name: column.sql_type for column in entity.columns}
        for breakage in list_breakages(entity, TYPED_PARQUET, DROP_ON, "EUR"):
            for name, value in breakage.changes.items():
                if value is not None and (kinds[name].startswith("DECIMAL") or kinds[name] in ("INTEGER", "BIGINT")):
                    float(value)
                elif value is not None and kinds[name] in ("TIMESTAMP", "DATE"):
                    date.fromisoformat(value[:10])


def test_the_warehouse_currency_is_never_another():
    orders = BY_PATH["sales/orders"]
    for currency, others in (("USD", {"EUR", "chf"}), ("CHF", {"USD", "EUR"}), (None, set())):
        found = list_breakages(orders, CSV, DROP_ON, currency)
        assert {each.changes["currency"] for each in found if each.rule == "other_currency"} == others


def test_leaks_tell_what_is_personal_and_no_person_twice():
    people = People()
    leaks = [leak for entity in ENTITIES for leak in list_leaks(entity, people)]
    assert {leak.rule for leak in leaks} == {"does_not_parse", "unknown_code", "missing_value"}
    for leak in leaks:
        values = " ".join(value for value in leak.changes.values() if value)
        assert leak.personal
        assert all(person in values for person in leak.personal)
    emails = [person for leak in leaks for person in leak.personal if "@" in person]
    assert len(emails) == len(set(emails)) > 40
