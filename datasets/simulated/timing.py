"""Who buys today, and where."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.names import CHANNELS
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import People

STORE, WEB, APP, PHONE = range(len(CHANNELS))


@dataclass
class Visits:
    """One element an order of the day, in the order of the clock. `who` is the person."""

    who: np.ndarray
    order: np.ndarray
    second: np.ndarray
    channel: np.ndarray

    def keep(self, kept: np.ndarray) -> "Visits":
        """Only those of a mask."""
        return Visits(self.who[kept], self.order[kept], self.second[kept], self.channel[kept])


def find_visits(
    draws: Draws, behaviour: Behaviour, people: People, identities: Identities, day: int, on: date, next_order: int
) -> Visits:
    """The visits of a day. A person's chance grows with the wait, with the season, and with an offer."""
    active = np.flatnonzero(people.alive & (people.born <= day) & ~people.is_prospect)
    hazard = _find_hazard(behaviour, people, active, day, on)
    comes = draws.uniform("visit", active, day) < -np.expm1(-hazard)
    comes |= people.born[active] == day
    who = active[comes]
    again = who[draws.uniform("second order", who, day) < behaviour.second_order_share]
    turn = np.concatenate([np.zeros(len(who), dtype=np.int64), np.ones(len(again), dtype=np.int64)])
    who = np.concatenate([who, again])
    channel = _choose_channel(draws, behaviour, people, identities, who, day, turn)
    second = _choose_time(draws, behaviour, who, channel, day, turn)
    order = np.lexsort((who, second))
    return Visits(who[order], next_order + np.arange(len(order)), second[order], channel[order])


def _find_hazard(behaviour: Behaviour, people: People, active: np.ndarray, day: int, on: date) -> np.ndarray:
    rate = people.rate[active]
    waited = day - people.last_order[active]
    # a mixture of pure chance and of a Rayleigh-distributed gap with the same mean
    clockwork = people.regularity[active]
    hazard = rate * (1 - clockwork + clockwork * (np.pi / 2) * rate * waited)
    online = people.online_share[active]
    store_weight, online_weight = (week[on.weekday()] for week in (behaviour.store_weekdays, behaviour.online_weekdays))
    hazard *= (store_weight + (online_weight - store_weight) * online) * behaviour.months[on.month - 1]
    hazard *= np.where(people.purchases_left[active] > 0, behaviour.fading, 1.0)
    # nobody with a habit of days buys once a week less than they would: cap the clock's part
    hazard = np.minimum(hazard, 4 * rate)
    offered = people.offer_until[active] >= day
    extra = people.offer_hazard[active]
    hazard = np.where(offered & (extra < 0), hazard * behaviour.put_off, hazard)
    return hazard + np.where(offered & (extra > 0), extra, 0.0)


def _choose_channel(
    draws: Draws, behaviour: Behaviour, people: People, identities: Identities, who, day, turn
) -> np.ndarray:
    chance, kind = (draws.uniform(stream, who, day, turn) for stream in ("channel", "channel kind"))
    can_app = (identities.accounts[who] > 0) & (identities.cards[who] > 0)
    online = np.where(can_app & (kind < behaviour.app_share), APP, WEB)
    by_phone = identities.has_phone[who] & (kind > 1 - behaviour.telephone_share)
    return np.where(chance < people.online_share[who], online, np.where(by_phone, PHONE, STORE)).astype(np.int8)


def _choose_time(draws: Draws, behaviour: Behaviour, who, channel, day, turn) -> np.ndarray:
    """Seconds since the first day: stores in their hours, online mostly in the evening."""
    chance, other = (draws.uniform(stream, who, day, turn) for stream in ("clock", "clock second"))
    opens, closes = behaviour.store_hours
    in_store = 3600 * (opens + (closes - opens) * (chance + other) / 2)
    online = 86_399 * chance ** np.where(other < behaviour.evening_share, behaviour.evening_power, 1.0)
    return day * 86_400 + np.where(channel == STORE, in_store, online).astype(np.int64)
