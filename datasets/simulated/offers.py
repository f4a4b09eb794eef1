"""Offers and what they do: earlier campaigns of the shop, and the offers that a night has published."""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.carrying import NONE, find_card
from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.ledger import Ledger
from datasets.simulated.loyalty import may_email
from datasets.simulated.names import PROGRAMS, RESPONSES
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import People, spend_of_year
from datasets.simulated.timing import Visits

VIP_PULL, DEFENCE, WIN_BACK, UP_SELL, CROSS_SELL = range(len(PROGRAMS))
NEVER_MOVED, PERSUADABLE, WOULD_HAVE, PUT_OFF = range(len(RESPONSES))
EMAIL = 0
OFFER_CHANNELS = ("email", "sms", "post", "push", "phone")
# numbers of published offers start here, so that they never meet those of campaigns
PUBLISHED = 10**12
_DAY = 86_400


@dataclass
class Sending:
    """Offers sent or held back today, one element each; amounts are pence, percent 0–100."""

    offer: np.ndarray
    who: np.ndarray
    program: np.ndarray
    product: np.ndarray
    percent: np.ndarray
    amount: np.ndarray
    incentive: np.ndarray
    cost: np.ndarray
    last_day: np.ndarray
    channel: np.ndarray
    is_control: np.ndarray


def plan_campaign(
    draws: Draws, behaviour: Behaviour, catalogue: Catalogue, people: People, identities: Identities,
    counters: dict, day: int,
) -> Sending | None:  # fmt: skip
    """The shop's own campaigns: every few weeks one program, to members whose consent holds, a control arm apart."""
    since = day - behaviour.campaign_first_day
    if since < 0 or since % behaviour.campaign_every_days:
        return None
    turn = since // behaviour.campaign_every_days
    program = turn % len(PROGRAMS)
    reachable = may_email(draws, behaviour, identities, day) & (people.orders > 0)
    everybody = np.arange(len(people))
    astray = draws.uniform("astray", everybody, day) < behaviour.campaign_astray_share
    target = reachable & (is_meant_for(behaviour, people, day)[:, program] | astray)
    who = np.flatnonzero(target & (draws.uniform("reached", everybody, day) < behaviour.campaign_reach))
    offer = counters["offer"] + np.arange(len(who))
    counters["offer"] += len(who)
    favourite = people.favourite[who, 0].astype(np.int64)
    rung = catalogue.next_rung[favourite]
    product = np.where((program == UP_SELL) & (rung >= 0), rung, favourite)
    usual = people.spend[who].sum(axis=1) / np.maximum(people.orders[who], 1)
    cost = np.round(usual * behaviour.campaign_percent / 100)
    return Sending(
        offer=offer,
        who=who,
        program=np.full(len(who), program),
        product=product,
        percent=np.full(len(who), behaviour.campaign_percent),
        amount=np.zeros(len(who), dtype=np.int64),
        incentive=np.full(len(who), round(behaviour.campaign_percent * 100)),
        cost=cost.astype(np.int64),
        last_day=np.full(len(who), day + behaviour.offer_days - 1),
        channel=np.full(len(who), EMAIL),
        is_control=draws.uniform("control", who, day) < behaviour.campaign_control_share,
    )


def is_meant_for(behaviour: Behaviour, people: People, day: int) -> np.ndarray:
    """A column a program: True for people in the state the program is meant for."""
    waited = day - people.last_order
    gap = 1 / people.rate
    spent = spend_of_year(people, day)
    buyers = spent[people.orders > 0]
    near, top = np.quantile(buyers, behaviour.near_vip_places) if len(buyers) else (0, 0)
    meant = np.zeros((len(people), len(PROGRAMS)), dtype=bool)
    meant[:, VIP_PULL] = (spent >= near) & (spent < top)
    early, late = behaviour.lapsing_gaps
    meant[:, DEFENCE] = ((waited > early * gap) | (people.purchases_left > 0)) & (waited < late * gap)
    meant[:, WIN_BACK] = waited >= behaviour.gone_days
    meant[:, UP_SELL] = meant[:, CROSS_SELL] = waited < behaviour.buying_gaps * gap
    return meant


def send(
    draws: Draws,
    behaviour: Behaviour,
    people: People,
    identities: Identities,
    ledger: Ledger,
    sending: Sending,
    day: int,
) -> int:
    """Land the exposures, and let those really sent work. Returns how many could not be addressed at all."""
    card = find_card(identities, sending.who, day)
    by_account = draws.uniform("sent to account", sending.who) < behaviour.sent_to_account_share
    account = np.where((card == NONE) | by_account, people.account_seen[sending.who], NONE)
    card = np.where(account == NONE, card, NONE)
    known = (card != NONE) | (account != NONE)
    who, program = sending.who, sending.program
    effect = find_effects(behaviour, people, day)[who, program]
    sent = np.flatnonzero(known & ~sending.is_control)
    _let_work(draws, behaviour, people, sending, effect, sent)
    second = np.full(len(who), day * _DAY + 9 * 3600)
    ledger.add("exposures", number=sending.offer[known], day=np.full(known.sum(), day), second=second[known],
               who=who[known], card=card[known], account=account[known], channel=sending.channel[known],
               program=program[known], product=sending.product[known], incentive=sending.incentive[known],
               cost=sending.cost[known], expires=(sending.last_day[known] + 1) * _DAY,
               is_control=sending.is_control[known], effect=effect[known])  # fmt: skip
    return int(np.sum(~known))


def find_effects(behaviour: Behaviour, people: People, day: int) -> np.ndarray:
    """The probability of one more order within the offer's days that each program would add, for each person now.

    Below 0 for people who are put off; 0 for those never moved, who would have bought anyway, or who are gone.
    """
    elsewhere = np.where(is_meant_for(behaviour, people, day), 1.0, behaviour.response_elsewhere)
    moved = np.where((people.response == PERSUADABLE)[:, None], people.effect * elsewhere, 0.0)
    lost = 1 - np.exp(-people.rate * behaviour.offer_days * (1 - behaviour.put_off))
    effects = np.where((people.response == PUT_OFF)[:, None], -lost[:, None], moved)
    return np.where((people.alive & ~people.is_prospect)[:, None], effects, 0.0)


def use_offers(draws: Draws, behaviour: Behaviour, people: People, visits: Visits, day: int) -> np.ndarray:
    """The offer each visit uses, -1 for none; one order uses an offer, and whatever it does it has done by then."""
    who = visits.who
    active = (people.offer[who] >= 0) & (people.offer_until[who] >= day)
    shares = np.array(behaviour.redeemed_shares)[people.response[who]]
    uses = active & (draws.uniform("redeems", visits.order) < shares)
    first = np.zeros(len(who), dtype=bool)
    first[np.unique(who, return_index=True)[1]] = True
    return np.where(uses & first, people.offer[who], -1)


def close_offers(people: People, who: np.ndarray, offer: np.ndarray) -> None:
    """After an order in its days an offer pulls no more; a used one is gone."""
    people.offer_hazard[who] = 0
    used = who[offer >= 0]
    people.offer[used] = -1
    people.offer_until[used] = -1


def _let_work(draws, behaviour, people, sending, effect, sent) -> None:
    who = sending.who[sent]
    people.offer[who] = sending.offer[sent]
    people.offer_until[who] = sending.last_day[sent]
    people.offer_percent[who] = sending.percent[sent]
    people.offer_amount[who] = sending.amount[sent]
    people.offer_program[who] = sending.program[sent]
    people.offer_product[who] = sending.product[sent]
    # spread over the offer's days, so that the chance of an order caused by it adds up to the effect
    up = -np.log1p(-np.clip(effect[sent], 0, 0.95)) / behaviour.offer_days
    people.offer_hazard[who] = np.where(effect[sent] < 0, -1.0, up)
    defended = (sending.program[sent] == DEFENCE) & (effect[sent] > 0) & (people.purchases_left[who] > 0)
    kept = defended & (draws.uniform("rescued", who, sending.offer[sent]) < behaviour.rescued_share)
    rescued = who[kept]
    people.purchases_left[rescued] = -1
    people.cause[rescued] = -1
