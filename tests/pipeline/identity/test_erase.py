"""Who asks to be forgotten is, and stays so; whom nobody asked to forget is not."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest

from pipeline.identity.report import describe_erasures
from pipeline.identity.resolve import identify
from pipeline.transform import stage
from pipeline.warehouse import open_for_reading
from tests.pipeline.landing.small_shop import LINE_HEADER, ORDER_HEADER, Shop, make_shop

FAMILY = "07000 000999"
ORDERS = (
    f"{ORDER_HEADER}\n"
    f"o1,2024-01-01T10:00:00,C-1,,ada@mail.example,{FAMILY},web,,,\n"
    "o2,2024-01-02T10:00:00,C-1,L-1,,,store,,,\n"
    f"o3,2024-01-02T11:00:00,C-2,L-2,bob@mail.example,{FAMILY},web,,,\n"
)
MEMBERS = (
    "loyalty_id,enrolled_at,email,phone\n"
    f"L-1,2024-01-01T09:00:00,ada@mail.example,\nL-2,2024-01-01T09:00:00,,{FAMILY}\n"
)
REQUESTS = (
    "request_id,requested_at,customer_ref,email,phone\n"
    "ada,2024-01-03T08:00:00,,ADA@mail.example,\n"
    f"family,2024-01-03T08:00:00,,,{FAMILY}\n"
    "stranger,2024-01-03T08:00:00,C-77,,\n"
)


def _night(shop: Shop, day: str) -> None:
    shop.load(day)
    stage(shop.settings, date.fromisoformat(day), "run")
    identify(shop.settings, date.fromisoformat(day), "run")


def _token(kind: str, value: str) -> str:
    return hashlib.sha256(f"of the tests{kind}:{value}".encode()).hexdigest()[:32]


ADA = {_token("email", "ada@mail.example"), _token("customer_ref", "C-1"), _token("loyalty_id", "L-1")}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """A night with three requests, and one on which old files landed again, with news."""
    shop = make_shop(tmp_path_factory.mktemp("erase"))
    shop.settings = replace(shop.settings, secret="of the tests", most_sharers=1)
    lines = "".join(f"{order},1,p,1,10,0\n" for order in ("o1", "o2", "o3"))
    shop.drop_sales("2024-01-02", ORDERS, f"{LINE_HEADER}\n{lines}")
    shop.drop("loyalty/members", "2024-01-02", MEMBERS)
    shop.drop("loyalty/members", "2024-01-03", MEMBERS)
    shop.drop("support/contacts", "2024-01-02", "contact_id,opened_at,email,csat\nt1,2024-01-01,ada@mail.example,9\n")
    shop.drop("privacy/erasures", "2024-01-03", REQUESTS)
    _night(shop, "2024-01-03")
    return shop


@pytest.fixture(scope="module")
def again(shop) -> Shop:
    """The next night: old files with other bytes, a late row, and a purchase from after the request."""
    shop.drop("sales/orders", "2024-01-02", ORDERS + "o4,2024-01-01T12:00:00,C-1,,,,web,,,\n")
    shop.drop("loyalty/members", "2024-01-04", MEMBERS)
    orders = (
        f"{ORDER_HEADER}\no5,2024-01-02T23:00:00,,L-1,,,web,,,\no6,2024-01-04T09:00:00,,,ada@mail.example,,web,,,\n"
        "o7,2024-01-02T10:00:00,C-77,,,,web,,,\n"
    )
    lines = "".join(f"{order},1,p,1,10,0\n" for order in ("o5", "o6", "o7"))
    shop.drop_sales("2024-01-04", orders, f"{LINE_HEADER}\n{lines}")
    _night(shop, "2024-01-04")
    return shop


def _people(shop: Shop) -> dict[str, tuple]:
    rows = shop.rows("select order_id, customer_ref, loyalty_id, email, phone from raw.sales_orders order by all")
    return {order_id: {token for token in tokens if token} for order_id, *tokens in rows}


def test_orders_stay_without_the_person(shop):
    people = _people(shop)
    assert people["o1"] == people["o2"] == set()
    assert len(people["o3"]) == 4


def test_other_rows_about_the_person_are_removed_also_where_they_repeat(shop):
    members = shop.rows("select loyalty_id, _drop_on::varchar from raw.loyalty_members")
    assert members == [(_token("loyalty_id", "L-2"), "2024-01-02")]
    repeats = shop.rows("select loyalty_id, _drop_on::varchar from landing.loyalty_members_repeats")
    assert repeats == [(_token("loyalty_id", "L-2"), "2024-01-03")]
    assert shop.rows("select count(*) from quarantine.support_contacts") == [(0,)]


def test_nobody_else_is_forgotten(shop):
    left = {token for token, person in shop.rows("select token, customer_id from identity.identifiers") if person}
    assert left >= {_token("customer_ref", "C-2"), _token("loyalty_id", "L-2"), _token("email", "bob@mail.example")}


def test_the_vault_forgets_and_keeps_what_others_use(shop):
    with open_for_reading(shop.settings, shop.settings.vault) as connection:
        values = {row[0] for row in connection.execute("select value from vault.identifiers").fetchall()}
    assert values == {"C-2", "L-2", "bob@mail.example", "+447000000999"}
    assert b"ada@mail" not in shop.settings.vault.read_bytes()
    assert shop.settings.vault.stat().st_mode & 0o777 == 0o600


def test_each_request_is_told_with_what_became_of_it(shop):
    with open_for_reading(shop.settings) as connection:
        told = "\n".join(describe_erasures(connection, shop.settings.landing, date(2024, 1, 3)))
    assert "1 erasure request: 1 people forgotten, 2 rows kept without a person, 3 removed" in told
    assert "request family: names only an identifier that several people share: nobody was forgotten" in told
    assert "request stranger: nobody by these identifiers was seen" in told
    assert "loyalty/members/2024-01-03/part.csv" in told
    assert "order_lines" not in told


def test_a_shared_identifier_that_becomes_one_persons_forgets_nobody(again):
    """With Ada gone the family's phone is Bob's alone; the request that gave it was not his."""
    _night(again, "2024-01-05")
    phone = f"token = '{_token('phone', '+447000000999')}'"
    assert again.rows(f"select count(customer_id) from identity.identifiers where {phone}") == [(1,)]
    assert again.rows("select count(customer_ref) from raw.sales_orders where order_id = 'o3'") == [(1,)]


def test_what_lands_again_brings_nobody_back(again):
    people = _people(again)
    assert people["o1"] == people["o2"] == people["o4"] == people["o5"] == people["o7"] == set()
    members = again.rows("select distinct loyalty_id from raw.loyalty_members")
    assert members == [(_token("loyalty_id", "L-2"),)]


def test_a_purchase_after_the_request_is_a_new_acquaintance(again):
    assert _people(again)["o6"] == {_token("email", "ada@mail.example")}
    known = {row[0] for row in again.rows("select token from identity.identifiers")}
    assert known & ADA == {_token("email", "ada@mail.example")}
    with open_for_reading(again.settings, again.settings.vault) as connection:
        values = {row[0] for row in connection.execute("select value from vault.identifiers").fetchall()}
    assert "ada@mail.example" in values
    assert not values & {"C-1", "L-1", "C-77"}
