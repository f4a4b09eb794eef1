"""What is in the baskets of a day: favourites that are due, finds, what goes with what, and what the shelf has left."""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import People, choose_products
from datasets.simulated.shelf import Shelf, sell
from datasets.simulated.timing import PHONE, STORE, Visits


@dataclass
class Lines:
    """One element a line, by visit and product. `slot` is the favourite it is (-1: none)."""

    visit: np.ndarray
    product: np.ndarray
    slot: np.ndarray
    quantity: np.ndarray

    def keep(self, kept: np.ndarray) -> "Lines":
        """Only those of a mask."""
        return Lines(self.visit[kept], self.product[kept], self.slot[kept], self.quantity[kept])


@dataclass
class Baskets:
    """The lines that were bought, and the favourites that were due but out of stock (visit and product)."""

    lines: Lines
    missed_by: np.ndarray
    missed: np.ndarray


def fill_baskets(
    draws: Draws,
    behaviour: Behaviour,
    catalogue: Catalogue,
    shelf: Shelf,
    people: People,
    visits: Visits,
    day: int,
    offered: tuple[np.ndarray, np.ndarray],
) -> Baskets:
    """Fill the baskets of a day's visits; `offered` are further (visit, product) that an offer adds."""
    favourites, slots = _find_favourites(draws, behaviour, catalogue, shelf, people, visits, day)
    finds = _find_finds(draws, behaviour, catalogue, shelf, people, visits)
    companions = _find_companions(draws, catalogue, visits)
    asked = _find_asked(draws, behaviour, people, visits)
    parts = [favourites, finds, companions, asked, offered]
    visit, product = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    slot = np.concatenate([slots, np.full(len(visit) - len(slots), -1)])
    visit, product, slot = _fill_empty(draws, catalogue, shelf, people, visits, visit, product, slot)
    visit, product, slot = _drop_repeats(catalogue, visit, product, slot)
    visit, product, slot = _add_associated(draws, catalogue, visits, visit, product, slot)
    quantity = _choose_quantities(draws, behaviour, catalogue, people, visits, visit, product)
    lines = Lines(visit, product, slot, quantity)
    served = sell(shelf, product, quantity, catalogue.postage)
    # where less is left than somebody wants, they do without; only an empty shelf is what they will remember
    missed = ~served & (slot >= 0) & (shelf.on_hand[product] == 0)
    bought = _add_postage(draws, behaviour, catalogue, visits, lines.keep(served))
    return Baskets(bought, visit[missed], product[missed])


def remember_purchases(people: People, visits: Visits, lines: Lines, catalogue: Catalogue, day: int) -> None:
    """Favourites start their cycle again; a durable is bought once."""
    is_favourite = lines.slot >= 0
    people.bought[visits.who[lines.visit[is_favourite]], lines.slot[is_favourite]] = day
    durable = np.flatnonzero(catalogue.durable[lines.product])
    np.bitwise_or.at(people.durables, visits.who[lines.visit[durable]], _durable_bit(catalogue, lines.product[durable]))


def step_up(
    draws: Draws, catalogue: Catalogue, people: People, visits: Visits, lines: Lines, chance: np.ndarray
) -> np.ndarray:
    """Some favourites give way, for good, to the next rung, with a chance for each line; returns those lines."""
    goes = (lines.slot >= 0) & (catalogue.next_rung[lines.product] >= 0)
    goes[goes] = draws.uniform("step up", visits.order[lines.visit[goes]], lines.product[goes]) < chance[goes]
    stepping = np.flatnonzero(goes)
    people.favourite[visits.who[lines.visit[stepping]], lines.slot[stepping]] = catalogue.next_rung[
        lines.product[stepping]
    ]
    return stepping


def _find_favourites(draws, behaviour, catalogue, shelf, people, visits, day):
    who = visits.who
    favourite = people.favourite[who]
    slots = np.arange(favourite.shape[1])
    patience = draws.between("patience", (0.8, 1.2), visits.order[:, None], slots)
    wants = (favourite >= 0) & (day - people.bought[who] >= patience * people.cycle[who])
    chance = draws.uniform("due taken", visits.order[:, None], slots)
    wants &= chance < behaviour.due_taken_share
    full_price = people.is_price_only[who][:, None] & (shelf.promotion[favourite] == 0)
    wants &= ~full_price | (chance < behaviour.price_only_full_share)
    wants &= (people.given_up[who] < 0)[:, None] | (catalogue.category[favourite] != people.given_up[who][:, None])
    visit, slot = np.nonzero(wants)
    return (visit, favourite[visit, slot].astype(np.int64)), slot


def _find_finds(draws, behaviour, catalogue, shelf, people, visits):
    count = draws.count("finds", people.finds[visits.who], visits.order)
    visit = np.repeat(np.arange(len(count)), count)
    turn = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    order, who = visits.order[visit], visits.who[visit]
    is_liked = draws.uniform("find liked", order, turn) < behaviour.liked_share
    place = draws.whole("find category", behaviour.liked_categories, order, turn)
    chance = draws.uniform("find", order, turn)
    product = choose_products(
        catalogue.popularity, catalogue.category, chance, np.where(is_liked, people.liked[who, place], -1)
    )
    product = np.where(people.is_price_only[who], _choose_bargains(catalogue, shelf, chance), product)
    owned = catalogue.durable[product] & ((people.durables[who] & _durable_bit(catalogue, product)) > 0)
    wanted = ~owned & (catalogue.category[product] != people.given_up[who])
    return visit[wanted], product[wanted].astype(np.int64)


def _choose_bargains(catalogue, shelf, chance):
    """The deeper a promotion, the more it draws those who come for it."""
    weights = catalogue.popularity * shelf.promotion**2
    weights = weights if weights.sum() > 0 else catalogue.popularity
    return choose_products(weights, catalogue.category, chance, np.full(len(chance), -1))


def _find_companions(draws, catalogue, visits):
    base = np.array([planted.base for planted in catalogue.associations])
    number = np.arange(len(base))
    visit, place = np.nonzero(draws.uniform("companion", visits.order[:, None], number) < base)
    return visit, catalogue.companions[place].astype(np.int64)


def _find_asked(draws, behaviour, people, visits):
    """What somebody asked about is bought for certain the first time, often later."""
    asked = people.asked[visits.who]
    buys = draws.uniform("asked", visits.order) < behaviour.question_bought_share
    visit = np.flatnonzero((asked >= 0) & (buys | (people.orders[visits.who] == 0)))
    people.asked[visits.who] = -1
    return visit, asked[visit].astype(np.int64)


def _fill_empty(draws, catalogue, shelf, people, visits, visit, product, slot):
    """Nobody leaves with nothing but what they could not get."""
    is_empty = np.ones(len(visits.who), dtype=bool)
    is_empty[visit] = False
    empty = np.flatnonzero(is_empty)
    popularity = np.where(catalogue.durable, 0.0, catalogue.popularity)
    chance = draws.uniform("something", visits.order[empty])
    something = choose_products(popularity, catalogue.category, chance, np.full(len(empty), -1))
    bargains = _choose_bargains(catalogue, shelf, chance)
    something = np.where(people.is_price_only[visits.who[empty]], bargains, something)
    return (
        np.concatenate([visit, empty]),
        np.concatenate([product, something.astype(np.int64)]),
        np.concatenate([slot, np.full(len(empty), -1)]),
    )


def _drop_repeats(catalogue, visit, product, slot):
    """A product stands once in a basket; as a favourite where it is one, for favourites come first."""
    _, first = np.unique(visit * catalogue.size + product, return_index=True)
    return visit[first], product[first], slot[first]


def _add_associated(draws, catalogue, visits, visit, product, slot):
    for number, planted in enumerate(catalogue.associations):
        holds = np.ones(len(visits.who), dtype=bool)
        for antecedent in planted.antecedents:
            has = np.zeros(len(visits.who), dtype=bool)
            has[visit[product == antecedent]] = True
            holds &= has
        holds[visit[product == planted.consequent]] = False
        found = np.flatnonzero(holds)
        found = found[draws.uniform("associated", visits.order[found], number) < planted.added]
        visit = np.concatenate([visit, found])
        product = np.concatenate([product, np.full(len(found), planted.consequent)])
        slot = np.concatenate([slot, np.full(len(found), -1)])
    order = np.argsort(visit * catalogue.size + product, kind="stable")
    return visit[order], product[order], slot[order]


def _choose_quantities(draws, behaviour, catalogue, people, visits, visit, product):
    mean = behaviour.further_units * people.spend_level[visits.who[visit]]
    further = draws.count("units", np.where(catalogue.durable[product], 0.0, mean), visits.order[visit], product)
    return 1 + further


def _add_postage(draws, behaviour, catalogue, visits, lines):
    """Online orders that hold goods may pay postage, as their last line."""
    online = (visits.channel != STORE) & (visits.channel != PHONE)
    has_goods = np.zeros(len(visits.who), dtype=bool)
    has_goods[lines.visit] = True
    pays = np.flatnonzero(online & has_goods & (draws.uniform("postage", visits.order) < behaviour.postage_share))
    visit = np.concatenate([lines.visit, pays])
    order = np.argsort(visit, kind="stable")
    return Lines(
        visit[order],
        np.concatenate([lines.product, np.full(len(pays), catalogue.postage)])[order],
        np.concatenate([lines.slot, np.full(len(pays), -1)])[order],
        np.concatenate([lines.quantity, np.ones(len(pays), dtype=np.int64)])[order],
    )


def _durable_bit(catalogue: Catalogue, product: np.ndarray) -> np.ndarray:
    """One bit a durable subcategory (there are fewer than 64 subcategories)."""
    return np.uint64(1) << catalogue.subcategory[product].astype(np.uint64)
