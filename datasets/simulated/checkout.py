"""What is paid: prices of the day, promotions, coupons, offers and points, in whole pence."""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.baskets import Lines
from datasets.simulated.catalogue import Catalogue
from datasets.simulated.draws import Draws
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import SPEND_MONTH_DAYS, SPEND_MONTHS, People
from datasets.simulated.shelf import Shelf
from datasets.simulated.timing import Visits

NO_COUPON, SAVE_COUPON, POINTS_COUPON = range(3)
COUPONS = (None, "SAVE10", "POINTS-REWARD")


@dataclass
class Paid:
    """Price, discount and coupon of each line; net paid, points spent of each visit. Money is pence."""

    price: np.ndarray
    discount: np.ndarray
    coupon: np.ndarray
    net: np.ndarray
    reward: np.ndarray

    def of_lines(self, lines: Lines) -> np.ndarray:
        """What was paid for each line."""
        return self.price * lines.quantity - self.discount


def pay(
    draws: Draws,
    behaviour: Behaviour,
    catalogue: Catalogue,
    shelf: Shelf,
    people: People,
    visits: Visits,
    lines: Lines,
    has_card: np.ndarray,
    offer_percent: np.ndarray,
    offer_amount: np.ndarray,
) -> Paid:
    """Work out every line. `offer_percent` and `offer_amount` (pence) are what a used offer takes off each visit."""
    price = shelf.price[lines.product]
    gross = price * lines.quantity
    is_goods = lines.product != catalogue.postage
    share = np.where(people.is_price_only[visits.who], behaviour.price_only_coupon_share, behaviour.coupon_share)
    uses_coupon = draws.uniform("coupon", visits.order) < share
    coupon_percent = np.where(uses_coupon, behaviour.coupon_percent, 0.0)
    kept = (
        (1 - shelf.promotion[lines.product])
        * (1 - coupon_percent[lines.visit] / 100)
        * (1 - offer_percent[lines.visit] / 100)
    )
    discount = np.where(is_goods, np.round(gross * (1 - kept)), 0).astype(np.int64)
    coupon = np.where(uses_coupon[lines.visit] & is_goods, SAVE_COUPON, NO_COUPON).astype(np.int8)
    first = np.flatnonzero(np.diff(lines.visit, prepend=-1))
    reward = np.zeros(len(visits.who), dtype=np.int64)
    can_spend = has_card & (people.points[visits.who] >= behaviour.reward_points)
    spends = can_spend & (draws.uniform("reward", visits.order) < behaviour.reward_share)
    # the same balance is not spent twice on one day
    spends &= _is_first(visits.who)
    at = first[spends[lines.visit[first]]]
    reward[lines.visit[at]] = behaviour.reward_points
    off = offer_amount + np.where(reward > 0, round(behaviour.reward_value * 100), 0)
    discount[first] += np.minimum(off[lines.visit[first]], gross[first] - discount[first])
    coupon[at] = POINTS_COUPON
    net = np.bincount(lines.visit, weights=gross - discount, minlength=len(visits.who)).astype(np.int64)
    return Paid(price, discount, coupon, net, reward)


def remember_payments(people: People, visits: Visits, net: np.ndarray, day: int) -> None:
    """Add to what people have paid in this span of 30 days."""
    month = (day // SPEND_MONTH_DAYS) % (SPEND_MONTHS + 1)
    if day % SPEND_MONTH_DAYS == 0:
        people.spend[:, month] = 0
    np.add.at(people.spend, (visits.who, month), net)


def _is_first(values: np.ndarray) -> np.ndarray:
    first = np.zeros(len(values), dtype=bool)
    first[np.unique(values, return_index=True)[1]] = True
    return first
