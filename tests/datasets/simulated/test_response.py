"""Offers move those the truth says they move, by as much; a night's offers can be answered day after day."""

import shutil
from datetime import date

import duckdb
import numpy as np
import pytest

from datasets.simulated import respond, simulate
from datasets.simulated.offers import PERSUADABLE, PUBLISHED, VIP_PULL, Sending, find_effects
from datasets.simulated.parameters import Behaviour
from datasets.simulated.retailer import live_day, open_retailer
from pipeline.errors import UsageError
from pipeline.landing import load_drops
from tests.datasets.simulated.simulation import make_settings, open_simulation

BEFORE, WITHIN = 120, 14


def live_with_offers(is_control):
    """How many orders each person made within an offer's days, and what the truth says of the offer's effect."""
    retailer = open_retailer(3, date(2024, 1, 1), 3000, BEFORE + WITHIN, Behaviour())
    for _ in range(BEFORE):
        live_day(retailer)
    people = retailer.people
    who = np.flatnonzero(people.alive & (people.orders > 0))
    effect = find_effects(retailer.behaviour, people, BEFORE)[who, VIP_PULL]
    nothing = np.zeros(len(who), dtype=np.int64)
    sending = Sending(
        offer=PUBLISHED + np.arange(len(who)), who=who, program=nothing + VIP_PULL, product=nothing - 1,
        percent=nothing + 10.0, amount=nothing, incentive=nothing + 1000, cost=nothing,
        last_day=nothing + BEFORE + WITHIN - 1, channel=nothing, is_control=np.full(len(who), is_control),
    )  # fmt: skip
    before = people.orders.copy()
    for day in range(WITHIN):
        live_day(retailer, sending if day == 0 else None)
    return people.orders[who] - before[who], effect, people.response[who], retailer.ledger


def test_treatment_raises_purchases_of_movable_people_by_their_true_effect():
    treated, effect, response, ledger = live_with_offers(is_control=False)
    control, *_ = live_with_offers(is_control=True)
    movable, unmoved = effect > 0, (effect == 0) & (response != PERSUADABLE)
    base = (control[movable] > 0).mean()
    expected = ((1 - (control[movable] > 0)) * effect[movable]).mean()
    raised = (treated[movable] > 0).mean() - base
    assert raised > 0.05
    assert abs(raised - expected) < 0.05
    # nobody else orders more often; a basket may differ where an offer was used
    assert (treated[unmoved] > 0).mean() == pytest.approx((control[unmoved] > 0).mean(), abs=0.02)
    assert ledger.count("redemptions") > 50


def publish(simulation, folder, arm="treatment", send_on=None):
    """What a night would publish: offers to the people with most orders, each a customer of their own."""
    (folder / "parquet").mkdir(parents=True)
    send_on = send_on or simulation.result.last_day.fromordinal(simulation.result.last_day.toordinal() + 1)
    tables = {
        "orders": "select order_id, 'c_' || person_id as customer_id from truth_orders",
        "offers": f"""
            select 'o_' || person_id as offer_id, 'c_' || person_id as customer_id,
                date '{simulation.result.last_day}' as as_of_date, 'vip_pull' as program, 'P00001' as product_id,
                'percent_off' as incentive_type, 5.00 as incentive_value, 1.20 as cost, date '{send_on}' as send_on,
                date '{send_on}' + 14 as expires_on, 'email' as channel, '{arm}' as arm
            from truth_people where is_alive order by orders desc, person_id limit 60""",
        "offer_products": "select 'o_' || person_id as offer_id, 1 as position, 'P00004' as product_id "
        "from truth_people",
    }
    for name, query in tables.items():
        simulation.connection.execute(f"copy ({query}) to '{folder}/parquet/{name}.parquet' (format parquet)")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    home = tmp_path_factory.mktemp("small")
    settings = make_settings(home)
    return open_simulation(settings, simulate(settings, settings.landing, home / "truth", 400, 150, seed=9))


@pytest.fixture
def copied(small, tmp_path):
    """The small simulation, free to go on."""
    for name in ("landing", "truth"):
        shutil.copytree(small.settings.home / name, tmp_path / name)
    return make_settings(tmp_path)


def ask(settings, query):
    query = query.replace("$landing", f"{settings.landing}").replace("$truth", f"{settings.home}/truth")
    return duckdb.sql(query).fetchall()


def test_the_next_day_lands_with_every_offer_recorded_by_its_arm(small, copied, tmp_path):
    result = respond(copied, publish(small, tmp_path / "published", arm="control"), copied.landing, tmp_path / "truth")
    assert str(result.last_day) == "2024-05-30"
    assert "60 offers were published; 60 of them are sent today." in result.text
    rows = ask(copied, "select arm, count(*), min(sent_at)::date, count(distinct coalesce(loyalty_id, customer_ref)) "
                       "from '$landing/loyalty/exposures/2024-05-30/*.parquet' group by arm")  # fmt: skip
    told = (
        int(result.text.split(" offers could not be sent")[0].split()[-1]) if "could not be sent" in result.text else 0
    )
    assert [(arm, count + told, str(day)) for arm, count, day, _ in rows] == [("control", 60, "2024-05-30")]
    assert ask(copied, "select count(*) from '$truth/exposures.parquet' where is_published") == [(60 - told,)]


def test_a_customer_is_the_person_of_its_orders(small, copied, tmp_path):
    respond(copied, publish(small, tmp_path / "published"), copied.landing, tmp_path / "truth")
    wrong = ask(
        copied, "select count(*) from '$truth/exposures.parquet' where is_published and offer_id <> 'o_' || person_id"
    )
    assert wrong == [(0,)]


def test_days_go_on_one_after_another_and_the_same_every_time(small, copied, tmp_path):
    published = publish(small, tmp_path / "published")
    shutil.copytree(tmp_path / "truth", tmp_path / "again")
    for _ in range(3):
        result = respond(copied, published, copied.landing, tmp_path / "truth")
        respond(copied, published, tmp_path / "landing again", tmp_path / "again")
    assert str(result.last_day) == "2024-06-01"
    for drop in result.drops:
        same = tmp_path / "landing again" / drop.path.relative_to(copied.landing)
        assert drop.path.read_bytes() == same.read_bytes()
    # an offer is sent on its day only, and all that has come loads without a quarantined row
    assert ask(copied, "select count(distinct sent_on) from '$truth/exposures.parquet' where is_published") == [(1,)]
    summary = load_drops(copied, result.last_day, "a run", lambda line: None)
    assert sum(found.rows_quarantined + found.rows_waiting for found in summary.files) == 0
    assert ask(copied, "select count(*) - count(distinct order_id) from '$truth/orders.parquet'") == [(0,)]


def test_a_call_that_was_cut_before_its_end_lives_the_same_day_again(small, copied, tmp_path):
    published = publish(small, tmp_path / "published")
    state = (tmp_path / "truth" / "state.npz").read_bytes()
    first = respond(copied, published, copied.landing, tmp_path / "truth")
    orders = ask(copied, "from '$truth/orders.parquet' order by all")
    (tmp_path / "truth" / "state.npz").write_bytes(state)
    second = respond(copied, published, copied.landing, tmp_path / "truth")
    assert first.last_day == second.last_day
    assert not any(drop.is_new for drop in second.drops)
    assert ask(copied, "from '$truth/orders.parquet' order by all") == orders


def test_a_night_without_offers_lands_the_next_day(small, copied, tmp_path):
    published = publish(small, tmp_path / "published")
    duckdb.sql(f"copy (from '{published}/parquet/offers.parquet' limit 0) to '{published}/parquet/offers.parquet'")
    result = respond(copied, published, copied.landing, tmp_path / "truth")
    assert result.rows["orders"] > 0
    assert result.rows["exposures"] == 0


def test_a_folder_that_was_not_published_gets_a_sentence(small, copied, tmp_path):
    with pytest.raises(UsageError, match=r"has no offers\.parquet; give the folder published/current"):
        respond(copied, tmp_path / "nothing", copied.landing, tmp_path / "truth")
