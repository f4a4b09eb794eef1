"""Baskets as numbers: which frequent items each holds, read by SQL over a connection the caller opened."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ml.params import RuleParams


class Connection(Protocol):
    """What is asked of a DuckDB connection."""

    def execute(self, query: str) -> "Connection": ...

    def fetchone(self) -> tuple | None: ...

    def fetchnumpy(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class Baskets:
    """Lines of the items that are in enough baskets, ordered by basket and item.

    `basket` and `item` are numbers, one element a line. Baskets are numbered by their day, those of the holdout are
    `first_late` and later; items by how many baskets they are in, the most frequent first. `names` and `item_baskets`
    have one element an item, `buyer` (a hash; a guest's order is a buyer of its own) one a basket. `total` baskets were
    counted; `cut` held too many items and are in no count.
    """

    basket: np.ndarray
    item: np.ndarray
    names: np.ndarray
    item_baskets: np.ndarray
    buyer: np.ndarray
    total: int
    first_late: int
    cut: int
    least: int

    def take(self, kept: slice | np.ndarray) -> "Baskets":
        """Only some of the lines; what is known of items and baskets stays that of all."""
        return Baskets(self.basket[kept], self.item[kept], *(getattr(self, name) for name in _OF_THE_WHOLE))


_OF_THE_WHOLE = ("names", "item_baskets", "buyer", "total", "first_late", "cut", "least")
TABLES = ("basket_sizes", "basket_numbers", "basket_item_numbers")

# A basket's day and buyer are those of its order.
SIZES = """
create or replace temp table basket_sizes as
select basket_id, min(ordered_on) as ordered_on, min(buyer) as buyer, count(*) as lines
from ({lines}) as lines
where basket_id is not null and item is not null
group by basket_id
"""

# Lines may repeat, so that only baskets of many lines are looked at again.
BASKETS = """
create or replace temp table basket_numbers as
select
    basket_id,
    ordered_on,
    hash(coalesce(buyer, cast(basket_id as varchar))) as buyer,
    row_number() over (order by ordered_on, basket_id) - 1 as number
from basket_sizes
where lines <= {max_basket_items} or basket_id in (
    select basket_id from ({lines}) as lines
    where basket_id in (select basket_id from basket_sizes where lines > {max_basket_items})
    group by basket_id
    having count(distinct item) <= {max_basket_items}
)
"""

TOTALS = "select (select count(*) from basket_numbers), (select count(*) from basket_sizes)"

# An item in too few baskets can be in no rule, so it goes before anything is joined. Lines may repeat within a basket:
# those that were counted too often are found when the lines are in order.
ITEMS = """
create or replace temp table basket_item_numbers as
select item, row_number() over (order by lines desc, item) - 1 as number
from (
    select item, count(*) as lines from ({lines}) as lines
    where basket_id is not null and item is not null
    group by item
    having count(*) >= {least}
) as frequent
"""

LINES = """
select baskets.number as basket, items.number as item
from ({lines}) as lines
inner join basket_numbers as baskets on lines.basket_id = baskets.basket_id
inner join basket_item_numbers as items on lines.item = items.item
"""


def read_baskets(connection: Connection, lines_sql: str, params: RuleParams) -> Baskets:
    """Read the lines that a query gives as (basket_id, item, ordered_on, buyer); repeats within a basket count once.

    A basket with more than `max_basket_items` distinct items is left out of every count, the total of baskets
    included. Needs a connection that may make temporary tables.
    """
    limits = {"lines": lines_sql, "max_basket_items": int(params.max_basket_items)}
    try:
        connection.execute(SIZES.format(**limits))
        connection.execute(BASKETS.format(**limits))
        total, with_the_cut = connection.execute(TOTALS).fetchone()
        least = find_least_baskets(total, params)
        connection.execute(ITEMS.format(**limits, least=least))
        names = connection.execute("select item from basket_item_numbers order by number").fetchnumpy()["item"]
        baskets = connection.execute("select buyer, ordered_on from basket_numbers order by number").fetchnumpy()
        lines = connection.execute(LINES.format(**limits)).fetchnumpy()
    finally:
        for table in TABLES:
            connection.execute(f"drop table if exists temp.{table}")
    basket, item = _sort_once(np.asarray(lines["basket"]), np.asarray(lines["item"]), len(names))
    first_late = _find_first_late(np.asarray(baskets["ordered_on"]), params.holdout_share)
    item_baskets = np.bincount(item, minlength=len(names))
    read = Baskets(
        *(basket, item, np.asarray(names, dtype=object), item_baskets, np.asarray(baskets["buyer"])),
        *(total, first_late, with_the_cut - total, least),
    )
    return read if (item_baskets >= least).all() else _drop_rare(read)


def find_least_baskets(baskets: int, params: RuleParams) -> int:
    """The number of baskets an item, or a rule, must be in: the stricter of the share and the plain count."""
    # The tiny step back keeps 0.1 * 30 = 3.0000000000000004 from asking for a fourth basket.
    return max(params.min_baskets, int(np.ceil(params.min_support * baskets - 1e-9)))


def _sort_once(basket: np.ndarray, item: np.ndarray, items: int) -> tuple[np.ndarray, np.ndarray]:
    """The lines by basket and item, each once: one sort of one number a line."""
    width = np.int64(max(items, 1))
    both = basket.astype(np.int64) * width + item.astype(np.int64)
    both.sort()
    both = both[np.diff(both, prepend=-1) != 0]
    basket = both // width
    return basket.astype(np.int32), (both - basket * width).astype(np.int32)


def _find_first_late(ordered_on: np.ndarray, share: float) -> int:
    """Where the days of the holdout begin: whole days, so that it holds at most that share of the baskets."""
    if not len(ordered_on):
        return 0
    day = ordered_on[int(np.ceil((1 - share) * len(ordered_on))) - 1]
    return int(np.searchsorted(ordered_on, day, side="right"))


def _drop_rare(baskets: Baskets) -> Baskets:
    """Without the items that only seemed frequent: their lines were repeats, or in baskets that were cut."""
    kept = baskets.item_baskets >= baskets.least
    lines = kept[baskets.item]
    number = np.cumsum(kept) - 1
    order = np.lexsort((baskets.names[kept], -baskets.item_baskets[kept]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    item = place[number[baskets.item[lines]]]
    basket, item = _sort_once(baskets.basket[lines], item, len(order))
    rest = [getattr(baskets, name) for name in _OF_THE_WHOLE[2:]]
    return Baskets(basket, item, baskets.names[kept][order], baskets.item_baskets[kept][order], *rest)
