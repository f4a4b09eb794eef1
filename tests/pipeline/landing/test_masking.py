"""What is taken for an e-mail or a phone, and what is not."""

import duckdb
import pytest

from pipeline.landing.masking import mask_sql, mask_text

# (what came, what a text becomes, what an id becomes)
MASKED = [
    ("ada@mail.example", "[e-mail]", "[e-mail]"),
    ("write to Ada.L+shop@mail.example, please", "write to [e-mail], please", "write to [e-mail], please"),
    ('{"size": 3, "mail": "x@y.example"}', '{"size": 3, "mail": "[e-mail]"}', '{"size": 3, "mail": "[e-mail]"}'),
    ("a@b.example\nring 07700 900123", "[e-mail]\nring [phone]", "[e-mail]\nring [phone]"),
    ("+447700900123", "[phone]", "[phone]"),
    ("+44 (0)20 7946 0958", "[phone]", "[phone]"),
    ("0044 7700 900123.", "[phone].", "[phone]."),
    ("(020) 7946 0958", "[phone]", "[phone]"),
    ("01 23 45 67 89", "[phone]", "[phone]"),
    ("07700 900123 07700 900124", "[phone]", "[phone]"),
    ("555-123-4567", "[phone]", "555-123-4567"),
    ("0171/1234567", "[phone]", "0171/1234567"),
    ("07700900123", "[phone]", "07700900123"),
    ("call 5551234567", "call [phone]", "call 5551234567"),
]
KEPT = [
    "2024-01-01",
    "2024-01-01T10:00:00.123+01:00",
    "01/02/2024 10:00",
    "01.02.2024 10:00",
    "20240101T101500",
    "1675159200",
    "1675159200000",
    "-0.01",
    "12345.678900",
    "2.000,50",
    "99999999999999999999",
    "order o1-000012345 of REF-770012",
    "sales/orders/2024-01-02/part-20240102.csv",
    "at home @ noon",
    "",
]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(("came", "text", "number"), MASKED)
def test_it_is_masked(connection, came, text, number):
    query = f"select {mask_sql('came')}, {mask_sql('came', is_id=True)} from (select ?::varchar as came)"
    assert connection.execute(query, [came]).fetchone() == (text, number)
    assert (mask_text(came), mask_text(came, is_id=True)) == (text, number)


@pytest.mark.parametrize("came", KEPT)
def test_it_stays_readable(connection, came):
    query = f"select {mask_sql('came')}, {mask_sql('came', is_id=True)} from (select ?::varchar as came)"
    assert connection.execute(query, [came]).fetchone() == (came, came)
    assert mask_text(came) == came


def test_nothing_stays_nothing(connection):
    assert connection.execute(f"select {mask_sql('null::varchar')}").fetchone() == (None,)
