"""Why people leave: what happens to somebody, and whether it was one time too many.

Whoever a cause drives away makes a last purchase or a few, so that its evidence lies before the last purchase.
Others go through the same and stay.
"""

import numpy as np

from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.names import CAUSES
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import People

UNKNOWN = CAUSES.index("unknown")
_SLOW = ("category_exit", "moved_channel")


def drive_away(behaviour: Behaviour, people: People, who: np.ndarray, cause: str, day: np.ndarray | int) -> None:
    """These people will leave for this cause, that happened on `day`, unless another one came first."""
    days = np.broadcast_to(day, who.shape)
    who, first = np.unique(who, return_index=True)
    days = days[first]
    free = (people.purchases_left[who] < 0) & people.alive[who]
    who, days = who[free], days[free]
    people.cause[who] = CAUSES.index(cause)
    people.cause_day[who] = days
    last = behaviour.last_purchases_slow if cause in _SLOW else behaviour.last_purchases
    people.purchases_left[who] = last


def count_down(people: People, who: np.ndarray, day: int) -> None:
    """These people bought today; those for whom it was the last time are gone from tomorrow on."""
    who = np.unique(who)
    who = who[(people.purchases_left[who] > 0) & (people.cause_day[who] < day)]
    people.purchases_left[who] -= 1
    gone = who[people.purchases_left[who] == 0]
    people.alive[gone] = False
    people.left[gone] = day + 1


def end_natural_lives(people: People, day: int) -> None:
    """In the morning: those whose time is over leave, for a reason that nobody sees."""
    gone = np.flatnonzero(people.alive & (people.natural_end <= day) & (people.born < day))
    people.alive[gone] = False
    people.left[gone] = day
    people.cause[gone] = UNKNOWN
    people.cause_day[gone] = day


def change_habits(draws: Draws, behaviour: Behaviour, people: People, identities: Identities, day: int) -> None:
    """In the morning: some give up their main category, some change between store and online; some of both go."""
    here = people.alive & (people.born < day)
    exits = np.flatnonzero(here & (people.exit_day == day))
    people.given_up[exits] = people.liked[exits, 0]
    goes = draws.uniform("exit leaves", exits) < behaviour.category_exit_leaves
    drive_away(behaviour, people, exits[goes], "category_exit", day)
    moves = np.flatnonzero(here & (people.move_day == day) & (identities.emails > 0))
    people.has_moved[moves] = True
    people.online_share[moves] = np.where(people.online_share[moves] < 0.5, 1.0, 0.0)
    goes = draws.uniform("move leaves", moves) < behaviour.moved_channel_leaves
    drive_away(behaviour, people, moves[goes], "moved_channel", day)


def feel_stock_outs(draws: Draws, behaviour: Behaviour, people: People, who: np.ndarray, day: int) -> None:
    """These people came for a favourite, found none, and bought something else."""
    who = np.unique(who)
    people.misses[who] += 1
    chance = behaviour.stock_out_leaves * np.minimum(people.misses[who], 4)
    drive_away(behaviour, people, who[draws.uniform("miss leaves", who, day) < chance], "stock_out", day)


def feel_prices(draws: Draws, behaviour: Behaviour, people: People, who: np.ndarray, day: int) -> None:
    """These people paid a sharply risen price for a favourite for the first time."""
    who = np.unique(who)
    chance = np.where(people.minds_prices[who], behaviour.price_leaves_minding, behaviour.price_leaves)
    drive_away(behaviour, people, who[draws.uniform("price leaves", who, day) < chance], "price", day)
