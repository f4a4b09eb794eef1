"""The truth is true: what it says can be seen in what was landed."""

import pytest

from datasets.simulated.names import CAUSES
from datasets.simulated.parameters import Behaviour

LAST_ORDERS = "(select person_id, max(ordered_on) as last_on from truth_orders group by person_id)"
# what a person has left behind: cause and the last order, people who left for a cause that is seen only
LEAVERS = f"(select * from truth_people join {LAST_ORDERS} using (person_id) where not is_alive)"


def test_every_order_has_its_person_and_its_money(simulation):
    assert simulation.ask(
        "select count(*), count(t.person_id), count(*) filter (t.ordered_on <> o.ordered_at::date), "
        "count(*) filter (t.is_cancelled <> (o.status = 'cancelled')) "
        "from orders as o full join truth_orders as t using (order_id)"
    ) == [(simulation.result.rows["orders"], simulation.result.rows["orders"], 0, 0)]
    assert simulation.ask_one(
        "select count(*) from truth_orders join (select order_id, sum(quantity * unit_price - discount_amount) as net "
        "from order_lines group by order_id) using (order_id) where net <> net_amount"
    ) == 0  # fmt: skip


def test_planted_lifts_are_found_in_the_baskets(simulation):
    """Within five standard errors of the truth, for the share given the antecedents and for the share overall."""
    rows = simulation.ask("""
        with baskets as (select order_id, product_id from order_lines
            semi join (from orders where status = 'completed') using (order_id)),
        everything as (select count(distinct order_id) as n from baskets),
        together as (
            select a.consequent, count(*) as n, count(c.order_id) as hits
            from truth_associations as a
            join baskets as one on one.product_id = a.antecedent
            left join baskets as two on two.order_id = one.order_id and two.product_id = a.antecedent_2
            left join baskets as c on c.order_id = one.order_id and c.product_id = a.consequent
            where a.antecedent_2 is null or two.order_id is not null group by a.consequent
        )
        select a.confidence, a.confidence / a.lift, a.antecedent_baskets, t.n, t.hits,
            (select count(*) from baskets where product_id = a.consequent), e.n, a.lift
        from truth_associations as a join together as t using (consequent), everything as e
    """)
    behaviour = Behaviour()
    assert len(rows) == behaviour.planted_pairs + behaviour.planted_triples
    for confidence, overall, antecedents, n, hits, consequents, baskets, lift in rows:
        assert antecedents == n
        assert lift > 3
        assert abs(hits / n - confidence) < 5 * (confidence * (1 - confidence) / n) ** 0.5
        assert abs(consequents / baskets - overall) < 5 * (overall * (1 - overall) / baskets) ** 0.5


def test_products_of_other_categories_go_together_no_more_than_chance(simulation):
    """Nothing but what was planted reaches a planted lift across categories."""
    strong, pairs = simulation.ask("""
        with baskets as (select order_id, product_id, category from order_lines join products using (product_id)
            where product_id <> 'POST'),
        single as (select product_id, count(*) as n from baskets group by all),
        pairs as (select a.product_id as a, b.product_id as b, count(*) as n from baskets as a join baskets as b
            using (order_id) where a.product_id < b.product_id and a.category <> b.category group by all),
        planted as (
            select antecedent as a, consequent as b from truth_associations
            union select antecedent_2, consequent from truth_associations where antecedent_2 is not null
        ),
        lifts as (
            select pairs.n * (select count(*) from orders) / (one.n * two.n) as lift from pairs
            join single as one on one.product_id = pairs.a join single as two on two.product_id = pairs.b
            anti join (from planted union all select b, a from planted) as p on p.a = pairs.a and p.b = pairs.b
            where pairs.n >= 30
        )
        select count(*) filter (lift > 3), count(*) from lifts
    """)[0]
    assert pairs > 500
    assert strong <= 0.01 * pairs


def test_people_leave_for_every_cause_and_the_events_come_before_the_last_purchase(simulation):
    rows = simulation.ask(
        f"select cause, count(*), count(*) filter (cause_on > last_on), count(*) filter (leave_on <> last_on + 1) "
        f"from {LEAVERS} where cause <> 'unknown' group by cause"
    )
    assert {cause for cause, *_ in rows} == set(CAUSES) - {"unknown"}
    assert [row for row in rows if row[2] or row[3]] == []
    left, people = simulation.ask("select count(*) filter (not is_alive), count(*) from truth_people")[0]
    assert 0.15 < left / people < 0.45


@pytest.mark.parametrize(
    ("cause", "evidence"),
    [
        ("service", "select person_id, opened_at::date as on_day from contacts join truth_service_events "
                    "using (contact_id) where csat <= 2 or resolved_at is null"),
        ("stock_out", "select person_id, m.\"on\" as on_day from truth_missed_favourites as m join stock as s "
                      "on s.product_id = m.product_id and s.snapshot_on = m.\"on\" and s.on_hand = 0"),
        ("price", "select person_id, ordered_on as on_day from (select person_id, ordered_on, unit_price, "
                  "lag(unit_price) over (partition by person_id, product_id order by order_id) as before "
                  "from order_lines join truth_orders using (order_id)) where unit_price >= before * 1.1"),
        ("product", "select person_id, returned_at::date as on_day from returns join truth_orders using (order_id) "
                    "where reason = 'faulty'"),
    ],
)  # fmt: skip
def test_the_cause_can_be_seen_and_others_have_it_too_but_less(simulation, cause, evidence):
    seen, leavers = simulation.ask(
        f"select count(*) filter (exists (from ({evidence}) as e where e.person_id = p.person_id and "
        f"e.on_day <= p.last_on)), count(*) from {LEAVERS} as p where cause = '{cause}'"
    )[0]
    others, stayers = simulation.ask(
        f"select count(*) filter (person_id in (select person_id from ({evidence}))), count(*) "
        "from truth_people where is_alive and orders > 0"
    )[0]
    # a faulty product can come back without its receipt; somebody may have known the lower price from before the data
    least = {"product": 0.8, "price": 0.5}.get(cause, 1.0)
    assert leavers >= 10
    assert seen >= least * leavers
    assert 0 < others / stayers < 0.75 * seen / leavers


def test_a_category_given_up_is_not_bought_again(simulation):
    assert simulation.ask_one("select count(*) from truth_people where given_up_category is not null") > 20
    again = simulation.ask_one("""
        select count(*) from truth_people as p join truth_orders as t using (person_id)
        join order_lines using (order_id) join products as g using (product_id)
        where p.cause = 'category_exit' and g.category = p.given_up_category and t.ordered_on >= p.cause_on
            and g.product_id not in (select consequent from truth_associations)
    """)
    before = simulation.ask_one("""
        select count(*) from truth_people as p join truth_orders as t using (person_id)
        join order_lines using (order_id) join products as g using (product_id)
        where p.cause = 'category_exit' and g.category = p.given_up_category and t.ordered_on < p.cause_on
    """)
    assert again <= 0.02 * before


def test_nothing_that_is_out_of_stock_is_bought(simulation):
    """On a day that begins and ends without stock, no order holds the product."""
    assert simulation.ask_one("select count(*) from truth_stock_outs") > 50
    bought = simulation.ask_one("""
        select count(*) from order_lines as l join orders as o using (order_id)
        join stock as e on e.product_id = l.product_id and e.snapshot_on = o.ordered_at::date
        join stock as m on m.product_id = l.product_id and m.snapshot_on = o.ordered_at::date - 1
        where m.on_hand = 0 and m.on_order = 0 and e.on_hand = 0 and l.product_id <> 'POST'
    """)
    assert bought == 0
    assert simulation.ask_one("select min(on_hand) from stock") == 0


def test_price_only_people_buy_reduced_and_earn_the_shop_nothing(simulation):
    rows = simulation.ask("""
        select is_price_only, sum(quantity * unit_price - discount_amount - quantity * unit_cost) /
            sum(quantity * unit_price - discount_amount),
            avg((discount_amount > 0)::int)
        from order_lines join products using (product_id) join truth_orders using (order_id)
        join truth_people using (person_id) where product_id <> 'POST' group by 1 order by 1
    """)
    (_, usual, reduced), (_, price_only, mostly_reduced) = rows
    assert usual > 0.25
    assert price_only < 0.15
    assert mostly_reduced > 0.75 > 0.4 > reduced


def test_rates_and_lifetimes_are_those_of_the_truth(simulation):
    """Buyers present all along order as often as their rate says, on the whole."""
    ordered, expected = simulation.ask("""
        select sum(orders), sum(rate_per_day * 330) from truth_people
        where first_on is null and is_alive and not is_leaving and orders > 0
    """)[0]
    assert 0.85 < ordered / expected < 1.15
    assert simulation.ask_one(
        "select count(*) from truth_orders join truth_people using (person_id) where ordered_on >= leave_on"
    ) == 0  # fmt: skip
