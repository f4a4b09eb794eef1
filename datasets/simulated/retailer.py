"""The whole retailer, and one day of its life. The same day is lived in a first load and when a night is answered."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from datasets.simulated import leaving, loyalty, offers
from datasets.simulated.baskets import fill_baskets, remember_purchases, step_up
from datasets.simulated.carrying import NONE, carry_to_orders, find_card
from datasets.simulated.catalogue import Catalogue, make_catalogue
from datasets.simulated.checkout import pay, remember_payments
from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.ledger import Ledger
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import LONGEST_QUESTION_DAYS, People, join, make_people
from datasets.simulated.service import Service
from datasets.simulated.shelf import Shelf, change_prices, fill_shelf, order_goods, receive_goods
from datasets.simulated.timing import STORE, Visits, find_visits

# newcomers are made so many days before they first buy, so that they can ask before
_AHEAD = LONGEST_QUESTION_DAYS + 2
_STORES = 12


@dataclass
class Retailer:
    """People, shelf and rows not landed yet.

    `day` is the next day to live, `days` how many the simulation was made for, `arrivals` the mean of newcomers a day.
    `counters` number what is made. `offered` lists (offer, product) of published offers, in order of offer, and
    `published_ids` their ids, by their number less offers.PUBLISHED. `baskets` counts completed baskets: all of them,
    then those with the antecedents of each planted association. `totals` sums, in pence, the lines of the days lived
    in this process.
    """

    draws: Draws
    behaviour: Behaviour
    first_day: date
    customers: int
    days: int
    arrivals: float
    catalogue: Catalogue
    people: People
    identities: Identities
    shelf: Shelf
    day: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    offered: np.ndarray = field(default_factory=lambda: np.empty((2, 0), dtype=np.int64))
    published_ids: list[str] = field(default_factory=list)
    baskets: np.ndarray = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    totals: dict[str, int] = field(default_factory=lambda: {"lines": 0, "gross": 0, "discount": 0})

    def date_of(self, day: int) -> date:
        """The date of a day."""
        return self.first_day + timedelta(days=int(day))


def open_retailer(seed: int, first_day: date, customers: int, days: int, behaviour: Behaviour) -> Retailer:
    """A retailer on the morning of its first day, with so many people to come within so many days."""
    draws = Draws(seed)
    catalogue = make_catalogue(draws, behaviour, customers)
    person = np.arange(customers)
    established = draws.uniform("established", person) < behaviour.established_share
    born = np.where(established, -1, draws.whole("born", days, person))
    people, identities = make_people(draws, behaviour, catalogue, person, born)
    visits_a_day = float(people.rate[born < 0].sum()) + 0.1
    retailer = Retailer(
        draws=draws,
        behaviour=behaviour,
        first_day=first_day,
        customers=customers,
        days=days,
        arrivals=customers * (1 - behaviour.established_share) / days,
        catalogue=catalogue,
        people=people,
        identities=identities,
        shelf=fill_shelf(draws, behaviour, catalogue, visits_a_day),
        counters=dict.fromkeys(("order", "contact", "return", "entry", "offer", "redemption"), 0),
    )
    retailer.baskets = np.zeros(1 + len(catalogue.associations), dtype=np.int64)
    for later in range(days, days + _AHEAD):
        _bring_newcomers(retailer, later)
    return retailer


def live_day(retailer: Retailer, sending: offers.Sending | None = None) -> int:
    """Live one day, with the offers sent in its morning. Returns how many of them could not be addressed."""
    r, day = retailer, retailer.day
    service = Service(r.draws, r.behaviour, r.catalogue, r.people, r.identities)
    _open_shop(r, service, day)
    unaddressed = 0
    campaign = offers.plan_campaign(r.draws, r.behaviour, r.catalogue, r.people, r.identities, r.counters, day)
    for sent in (campaign, sending):
        if sent is not None:
            unaddressed += offers.send(r.draws, r.behaviour, r.people, r.identities, r.ledger, sent, day)
    visits = find_visits(r.draws, r.behaviour, r.people, r.identities, day, r.date_of(day), r.counters["order"])
    if len(visits.who):
        _serve(r, service, visits, day)
    order_goods(r.draws, r.behaviour, r.catalogue, r.shelf, day)
    _count_stock(r, day)
    if day >= r.days:
        _bring_newcomers(r, day + _AHEAD)
    r.day += 1
    return unaddressed


def _open_shop(r: Retailer, service: Service, day: int) -> None:
    leaving.end_natural_lives(r.people, day)
    leaving.change_habits(r.draws, r.behaviour, r.people, r.identities, day)
    receive_goods(r.shelf, day)
    changed, old = change_prices(r.draws, r.behaviour, r.catalogue, r.shelf, day, r.date_of(day).weekday())
    r.ledger.add("price_changes", day=np.full(len(changed), day), product=changed, old=old, new=r.shelf.price[changed])
    loyalty.enrol(r.draws, r.behaviour, r.people, r.identities, r.ledger, day)
    loyalty.expire_points(r.behaviour, r.people, r.identities, r.ledger, r.counters, day)
    service.answer_newcomers(r.ledger, r.counters, day)


def _serve(r: Retailer, service: Service, visits: Visits, day: int) -> None:
    used = offers.use_offers(r.draws, r.behaviour, r.people, visits, day)
    extra = _find_offered(r, visits, used)
    baskets = fill_baskets(r.draws, r.behaviour, r.catalogue, r.shelf, r.people, visits, day, extra)
    lines = baskets.lines
    # whoever got nothing at all made no order
    holds = np.zeros(len(visits.who), dtype=bool)
    holds[lines.visit] = True
    place = np.cumsum(holds) - 1
    lines.visit = place[lines.visit]
    stayed = holds[baskets.missed_by]
    missed_by, missed = place[baskets.missed_by[stayed]], baskets.missed[stayed]
    r.counters["order"] += len(visits.who)
    visits, used = visits.keep(holds), used[holds]
    if not len(visits.who):
        return
    carried = carry_to_orders(r.draws, r.behaviour, r.identities, visits, day)
    percent = np.where(used >= 0, r.people.offer_percent[visits.who], 0.0)
    amount = np.where(used >= 0, r.people.offer_amount[visits.who], 0)
    has_card = carried.card != NONE
    paid = pay(r.draws, r.behaviour, r.catalogue, r.shelf, r.people, visits, lines, has_card, percent, amount)
    is_online = visits.channel != STORE
    cancelled = is_online & (r.draws.uniform("cancelled", visits.order) < r.behaviour.cancelled_share)
    paid.reward[cancelled] = 0
    net = np.where(cancelled, 0, paid.net)
    _write_orders(r, visits, lines, carried, paid, used, cancelled, day)
    _feel_day(r, visits, lines, missed_by, used, day)
    r.ledger.add("missed", day=np.full(len(missed), day), who=visits.who[missed_by],
                 order=visits.order[missed_by], product=missed)  # fmt: skip
    kept = ~cancelled[lines.visit]
    bought, of_bought = lines.keep(kept), paid.of_lines(lines)[kept]
    _count_baskets(r, bought, len(visits.who) - int(cancelled.sum()))
    remember_purchases(r.people, visits, bought, r.catalogue, day)
    remember_payments(r.people, visits, net, day)
    loyalty.give_points(r.behaviour, r.people, r.ledger, r.counters, visits, carried.card, net, paid.reward, day)
    service.take_returns(r.ledger, r.counters, visits, bought, of_bought, carried.account)
    service.follow_orders(r.ledger, r.counters, visits, lines)
    np.add.at(r.people.orders, visits.who, 1)
    r.people.last_order[visits.who] = day
    online = carried.account != NONE
    r.people.account_seen[visits.who[online]] = carried.account[online]


def _feel_day(r: Retailer, visits: Visits, lines, missed_by, used, day: int) -> None:
    """What the day does to people: rungs climbed, offers used, and reasons to leave."""
    chance = r.behaviour.step_up_share * r.people.willingness[visits.who[lines.visit]]
    upsold = (used >= 0) & (r.people.offer_program[visits.who] == offers.UP_SELL)
    is_it = upsold[lines.visit] & (
        r.catalogue.next_rung[lines.product] == r.people.offer_product[visits.who[lines.visit]]
    )
    chance = np.where(is_it, r.people.willingness[visits.who[lines.visit]], chance)
    offers.close_offers(r.people, visits.who, used)
    leaving.count_down(r.people, visits.who, day)
    leaving.feel_stock_outs(r.draws, r.behaviour, r.people, visits.who[missed_by], day)
    who, slot = visits.who[lines.visit], lines.slot
    is_shock = (slot >= 0) & (
        r.shelf.rise_day[lines.product] > np.maximum(r.people.bought[who, slot], day - r.behaviour.shock_days)
    )
    leaving.feel_prices(r.draws, r.behaviour, r.people, who[is_shock], day)
    stepping = step_up(r.draws, r.catalogue, r.people, visits, lines, chance)
    r.ledger.add("step_ups", day=np.full(len(stepping), day), who=who[stepping], product=lines.product[stepping],
                 next=r.catalogue.next_rung[lines.product[stepping]], offered=is_it[stepping])  # fmt: skip


def _write_orders(r: Retailer, visits, lines, carried, paid, used, cancelled, day: int) -> None:
    store = r.draws.whole("store", _STORES, visits.who)
    r.ledger.add("orders", day=np.full(len(visits.who), day), number=visits.order, second=visits.second, who=visits.who,
                 channel=visits.channel, store=np.where(visits.channel == STORE, store, -1), cancelled=cancelled,
                 net=paid.net, offer=used, **carried.columns())  # fmt: skip
    first = np.searchsorted(lines.visit, lines.visit)
    r.ledger.add("order_lines", day=np.full(len(first), day), order=visits.order[lines.visit],
                 line=(np.arange(len(first)) - first + 1).astype(np.int32), product=lines.product.astype(np.int32),
                 quantity=lines.quantity.astype(np.int32), price=paid.price, discount=paid.discount,
                 coupon=paid.coupon, offer=used[lines.visit])  # fmt: skip
    r.totals["lines"] += len(first)
    r.totals["gross"] += int((paid.price * lines.quantity).sum())
    r.totals["discount"] += int(paid.discount.sum())
    redeemed = np.flatnonzero(used >= 0)
    number = r.counters["redemption"] + np.arange(len(redeemed))
    r.counters["redemption"] += len(redeemed)
    who = visits.who[redeemed]
    card, account = carried.card[redeemed], carried.account[redeemed]
    # whoever shows neither names what the offer was sent to
    is_bare = (card == NONE) & (account == NONE)
    card = np.where(is_bare, find_card(r.identities, who, day), card)
    account = np.where(is_bare & (card == NONE), r.people.account_seen[who], account)
    r.ledger.add("redemptions", day=np.full(len(redeemed), day), number=number, second=visits.second[redeemed],
                 offer=used[redeemed], order=visits.order[redeemed], who=who, card=card,
                 account=account)  # fmt: skip


def _count_baskets(r: Retailer, bought, completed: int) -> None:
    r.baskets[0] += completed
    for number, planted in enumerate(r.catalogue.associations, 1):
        with_all = [bought.visit[bought.product == antecedent] for antecedent in planted.antecedents]
        r.baskets[number] += len(np.intersect1d(*with_all) if len(with_all) > 1 else with_all[0])


def _find_offered(r: Retailer, visits: Visits, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products that the offers used put into baskets."""
    using = np.flatnonzero(used >= 0)
    product = r.people.offer_product[visits.who[using]].astype(np.int64)
    low, high = (np.searchsorted(r.offered[0], used[using], side) for side in ("left", "right"))
    further = high - low
    start = np.repeat(low - (np.cumsum(further) - further), further)
    visit = np.concatenate([using, np.repeat(using, further)])
    product = np.concatenate([product, r.offered[1][start + np.arange(further.sum())]])
    takes = r.draws.uniform("offered taken", visits.order[visit], product) < r.behaviour.offered_taken_share
    takes &= product >= 0
    return visit[takes], product[takes]


def _count_stock(r: Retailer, day: int) -> None:
    product = np.arange(r.catalogue.size - 1)
    on_order = r.shelf.arriving.sum(axis=0)[:-1]
    r.ledger.add("stock", day=np.full(len(product), day, dtype=np.int32), product=product.astype(np.int32),
                 on_hand=r.shelf.on_hand[:-1].astype(np.int32), on_order=on_order.astype(np.int32),
                 lead=r.shelf.lead_days[:-1].astype(np.int32))  # fmt: skip


def _bring_newcomers(r: Retailer, day: int) -> None:
    """People who will first buy on this day."""
    number = int(r.arrivals + r.draws.uniform("newcomers", day)[0])
    if number:
        person = len(r.people) + np.arange(number)
        people, identities = make_people(r.draws, r.behaviour, r.catalogue, person, np.full(number, day))
        r.people, r.identities = join(r.people, people), join(r.identities, identities)
