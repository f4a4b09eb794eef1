"""What each customer has bought before: how often, how lately, and whether it is time again."""

from dataclasses import dataclass

import numpy as np

from ml.recommend.history import History
from ml.slices import expand

ORDER_DECAYS = (0.6, 0.8, 0.9, 0.95, 0.98)
HALF_LIVES_DAYS = (7, 30, 90)
SEED_DECAY = 2  # the decay, of those above, that weighs what a customer bought when its neighbours are looked for


@dataclass(frozen=True)
class Habits:
    """Some customers and what they had bought by the end of a day of each.

    One element a customer: `orders`, `order_lines` a mean, `repeated` the share of lines bought before, `idle_days`
    since the last order, `gap_days` between orders. One element a customer (`row`) and `product`, in this order:
    `times` in how many orders, `decayed` one column for each of ORDER_DECAYS and HALF_LIVES_DAYS, `light` the same as
    SEED_DECAY with an order of n products counted 1/n; orders and days since the last and since the first time.
    """

    orders: np.ndarray
    order_lines: np.ndarray
    repeated: np.ndarray
    idle_days: np.ndarray
    gap_days: np.ndarray
    row: np.ndarray
    product: np.ndarray
    times: np.ndarray
    decayed: np.ndarray
    light: np.ndarray
    orders_since_last: np.ndarray
    orders_since_first: np.ndarray
    days_since_last: np.ndarray
    days_since_first: np.ndarray


def find_habits(history: History, customer: np.ndarray, day: np.ndarray) -> Habits:
    """The habits of customers (positions), each at the end of a day of their own."""
    starts = history.line_starts[customer]
    lengths = history.line_starts[customer + 1] - starts
    line = expand(starts, lengths)
    row = np.repeat(np.arange(len(customer)), lengths)
    known = history.day[line] <= day[row]
    line, row = line[known], row[known]
    order, ago = history.order[line], day[row] - history.day[line]
    lines = np.bincount(row, minlength=len(customer))
    first, last = np.cumsum(lines) - lines, np.cumsum(lines) - 1
    some = lines > 0
    orders, idle, known_days = (np.zeros(len(customer), np.int64) for _ in range(3))
    orders[some] = order[last[some]] - order[first[some]] + 1
    idle[some], known_days[some] = ago[last[some]], ago[first[some]]
    back = order[last[row]] - order
    by_product = np.argsort(row * np.int64(len(history.products)) + history.product[line], kind="stable")
    row, product, back, ago = row[by_product], history.product[line][by_product], back[by_product], ago[by_product]
    is_first = (np.diff(row, prepend=-1) != 0) | (np.diff(product, prepend=-1) != 0)
    begin = np.flatnonzero(is_first)
    end = np.append(begin[1:], len(row))[: len(begin)] - 1
    weights = [decay ** back.astype(np.float32) for decay in ORDER_DECAYS]
    weights += [np.exp2(-ago.astype(np.float32) / half_life) for half_life in HALF_LIVES_DAYS]
    weights += [weights[SEED_DECAY] * history.order_share[order[by_product]].astype(np.float32)]
    summed = np.column_stack([np.add.reduceat(weight, begin) if len(begin) else weight for weight in weights])
    pairs = np.bincount(row[begin], minlength=len(customer))
    return Habits(
        orders,
        lines / np.maximum(orders, 1),
        1 - pairs / np.maximum(lines, 1),
        idle,
        (known_days - idle) / np.maximum(orders - 1, 1),
        row[begin],
        product[begin],
        end - begin + 1,
        summed[:, :-1],
        summed[:, -1],
        back[end],
        back[begin],
        ago[end],
        ago[begin],
    )
