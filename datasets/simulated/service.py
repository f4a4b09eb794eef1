"""Support contacts and returns: what an order brings with it in the days after, and questions before a purchase."""

import numpy as np

from datasets.simulated.baskets import Lines
from datasets.simulated.carrying import BY_CHAT, NONE, carry_to_support
from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.leaving import drive_away
from datasets.simulated.ledger import Ledger
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import People, choose_products
from datasets.simulated.timing import PHONE, STORE, Visits

KINDS = ("product_question", "order_status", "complaint", "return_request", "loyalty", "other")
QUESTION, ORDER_STATUS, COMPLAINT, RETURN_REQUEST, LOYALTY, OTHER = range(len(KINDS))
TOPICS = ("before buying", "where is my order", "something went wrong", "giving back", "points and card", "general")
UNWANTED, FAULTY = range(2)
REASONS = ("unwanted", "faulty")
_DAY = 86_400


class Service:
    """The support desk and the returns counter. Numbers its contacts and returns from the counters it is given."""

    def __init__(
        self, draws: Draws, behaviour: Behaviour, catalogue: Catalogue, people: People, identities: Identities
    ):
        self.draws, self.behaviour, self.catalogue = draws, behaviour, catalogue
        self.people, self.identities = people, identities

    def answer_newcomers(self, ledger: Ledger, counters: dict, day: int) -> None:
        """People who have never bought ask about a product, which is what they buy first."""
        who = np.flatnonzero((self.people.ask_day == day) & ((self.identities.emails > 0) | self.identities.has_phone))
        main = self.people.liked[who, 0].astype(np.int64)
        chance = self.draws.uniform("newcomer product", who)
        product = choose_products(self.catalogue.popularity, self.catalogue.category, chance, main)
        self.people.asked[who] = product
        opened = day * _DAY + 8 * 3600 + self.draws.whole("newcomer asked", 12 * 3600, who)
        self._open(ledger, counters, who, QUESTION, opened, product=product, written=True)

    def follow_orders(self, ledger: Ledger, counters: dict, visits: Visits, lines: Lines) -> None:
        """Contacts that an order leads to within days: complaints, its status, questions for the next time."""
        behaviour, draws = self.behaviour, self.draws
        trouble = np.where(self.people.is_price_only[visits.who], behaviour.price_only_trouble, 1.0)
        is_online = (visits.channel != STORE) & (visits.channel != PHONE)
        first = np.searchsorted(lines.visit, np.arange(len(visits.who)))
        for kind, share in (
            (COMPLAINT, behaviour.complaint_share * trouble),
            (ORDER_STATUS, np.where(is_online, behaviour.order_status_share * trouble, 0)),
            (QUESTION, np.full(len(trouble), behaviour.question_share)),
            (LOYALTY, np.full(len(trouble), behaviour.other_contact_share)),
            (OTHER, np.full(len(trouble), behaviour.other_contact_share)),
        ):
            found = np.flatnonzero(draws.uniform(f"leads to {KINDS[kind]}", visits.order) < share)
            who, order = visits.who[found], visits.order[found]
            opened = visits.second[found] + 3600 + draws.whole(f"{KINDS[kind]} opened", 3 * _DAY, order)
            product = lines.product[first[found]]
            if kind == QUESTION:
                product = self.catalogue.next_rung[product]
                product = np.where(product >= 0, product, lines.product[first[found]])
                self.people.asked[who] = np.where(product == self.catalogue.postage, -1, product)
            if kind in (LOYALTY, OTHER):
                order, product = np.full(len(who), -1), np.full(len(who), -1)
            self._open(ledger, counters, who, kind, opened, product=product, order=order, written=kind == QUESTION)

    def take_returns(
        self, ledger: Ledger, counters: dict, visits: Visits, lines: Lines, paid: np.ndarray, account: np.ndarray
    ) -> None:
        """Some lines come back days later, some of them faulty.

        `paid` is pence for each line, `account` the account each order showed.
        """
        behaviour, draws = self.behaviour, self.draws
        order, who = visits.order[lines.visit], visits.who[lines.visit]
        trouble = np.where(self.people.is_price_only[who], behaviour.price_only_trouble, 1.0)
        chance = draws.uniform("returned", order, lines.product)
        faulty = self.catalogue.faulty[lines.product]
        comes = (chance < faulty + behaviour.unwanted_share * trouble) & (lines.product != self.catalogue.postage)
        back = np.flatnonzero(comes)
        who, order, product = who[back], order[back], lines.product[back]
        reason = np.where(chance[back] < faulty[back], FAULTY, UNWANTED)
        second = visits.second[lines.visit[back]] + _DAY + draws.whole("returned at", 13 * _DAY, order, product)
        units = np.where(draws.uniform("all back", order, product) < behaviour.all_units_share, lines.quantity[back], 1)
        refund = np.round(paid[back] * units / lines.quantity[back]).astype(np.int64)
        has_receipt = draws.uniform("receipt", order, product) >= behaviour.no_receipt_share
        line = back - np.searchsorted(lines.visit, lines.visit[back]) + 1
        shows = draws.uniform("return account", order, product) < behaviour.return_account_share
        number = counters["return"] + np.arange(len(back))
        counters["return"] += len(back)
        ledger.add(
            "returns", number=number, day=second // _DAY, second=second, who=who, product=product, quantity=units,
            refund=refund, order=np.where(has_receipt, order, -1), line=line, reason=reason,
            account=np.where(shows, account[lines.visit[back]], NONE),
        )  # fmt: skip
        bad = reason == FAULTY
        leaves = bad & (draws.uniform("fault leaves", order, product) < behaviour.product_leaves)
        drive_away(behaviour, self.people, who[leaves], "product", second[leaves] // _DAY)
        told = draws.uniform("announced", order, product) < behaviour.announced_share
        self._open(
            ledger, counters, who[told], RETURN_REQUEST, second[told] - 3600, product=product[told],
            order=np.where(has_receipt, order, -1)[told],
        )  # fmt: skip

    def _open(self, ledger, counters, who, kind, opened, product=-1, order=-1, written=False) -> None:
        """Open contacts of one kind; those who can't be told by anything don't come."""
        behaviour, draws = self.behaviour, self.draws
        number = counters["contact"] + np.arange(len(who))
        counters["contact"] += len(who)
        channel, carried = carry_to_support(draws, behaviour, self.identities, who, number, opened // _DAY, written)
        hours, quality, silence, rating = (
            draws.uniform(f"contact {name}", number) for name in ("hours", "quality", "silence", "rating")
        )
        is_bad = (kind == COMPLAINT) & (quality < behaviour.bad_service_share)
        is_open = np.where(is_bad, silence < behaviour.unresolved_share, silence < behaviour.forgotten_share)
        wait = np.where(channel == BY_CHAT, behaviour.chat_hours, behaviour.contact_hours) * -np.log(hours)
        wait *= np.where(is_bad, behaviour.bad_hours, 1.0)
        resolved = np.where(is_open, -1, opened + 300 + np.minimum(wait * 3600, 9 * _DAY).astype(np.int64))
        rated = ~is_open & ((rating < behaviour.rated_share) | is_bad)
        other = 2 + np.searchsorted(behaviour.other_stars, rating / behaviour.rated_share)
        stars = np.where(is_bad, 1 + (rating > behaviour.worst_share), other)
        minutes = behaviour.handling_minutes * np.exp(behaviour.handling_spread * draws.normal("minutes", number))
        rows = dict(
            number=number, day=opened // _DAY, opened=opened, resolved=resolved, who=who, channel=channel,
            kind=np.full(len(who), kind), product=np.broadcast_to(product, who.shape),
            order=np.broadcast_to(order, who.shape), csat=np.where(rated, stars, 0),
            minutes=np.round(minutes * np.where(is_bad, 2, 1), 1), is_bad=is_bad, **carried.columns(),
        )  # fmt: skip
        known = np.any([column != NONE for column in carried.columns().values()], axis=0)
        ledger.add("contacts", **{name: column[known] for name, column in rows.items()})
        angry = known & is_bad & (draws.uniform("service leaves", number) < behaviour.service_leaves)
        drive_away(behaviour, self.people, who[angry], "service", opened[angry] // _DAY)
        ledger.add("service_events", number=number[known], day=opened[known] // _DAY, who=who[known],
                   kind=rows["kind"][known], is_bad=is_bad[known])  # fmt: skip
