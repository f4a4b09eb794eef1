"""What one more night changes: a second past midnight, a window's last day, and who turns out to be whom.

The first night is 2025-02-28; every cup of tea costs its buyer 10.00. Before the second a person decides in
identity_overrides.csv that an account and a card are one person, and that two accounts with one mailbox are not.
"""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading
from tests.integration.tracing import run_nights

FIRST, SECOND = date(2025, 2, 28), date(2025, 3, 1)

# order, when, customer_ref, loyalty_id, email, cups of tea; by the drop they land in
_SALES = {
    FIRST: """
        last_second,2025-02-28T23:59:59,late,,,1
        a_second_later,2025-03-01T00:00:00,late,,,5
        leap_day,2024-02-29T12:00:00,leap,,,6
        after_leap_day,2025-02-18T10:00:00,leap,,,2
        of_account,2025-01-10T10:00:00,joined,,,2
        of_card,2025-01-20T10:00:00,,joined_card,,3
        one_parted,2025-01-05T10:00:00,one,,ours@shop.example,1
        other_parted,2025-01-15T10:00:00,other,,ours@shop.example,4
        of_guest,2025-02-01T10:00:00,,,someone@shop.example,2
        before_joining,2025-02-10T10:00:00,new,,,1
    """,
    SECOND: """
        as_member,2025-03-01T11:00:00,,guest_card,,1
        with_account,2025-03-01T12:00:00,new,,someone@shop.example,1
    """,
}
_MEMBERS = "loyalty_id,enrolled_at,email\nguest_card,2025-03-01T10:30:00,someone@shop.example\n"
_OVERRIDES = (
    "action,kind,value,other_kind,other_value\n"
    "join,customer_ref,joined,loyalty_id,joined_card\n"
    "part,customer_ref,one,customer_ref,other\n"
)

# Whose the orders are, what they bought for in the 12 months, the average of their orders, their segment. A tenth of
# the seven is one: the top tier asks for the best one's 80.00, and nobody else is within an order of it.
FIRST_NIGHT = {
    ("last_second",): ("10.00", "10.00", "regular"),
    ("leap_day", "after_leap_day"): ("80.00", "40.00", "vip"),
    ("of_account",): ("20.00", "20.00", "regular"),
    ("of_card",): ("30.00", "30.00", "regular"),
    ("one_parted", "other_parted"): ("50.00", "25.00", "regular"),
    ("of_guest",): ("20.00", "20.00", "regular"),
    ("before_joining",): ("10.00", "10.00", "regular"),
}
# The second after midnight counts, and makes its buyer the best one of six, with 60.00. The leap day, the first of the
# 12 months on the night before, has left them. Near is who has 60.00 less an average order.
SECOND_NIGHT = {
    ("last_second", "a_second_later"): ("60.00", "30.00", "vip"),
    ("leap_day", "after_leap_day"): ("20.00", "40.00", "near_vip"),
    ("of_account", "of_card"): ("50.00", "25.00", "near_vip"),
    ("one_parted",): ("10.00", "10.00", "regular"),
    ("other_parted",): ("40.00", "40.00", "near_vip"),
    ("of_guest", "before_joining", "as_member", "with_account"): ("50.00", "12.50", "near_vip"),
}


def _land(settings: Settings, night: date) -> None:
    sold = [line.split(",") for line in _SALES[night].split()]
    drops = {
        "sales/orders": ["order_id,ordered_at,customer_ref,loyalty_id,email", *(",".join(row[:5]) for row in sold)],
        "sales/order_lines": [
            "order_id,line_no,product_id,quantity,unit_price",
            *(f"{row[0]},1,tea,{row[5]},10.00" for row in sold),
        ],
    }
    for entity, lines in drops.items():
        folder = settings.landing / entity / str(night)
        folder.mkdir(parents=True)
        (folder / "drop.csv").write_text("\n".join(lines) + "\n")


def _read(settings: Settings) -> dict[str, list[tuple]]:
    queries = {
        "orders": "select order_id, customer_id from marts.orders",
        "customers": "select customer_id, net_revenue_12m, average_order_value, segment, segment_since,"
        " is_loyalty_member, orders_total from marts.customers",
        "aliases": "select old_customer_id, customer_id, since from marts.customer_aliases",
        "history": "select customer_id, segment, valid_from, valid_to from marts.segment_history",
    }
    with open_for_reading(settings) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> list[dict[str, list[tuple]]]:
    """What each of the two nights says."""
    home = tmp_path_factory.mktemp("nights")
    settings = Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_SECRET": "for tests"})
    _land(settings, FIRST)
    run_nights(settings, {FIRST: {}})
    first = _read(settings)
    _land(settings, SECOND)
    members = settings.landing / "loyalty" / "members" / str(SECOND)
    members.mkdir(parents=True)
    (members / "drop.csv").write_text(_MEMBERS)
    settings.identity_overrides.write_text(_OVERRIDES)
    run_nights(settings, {SECOND: {}})
    return [first, _read(settings)]


@pytest.mark.parametrize(("night", "expected"), [(0, FIRST_NIGHT), (1, SECOND_NIGHT)])
def test_orders_and_customers_follow_who_is_who(nights, night, expected):
    owner = dict(nights[night]["orders"])
    customers = {row[0]: row for row in nights[night]["customers"]}
    assert len(customers) == len(expected)
    assert owner.keys() == {order for orders in expected for order in orders}
    for orders, (revenue, average, segment) in expected.items():
        (customer_id,) = {owner[order] for order in orders}
        assert customers[customer_id][1:4] == (Decimal(revenue), Decimal(average), segment)
        assert customers[customer_id][6] == len(orders)


def test_a_guest_who_joins_is_a_member_from_then_on(nights):
    """On the first night no members have landed: whether anybody is one is not known."""
    assert {row[5] for row in nights[0]["customers"]} == {None}
    owner = dict(nights[1]["orders"])
    assert {row[0] for row in nights[1]["customers"] if row[5]} == {owner["of_guest"]}


def test_ids_that_were_merged_are_told_as_former_ids(nights):
    before, after = dict(nights[0]["orders"]), dict(nights[1]["orders"])
    merged = [("of_account", "of_card"), ("of_guest", "before_joining")]
    told = {old: (new, since) for old, new, since in nights[1]["aliases"]}
    assert nights[0]["aliases"] == []
    for one, other in merged:
        assert after[one] == after[other]
        assert after[one] in {before[one], before[other]}
        (former,) = {before[one], before[other]} - {after[one]}
        assert told.pop(former) == (after[one], SECOND)
    assert set(told) <= {before["one_parted"]}


def test_spells_end_the_day_before(nights):
    owner = dict(nights[1]["orders"])
    spells = sorted(row[1:] for row in nights[1]["history"] if row[0] == owner["leap_day"])
    assert spells == [("near_vip", SECOND, None), ("vip", FIRST, FIRST)]
    former = {old for old, *_ in nights[1]["aliases"]}
    assert {row[3] for row in nights[1]["history"] if row[0] in former} == {FIRST}
