"""Who is one person and who is not: each rule on a handful of sightings."""

import random
from dataclasses import replace
from datetime import date

import pytest

from pipeline.errors import UsageError
from pipeline.identity.overrides import read_overrides
from pipeline.identity.resolve import create_identity_tables, resolve
from pipeline.identity.vault import give_secret, token_sql
from pipeline.settings import Settings
from pipeline.warehouse import open_in_memory

KINDS = {"L": "loyalty_id", "C": "customer_ref", "@": "email", "+": "phone"}


def _kind(identifier):
    return KINDS["@" if "@" in identifier else identifier[0]]


class People:
    """Resolves sightings written as words: 'L1 C1 a@x.org' is a row with a card, an account and a mailbox."""

    def __init__(self, connection, settings):
        self.connection, self.settings, self.tokens = connection, settings, {}
        give_secret(connection, settings)
        create_identity_tables(connection)
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.stg_sales__orders (loyalty_id varchar, customer_ref varchar, email varchar, "
            "phone varchar, ordered_on date)"
        )

    def resolve(self, *rows, day=1, overrides="", **changes):
        """Each row is words, or (words, day it landed)."""
        settings = replace(self.settings, **changes)
        self._land([row if isinstance(row, tuple) else (row, 1) for row in rows])
        settings.identity_overrides.write_text("action,kind,value,other_kind,other_value\n" + overrides)
        resolve(self.connection, settings, date(2024, 1, day), read_overrides(settings))
        found = self.connection.execute("select token, customer_id from identity.identifiers").fetchall()
        self.id_of = {self.tokens[token]: customer_id for token, customer_id in found}
        people = {}
        for name, customer_id in sorted(self.id_of.items()):
            people.setdefault(customer_id, []).append(name)
        self.nobody = people.pop(None, [])
        return sorted(" ".join(names) for names in people.values())

    def aliases(self):
        query = "select old_customer_id, customer_id, since from identity.aliases order by all"
        return self.connection.execute(query).fetchall()

    def _land(self, rows):
        columns = list(KINDS.values())
        self.connection.execute(
            f"create or replace table staging.stg_identity__sightings ({', '.join(f'{c} uuid' for c in columns)}, "
            "first_landed_on date, first_seen_on date, sightings bigint)"
        )
        for words, landed in rows:
            given = {_kind(name): self._token(name) for name in words.split()}
            values = [given.get(column) for column in columns] + [date(2024, 1, landed)] * 2
            self.connection.execute("insert into staging.stg_identity__sightings values (?, ?, ?, ?, ?, ?, 1)", values)

    def _token(self, name):
        query = f"select {token_sql(_kind(name), 'given')} from (select cast(? as varchar) as given)"
        token = self.connection.execute(query, [name]).fetchone()[0]
        self.tokens[token] = name
        return token


@pytest.fixture
def people(tmp_path):
    settings = Settings.from_environment(
        {"RAPPORT_HOME": str(tmp_path), "RAPPORT_MEMORY": "1GB", "RAPPORT_SECRET": "of the tests"}
    )
    with open_in_memory(settings) as connection:
        yield People(connection, settings)


A, B, C = "ada@x.org", "bob@x.org", "cyd@x.org"
P1, P2, P3 = "+447000000011", "+447000000022", "+447000000033"


def test_what_comes_together_is_one_person(people):
    assert people.resolve(f"C1 {A} {P1}", f"L1 {A}", "C2") == [f"{P1} C1 L1 {A}", "C2"]


def test_a_contact_by_mailbox_alone_finds_its_person_through_a_chain(people):
    assert people.resolve(f"{A} {P1}", f"C1 {A}", f"{P1}") == [f"{P1} C1 {A}"]


def test_several_accounts_with_one_mailbox_are_one_person(people):
    assert people.resolve(f"C1 {A}", f"C2 {A}", f"C3 {A}") == [f"C1 C2 C3 {A}"]


def test_accounts_sharing_a_mailbox_are_one_person_unless_their_phones_differ(people):
    assert people.resolve(f"C1 {A} {P1}", f"C2 {A}") == [f"{P1} C1 C2 {A}"]
    assert people.resolve(f"C1 {A} {P1}", f"C2 {A} {P2}") == [f"{P1} C1", f"{P2} C2"]
    assert people.nobody == [A]
    assert people.resolve(f"C1 {A} {P1}", f"C2 {A} {P2}", f"C2 {P1}") == [f"{P1} {P2} C1 C2 {A}"]


def test_accounts_sharing_a_phone_are_one_person_unless_their_mailboxes_differ(people):
    assert people.resolve(f"C1 {P1}", f"C2 {P1}") == [f"{P1} C1 C2"]
    assert people.resolve(f"C1 {P1} {A}", f"C2 {P1}") == [f"{P1} C1 C2 {A}"]
    assert people.resolve(f"C1 {P1} {A}", f"C2 {P1} {B}") == [f"C1 {A}", f"C2 {B}"]
    assert people.nobody == [P1]


def test_two_cards_are_two_people_until_two_links_agree(people):
    assert people.resolve(f"L1 {P1}", f"L2 {P1}") == ["L1", "L2"]
    assert people.resolve(f"L1 {A}", f"L2 {A}") == ["L1", "L2"]
    assert people.resolve(f"L1 {A} {P1}", f"L2 {A} {P1}") == [f"{P1} L1 L2 {A}"]
    assert people.resolve("L1 C1", "L2 C1", f"L1 {A}", f"L2 {A}") == [f"C1 L1 L2 {A}"]


def test_two_links_may_come_through_the_accounts_of_the_cards(people):
    assert people.resolve("L1 C1", "L2 C2", f"C1 {A} {P1}", f"L2 {P1}", f"C2 {A}") == [f"{P1} C1 C2 L1 L2 {A}"]


def test_an_account_used_with_two_cards_belongs_to_the_one_it_was_used_with_most(people):
    assert people.resolve("L1 C1", "L2 C1", "L2 C1") == ["C1 L2", "L1"]


def test_an_account_between_two_cards_goes_with_the_stronger_link(people):
    assert people.resolve(f"L1 {P1}", f"C1 {P1}", f"L2 {A}", f"C1 {A}") == [f"C1 L2 {A}", "L1"]
    assert people.nobody == [P1]


def test_a_mailbox_of_two_cards_joins_no_third(people):
    assert people.resolve(f"L1 {A}", f"L2 {A}", f"C1 {A}") == ["C1", "L1", "L2"]
    assert people.nobody == [A]


@pytest.mark.parametrize("shared", [A, P1])
def test_an_identifier_shared_by_too_many_stops_identifying(people, shared):
    rows = [f"C{n} {shared}" for n in range(4)]
    assert people.resolve(*rows) == ["C0", "C1", "C2", "C3"]
    assert people.nobody == [shared]
    cut = people.connection.execute("select kind, sharers, reason from identity.cut_identifiers").fetchall()
    assert cut == [(_kind(shared), 4, "shared by too many")]
    assert people.resolve(*rows, most_sharers=4) == [" ".join(sorted(["C0", "C1", "C2", "C3", shared]))]


def test_an_account_used_with_too_many_cards_stops_identifying(people):
    assert people.resolve(*[f"L{n} C1" for n in range(4)]) == ["L0", "L1", "L2", "L3"]
    assert people.nobody == ["C1"]


def test_the_till_mailbox_of_guests_is_cut_by_the_phones_it_came_with(people):
    phones = [f"+4470000001{n:02}" for n in range(4)]
    assert people.resolve(*[f"{A} {phone}" for phone in phones]) == phones


def test_a_mailbox_alone_on_too_many_orders_a_day_is_cut(people):
    people.resolve(A)
    for day, orders in ((1, 4), (2, 5), (3, 3), (4, 4)):
        people.connection.execute(
            "insert into staging.stg_sales__orders select null, null, token, null, date '2024-01-01' + ? "
            "from identity.identifiers, range(?)",
            [day, orders],
        )
        people.resolve(A)
        assert people.nobody == ([A] if day == 4 else [])
    cut = people.connection.execute("select sharers, reason from identity.cut_identifiers").fetchall()
    assert cut == [(5, "on too many orders a day")]


def test_the_id_is_the_eldest_identifiers_and_stays(people):
    people.resolve(f"C1 {A}")
    first = people.id_of["C1"]
    people.resolve(f"C1 {A}", ("C1 L1", 2), (f"L1 {P1}", 3), day=3)
    assert set(people.id_of.values()) == {first}
    assert people.aliases() == []


def test_when_two_become_one_the_elder_id_lives_and_an_alias_tells(people):
    apart = [("C1", 1), ("L1", 2)]
    people.resolve(*apart, day=2)
    elder, younger = people.id_of["C1"], people.id_of["L1"]
    for _ in range(2):  # the same night again tells the same
        people.resolve(*apart, ("C1 L1", 3), day=3)
        assert set(people.id_of.values()) == {elder}
        assert people.aliases() == [(younger, elder, date(2024, 1, 3))]
    people.resolve(*apart, ("C1 L1", 3), day=4, overrides="part,customer_ref,C1,loyalty_id,L1\n")
    assert people.id_of == {"C1": elder, "L1": younger}
    assert people.aliases() == []


def test_over_ten_nights_ids_stay_or_are_told_as_former(people):
    """Forty people's accounts, cards and mailboxes come to light in a random order; a late drop is among them."""
    chance = random.Random(7)
    rows = [
        (words, landed)
        for n in range(40)
        for words in (f"C{n} p{n}@x.org", f"L{n} p{n}@x.org", f"L{n}", f"C9{n} p{n}@x.org +4470000{n:05}", f"C{n}")
        for landed in [chance.randint(1, 10)]
    ]
    told = set()
    for night in range(1, 11):
        landed = [row for row in rows if row[1] <= night and (row[0] != "L3" or night > 8)]
        people.resolve(*landed, day=night)
        living = set(people.id_of.values())
        former = {old: new for old, new, _ in people.aliases()}
        assert told <= living | former.keys()
        assert set(former.values()) <= living
        assert not former.keys() & living
        told |= living
    assert len(living) == 40
    assert former


def test_an_id_whose_identifier_comes_to_identify_nobody_is_told_as_former(people):
    """Ada's id was made of a phone that her family turns out to share."""
    asked = [(P1, 1), (f"{P1} {A} C1", 2)]
    people.resolve(*asked, day=2)
    first = people.id_of["C1"]
    family = [(f"L{n} {P1} {name}@x.org", 3) for n, name in enumerate(("bob", "cyd"))]
    for _ in range(2):
        people.resolve(*asked, *family, day=3)
        assert people.nobody == [P1]
        assert people.aliases() == [(first, people.id_of["C1"], date(2024, 1, 3))]


def test_every_merge_keeps_its_evidence(people):
    people.resolve(f"C1 {A}", f"C2 {A}", f"L1 {P1}", f"L2 {P1}")
    links = people.connection.execute(
        "select kind, other_kind, is_used, sightings from identity.links order by all"
    ).fetchall()
    assert links == [
        ("customer_ref", "email", True, 1),
        ("customer_ref", "email", True, 1),
        ("loyalty_id", "phone", False, 1),
        ("loyalty_id", "phone", False, 1),
    ]


def test_a_person_can_be_parted(people):
    rows = (f"C1 {A}", f"C2 {A}", f"C3 {A} {P1}", f"C1 {P1}")
    assert len(people.resolve(*rows)) == 1
    assert people.resolve(*rows, overrides="part,customer_ref,C1,customer_ref,C2\n") == [f"{P1} C1 C3", "C2"]
    assert people.nobody == [A]
    assert people.resolve(f"L1 C1 {A}", overrides=f"part,loyalty_id,L1,email,{A}\n") == ["C1 L1", A]


def test_people_can_be_joined(people):
    joined = people.resolve(
        "C1", "L1", f"L2 {A}", overrides=f"join,customer_ref,C1,loyalty_id,L1\njoin,customer_ref,C1,email,{A}\n"
    )
    assert joined == [f"C1 L1 L2 {A}"]


def test_published_ids_can_be_named(people):
    people.resolve("C1", "L1")
    named = f"join,customer_id,{people.id_of['C1']},customer_id,{people.id_of['L1']}\n"
    assert people.resolve("C1", "L1", overrides=named) == ["C1 L1"]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("merge,customer_ref,C1,email,x@y.org\n", "line 2: the action is 'merge'; it must be join or part"),
        ("join,ref,C1,email,x@y.org\n", "line 2: the kind is 'ref'; it must be one of loyalty_id, customer_ref"),
        ("\njoin,customer_ref,C1\n", "line 3: it needs all of action, kind, value"),
        (
            "join,customer_ref,C1,customer_ref,C2\npart,customer_ref,C1,customer_ref,C2\n",
            "line 3: this part can't be kept",
        ),
    ],
)
def test_an_override_that_can_not_be_followed_is_told_with_its_line(people, lines, problem):
    with pytest.raises(UsageError, match=problem) as refused:
        people.resolve("C1", "C2", overrides=lines)
    assert "x@y.org" not in str(refused.value)


def test_an_override_about_somebody_unseen_is_told_and_not_used(people, capsys):
    assert people.resolve("C1", overrides="join,customer_ref,C1,customer_ref,C9\n") == ["C1"]
    assert "line 2: names somebody who was never seen" in capsys.readouterr().err


def test_nobody_at_all(people):
    assert people.resolve() == []
