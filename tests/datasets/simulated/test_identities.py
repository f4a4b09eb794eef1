"""Who shows which identifiers, as landed and as the truth has it."""

import numpy as np
import pyarrow.compute as pc
import pytest

from datasets.simulated import identities as ids
from pipeline.identity.normalise import give_phone_region, normalise_sql

CARRIERS = {
    "customer_ref": ("orders", "contacts", "members", "returns", "exposures", "redemptions"),
    "loyalty_id": ("orders", "contacts", "members", "consents", "points", "exposures", "redemptions"),
    "email": ("orders", "contacts", "members"),
    "phone": ("orders", "contacts", "members"),
}


@pytest.mark.parametrize("kind", CARRIERS)
def test_the_truth_lists_exactly_what_was_landed(simulation, kind):
    give_phone_region(simulation.connection, "GB")
    landed = " union ".join(f"select {normalise_sql(kind, kind)} as value from {table}" for table in CARRIERS[kind])
    landed = f"select value from ({landed}) where value is not null"
    nobodys = "select value from truth_nobodys_identifiers"
    truth = f"select value from truth_identifiers where kind = '{kind}'"
    assert simulation.ask(f"({landed}) except (({truth}) union ({nobodys}))") == []
    assert simulation.ask(f"({truth}) except ({landed})") == []
    assert simulation.ask_one(f"select count(*) from ({truth})") > 500


def test_an_order_shows_identifiers_of_its_own_person(simulation):
    for kind in ("customer_ref", "loyalty_id"):
        of_its_own = f"select i.value from truth_identifiers as i where i.kind = '{kind}' and i.person_id = t.person_id"
        shown = f"from orders join truth_orders as t using (order_id) where {kind} is not null"
        assert simulation.ask_one(f"select count(*) {shown}") > 1000
        assert simulation.ask_one(f"select count(*) {shown} and {kind} not in ({of_its_own})") == 0


def test_shares_are_near_those_asked_for(simulation):
    refs, cards, emails, phones, two_refs, people = simulation.ask("""
        select avg((refs > 0)::int), avg((cards > 0)::int), avg((emails > 0)::int), avg((phones > 0)::int),
            avg((refs > 1)::int), count(*)
        from (select person_id, count(*) filter (kind = 'customer_ref') as refs,
            count(*) filter (kind = 'loyalty_id') as cards, count(*) filter (kind = 'email') as emails,
            count(*) filter (kind = 'phone') as phones
            from truth_people left join truth_identifiers using (person_id) where orders >= 5 group by person_id)
    """)[0]
    assert people > 1000
    assert 0.40 < refs < 0.65
    # 55 % of all people, and more of those who buy often
    assert 0.55 < cards < 0.68
    assert 0.65 < emails < 0.85
    assert 0.50 < phones < 0.75
    assert 0.08 < two_refs < 0.20


def test_some_phones_and_e_mails_are_shared_and_some_are_nobodys(simulation):
    shared = dict(simulation.ask("select kind, avg(is_shared::int) from truth_identifiers group by kind"))
    assert shared["customer_ref"] == shared["loyalty_id"] == 0
    assert 0.01 < shared["phone"] < 0.12
    assert 0.002 < shared["email"] < 0.05
    assert simulation.ask_one("select count(*) from orders where email like 'till%@shop.example'") > 5
    assert simulation.ask_one("select count(*) from orders where phone similar to '[0 -]+'") > 5


def test_e_mails_and_phones_belong_to_nobody_real(simulation):
    domains = simulation.ask("select distinct split_part(value, '@', 2) from truth_identifiers where kind = 'email'")
    assert {domain for (domain,) in domains} == {"example.com", "example.org", "example.net"}
    other = "select count(*) from truth_identifiers where kind = 'phone' and value not similar to '[+]4470[0-9]{8}'"
    assert simulation.ask_one(other) == 0


def test_identifiers_of_many_people_never_collide():
    people = 1_000_000 + np.arange(200_000)
    zero = np.zeros(len(people), dtype=np.int64)
    for values in (ids.write_accounts(people, zero), ids.write_cards(people, zero), ids.write_emails(people, zero)):
        assert pc.count_distinct(values).as_py() == len(people)
    assert len(np.unique(ids.find_phone_numbers(people))) == len(people)


def test_slips_swap_neighbours():
    assert ids.swap_digits(np.array([7001234567]), np.array([2])).tolist() == [7001235467]
    texts = ids.write_emails(np.array([5, 6]), np.array([0, 0]))
    swapped = ids.swap_letters(texts, np.array([2, 0])).to_pylist()
    original = texts.to_pylist()
    assert swapped[0] == original[0][:2] + original[0][3] + original[0][2] + original[0][4:]
    assert swapped[1] == original[1]
