"""Prices, promotions and stock, day after day."""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.parameters import Behaviour

_QUARTER_DAYS = 91
# Shares of today's demand in what the buyer expects; and for how many days of an order's way we keep a place.
_NEWEST_WEIGHT = 0.06
_LONGEST_WAY = 16


@dataclass
class Shelf:
    """One element a product. Prices are pence. `arriving` holds units due on a day, a ring of days.

    `rise_day` is the day of the last sharp rise (far in the past where there was none), `price_before` the price then.
    """

    price: np.ndarray
    promotion: np.ndarray
    rise_day: np.ndarray
    price_before: np.ndarray
    on_hand: np.ndarray
    arriving: np.ndarray
    lead_days: np.ndarray
    expected: np.ndarray


def fill_shelf(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, visits_a_day: float) -> Shelf:
    """The shelf on the morning of the first day, for so many visits a day."""
    number = np.arange(catalogue.size)
    share = catalogue.popularity / catalogue.popularity.sum()
    companions = catalogue.companions
    expected = visits_a_day * 4.5 * share
    expected[companions] = visits_a_day * (behaviour.consequent_base[1] + 0.02)
    low, high = behaviour.lead_days
    lead_days = low + draws.whole("lead time", high - low + 1, number)
    cover = lead_days + behaviour.safety_days + behaviour.order_days
    return Shelf(
        price=catalogue.first_price.copy(),
        promotion=np.zeros(catalogue.size),
        rise_day=np.full(catalogue.size, -10_000, dtype=np.int32),
        price_before=catalogue.first_price.copy(),
        on_hand=np.ceil(expected * cover + 3).astype(np.int64),
        arriving=np.zeros((_LONGEST_WAY, catalogue.size), dtype=np.int64),
        lead_days=lead_days,
        expected=expected,
    )


def change_prices(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, shelf: Shelf, day: int, weekday: int):
    """On Mondays: new prices and new promotions. Returns the products with a new price and their old prices."""
    if weekday != 0 and day != 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    number = np.arange(catalogue.size - 1)
    _choose_promotions(draws, behaviour, catalogue, shelf, day)
    if day == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    chance = draws.uniform("price change", number, day)
    is_sharp = chance < behaviour.sharp_rise_share
    is_small = ~is_sharp & (chance < behaviour.sharp_rise_share + behaviour.small_change_share)
    by = np.where(
        is_sharp,
        draws.between("sharp rise", behaviour.sharp_rise, number, day),
        draws.between("small change", behaviour.small_change, number, day),
    )
    old = shelf.price[:-1].copy()
    new = np.where(is_sharp | is_small, np.round(old * (1 + by) / 5) * 5 - 1, old).astype(np.int64)
    shelf.price[:-1] = np.maximum(new, 9)
    shelf.rise_day[:-1][is_sharp] = day
    shelf.price_before[:-1][is_sharp] = old[is_sharp]
    changed = np.flatnonzero(shelf.price[:-1] != old)
    return changed, old[changed]


def receive_goods(shelf: Shelf, day: int) -> None:
    """In the morning: what was ordered arrives."""
    place = day % _LONGEST_WAY
    shelf.on_hand += shelf.arriving[place]
    shelf.arriving[place] = 0


def sell(shelf: Shelf, product: np.ndarray, quantity: np.ndarray, postage: int) -> np.ndarray:
    """Take these units off the shelf in order; True where there were enough."""
    wanted = np.bincount(product, weights=quantity, minlength=len(shelf.on_hand))
    wanted[postage] = 0
    is_short = wanted > shelf.on_hand
    served = np.ones(len(product), dtype=bool)
    critical = np.flatnonzero(is_short[product])
    critical = critical[np.argsort(product[critical], kind="stable")]
    if len(critical):
        units = quantity[critical]
        running = np.cumsum(units)
        starts = np.flatnonzero(np.diff(product[critical], prepend=-1))
        before = np.repeat(running[starts] - units[starts], np.diff(starts, append=len(critical)))
        served[critical] = running - before <= shelf.on_hand[product[critical]]
    sold = np.bincount(product[served], weights=quantity[served], minlength=len(shelf.on_hand)).astype(np.int64)
    sold[postage] = 0
    shelf.on_hand -= sold
    shelf.expected += _NEWEST_WEIGHT * (wanted - shelf.expected)
    return served


def order_goods(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, shelf: Shelf, day: int) -> None:
    """In the evening: order what has run low, unless its supplier fails."""
    on_order = shelf.arriving.sum(axis=0)
    point = shelf.expected * (shelf.lead_days + behaviour.safety_days) + 1
    is_low = (shelf.on_hand + on_order <= point) & ~find_failing(draws, behaviour, catalogue, day)
    is_low[catalogue.postage] = False
    low = np.flatnonzero(is_low)
    amount = np.ceil(shelf.expected[low] * behaviour.order_days + 2).astype(np.int64)
    shelf.arriving[(day + shelf.lead_days[low]) % _LONGEST_WAY, low] += amount


def find_failing(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, day: int) -> np.ndarray:
    """True for products whose supplier takes no order today. Consequents of planted associations never fail."""
    number = np.arange(catalogue.size)
    failing = np.zeros(catalogue.size, dtype=bool)
    low, high = behaviour.supplier_failure_days
    for quarter in (day // _QUARTER_DAYS - 1, day // _QUARTER_DAYS):
        if quarter < 0:
            continue
        fails = draws.uniform("supplier fails", number, quarter) < behaviour.supplier_failure_share
        start = quarter * _QUARTER_DAYS + draws.whole("failure start", _QUARTER_DAYS, number, quarter)
        length = low + draws.whole("failure days", high - low + 1, number, quarter)
        failing |= fails & (start <= day) & (day < start + length)
    failing[catalogue.companions] = False
    return failing


def _choose_promotions(draws: Draws, behaviour: Behaviour, catalogue: Catalogue, shelf: Shelf, day: int) -> None:
    number = np.arange(catalogue.size)
    is_on = draws.uniform("promotion", number, day) < behaviour.promotion_share
    depth = np.array(behaviour.promotion_depths)[
        draws.whole("promotion depth", len(behaviour.promotion_depths), number, day)
    ]
    shelf.promotion[:] = np.where(is_on, depth, 0.0)
    shelf.promotion[catalogue.companions] = 0.0
    shelf.promotion[catalogue.postage] = 0.0
