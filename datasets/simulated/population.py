"""The people: what each is like, made from their number alone, and what has happened to them so far."""

from dataclasses import dataclass, fields

import numpy as np

from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities, make_identities
from datasets.simulated.names import CATEGORIES, PROGRAMS
from datasets.simulated.parameters import Behaviour

NEVER = np.int32(2**30)
# a newcomer asks at most so many days before the first purchase
LONGEST_QUESTION_DAYS = 10
SPEND_MONTHS = 12
SPEND_MONTH_DAYS = 30


@dataclass
class People:
    """One row a person, who is known by its number. Days count from the first day, which is 0; NEVER: no day.

    The first group is what a person is like and never changes but by a choice of theirs (favourites, channel); the
    second is what has happened. `account_seen` is the account that last ordered (-1: none), `spend` holds pence paid
    in each of the last 13 spans of 30 days, a ring.
    """

    born: np.ndarray
    ask_day: np.ndarray
    is_prospect: np.ndarray
    rate: np.ndarray
    regularity: np.ndarray
    natural_end: np.ndarray
    is_price_only: np.ndarray
    minds_prices: np.ndarray
    spend_level: np.ndarray
    finds: np.ndarray
    willingness: np.ndarray
    liked: np.ndarray
    favourite: np.ndarray
    cycle: np.ndarray
    online_share: np.ndarray
    exit_day: np.ndarray
    move_day: np.ndarray
    response: np.ndarray
    effect: np.ndarray

    alive: np.ndarray
    last_order: np.ndarray
    orders: np.ndarray
    bought: np.ndarray
    durables: np.ndarray
    misses: np.ndarray
    given_up: np.ndarray
    has_moved: np.ndarray
    asked: np.ndarray
    cause: np.ndarray
    cause_day: np.ndarray
    purchases_left: np.ndarray
    left: np.ndarray
    account_seen: np.ndarray
    spend: np.ndarray
    points: np.ndarray
    points_day: np.ndarray
    offer: np.ndarray
    offer_until: np.ndarray
    offer_percent: np.ndarray
    offer_amount: np.ndarray
    offer_hazard: np.ndarray
    offer_program: np.ndarray
    offer_product: np.ndarray

    def __len__(self) -> int:
        return len(self.born)


def make_people(
    draws: Draws, behaviour: Behaviour, catalogue: Catalogue, person: np.ndarray, born: np.ndarray
) -> tuple[People, Identities]:
    """The people with these numbers who first come on these days (below 0: before the first day)."""
    identities = make_identities(draws, behaviour, person, born)
    count = len(person)
    rate = np.clip(
        behaviour.rate_mean * draws.gamma("rate", behaviour.rate_shape, person),
        behaviour.rate_least,
        behaviour.rate_most,
    )
    hazard = behaviour.leave_hazard_mean * draws.waiting("leave hazard", person) / 365
    lifetime = np.minimum(draws.waiting("lifetime", person) / hazard, 1e6)
    is_price_only = draws.uniform("price only", person) < behaviour.price_only_share
    start = np.maximum(born, 0)
    people = People(
        born=born.astype(np.int32),
        ask_day=_choose_question_days(draws, behaviour, person, born),
        is_prospect=draws.uniform("prospect", person) < behaviour.prospect_share,
        rate=rate,
        regularity=behaviour.regularity_most * draws.uniform("regularity", person),
        natural_end=(start + 1 + lifetime).astype(np.int32),
        is_price_only=is_price_only,
        minds_prices=is_price_only | (draws.uniform("minds prices", person) < behaviour.price_minding_share),
        spend_level=np.exp(behaviour.spend_spread * draws.normal("spend", person)),
        finds=np.where(is_price_only, behaviour.price_only_finds, draws.between("finds", behaviour.finds, person)),
        willingness=np.where(is_price_only, behaviour.price_only_willingness, draws.uniform("willingness", person))
        ** 2,
        liked=_choose_categories(draws, behaviour, person),
        favourite=np.empty((count, behaviour.favourites_most), dtype=np.int32),
        cycle=np.empty((count, behaviour.favourites_most), dtype=np.float32),
        online_share=_choose_online_share(draws, behaviour, identities, person),
        exit_day=start + _wait(draws, "category exit", behaviour.category_exit_hazard, person),
        move_day=start + _wait(draws, "moved channel", behaviour.moved_channel_hazard, person),
        response=_choose_responses(draws, behaviour, person),
        effect=np.empty((count, len(PROGRAMS)), dtype=np.float32),
        alive=np.ones(count, dtype=bool),
        last_order=np.empty(count, dtype=np.int32),
        orders=np.zeros(count, dtype=np.int32),
        bought=np.empty((count, behaviour.favourites_most), dtype=np.int32),
        durables=np.zeros(count, dtype=np.uint64),
        misses=np.zeros(count, dtype=np.int32),
        given_up=np.full(count, -1, dtype=np.int8),
        has_moved=np.zeros(count, dtype=bool),
        asked=np.full(count, -1, dtype=np.int32),
        cause=np.full(count, -1, dtype=np.int8),
        cause_day=np.full(count, NEVER, dtype=np.int32),
        purchases_left=np.full(count, -1, dtype=np.int8),
        left=np.full(count, NEVER, dtype=np.int32),
        account_seen=np.full(count, -1, dtype=np.int8),
        spend=np.zeros((count, SPEND_MONTHS + 1), dtype=np.int32),
        points=np.zeros(count, dtype=np.int64),
        points_day=np.full(count, NEVER, dtype=np.int32),
        offer=np.full(count, -1, dtype=np.int64),
        offer_until=np.full(count, -1, dtype=np.int32),
        offer_percent=np.zeros(count, dtype=np.float32),
        offer_amount=np.zeros(count, dtype=np.int64),
        offer_hazard=np.zeros(count, dtype=np.float32),
        offer_program=np.full(count, -1, dtype=np.int8),
        offer_product=np.full(count, -1, dtype=np.int32),
    )
    # those who bought before have waited some of their usual gap already
    waited = np.where(born < 0, draws.uniform("waited", person) / rate, 0)
    people.last_order[:] = start - waited
    _choose_favourites(draws, behaviour, catalogue, people, person)
    slots = np.arange(behaviour.favourites_most)
    people.bought[:] = start[:, None] - draws.uniform("bought before", person[:, None], slots) * people.cycle
    programs = np.arange(len(PROGRAMS))
    spread = draws.between("effect", behaviour.response_spread, person[:, None], programs)
    people.effect[:] = np.array(behaviour.response_effects) * spread
    return people, identities


def join(first, second):
    """Two sets of people, or of their identities, as one."""
    kind = type(first)
    return kind(**{f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(kind)})


def spend_of_year(people: People, day: int) -> np.ndarray:
    """Pence each person has paid in about the last 12 months."""
    future = (day // SPEND_MONTH_DAYS + 1) % (SPEND_MONTHS + 1)
    return people.spend.sum(axis=1) - people.spend[:, future]


def _wait(draws: Draws, stream: str, hazard: float, person: np.ndarray) -> np.ndarray:
    return np.minimum(30 + draws.waiting(stream, person) / hazard * 365, NEVER // 2).astype(np.int32)


def _choose_question_days(draws: Draws, behaviour: Behaviour, person: np.ndarray, born: np.ndarray) -> np.ndarray:
    """The day on which somebody who has never bought asks about a product, some days before the first purchase."""
    is_prospect = draws.uniform("prospect", person) < behaviour.prospect_share
    asks = is_prospect | (draws.uniform("newcomer asks", person) < behaviour.newcomer_question_share)
    before = 1 + draws.whole("question before", LONGEST_QUESTION_DAYS, person)
    day = np.where(is_prospect, np.maximum(born, 0), born - before)
    return np.where(asks & (day >= 0), day, NEVER).astype(np.int32)


def _choose_categories(draws: Draws, behaviour: Behaviour, person: np.ndarray) -> np.ndarray:
    """Different categories for each person, the first their main one."""
    order = draws.uniform("liked", person[:, None], np.arange(len(CATEGORIES)))
    return np.argsort(order, axis=1, kind="stable")[:, : behaviour.liked_categories].astype(np.int8)


def _choose_online_share(draws: Draws, behaviour: Behaviour, identities: Identities, person: np.ndarray) -> np.ndarray:
    """Account holders lean online, people without an e-mail can't order there."""
    u = draws.uniform("online share", person)
    low, high = behaviour.account_online
    guests, most = behaviour.guest_online
    guest = np.where(u < behaviour.guest_online_share, guests + (most - guests) * u / behaviour.guest_online_share, 0)
    share = np.where(identities.accounts > 0, low + (high - low) * u, guest)
    return np.where(identities.emails > 0, share, 0.0)


def _choose_responses(draws: Draws, behaviour: Behaviour, person: np.ndarray) -> np.ndarray:
    edges = np.cumsum(behaviour.response_shares)[:-1]
    return np.searchsorted(edges, draws.uniform("response", person)).astype(np.int8)


def _choose_favourites(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, people: People, persons) -> None:
    """Favourites come from liked categories mostly, by popularity; each has a cycle of its own."""
    person, slots = persons[:, None], np.arange(behaviour.favourites_most)
    is_liked = draws.uniform("favourite liked", person, slots) < behaviour.liked_share
    place = draws.whole("favourite category", behaviour.liked_categories, person, slots)
    category = np.take_along_axis(people.liked, place, axis=1)
    popularity = np.where(catalogue.durable, 0.0, catalogue.popularity)
    people.favourite[:] = choose_products(
        popularity, catalogue.category, draws.uniform("favourite", person, slots), np.where(is_liked, category, -1)
    )
    least, most = behaviour.favourites_least, behaviour.favourites_most
    count = least + draws.whole("favourites", most - least + 1, persons)
    people.favourite[slots >= count[:, None]] = -1
    # one product is one favourite
    for slot in range(1, most):
        again = (people.favourite[:, :slot] == people.favourite[:, slot : slot + 1]).any(axis=1)
        people.favourite[again, slot] = -1
    in_gaps = draws.between("cycle in gaps", behaviour.cycle_in_gaps, person, slots)
    own = in_gaps / people.rate[:, None]
    people.cycle[:] = np.maximum(own, catalogue.cycle[people.favourite])


def choose_products(weights: np.ndarray, category: np.ndarray, chance: np.ndarray, within: np.ndarray) -> np.ndarray:
    """One product for each chance, by weight: from the category `within`, or from all where that is -1.

    Products are numbered so that their categories do not fall.
    """
    edges = np.concatenate([[0.0], np.cumsum(weights)])
    starts = np.searchsorted(category, np.arange(category[-1] + 2))
    low = np.where(within < 0, 0.0, edges[starts[within]])
    high = np.where(within < 0, edges[-1], edges[starts[within + 1]])
    found = np.searchsorted(edges, low + (high - low) * chance, side="right") - 1
    return np.clip(found, 0, len(weights) - 1).astype(np.int32)
