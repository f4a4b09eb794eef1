"""Counting which pairs of items share a basket, in SQL over a connection the caller opened."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ml.params import PairParams


class Connection(Protocol):
    """What is asked of a DuckDB connection."""

    def execute(self, query: str) -> "Connection": ...

    def fetchone(self) -> tuple | None: ...

    def fetchnumpy(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class PairCounts:
    """Counts of one level. `left` and `right` are positions in `items`, left before right in the order of names."""

    baskets: int
    baskets_cut: int
    items: np.ndarray
    item_baskets: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pair_baskets: np.ndarray


TABLES = ("basket_pairs_lines", "basket_pairs_sizes", "basket_pairs_items", "basket_pairs_kept")

# Every line once: what is counted is baskets, never units. Ids become integers, which join several times faster.
LINES = """
create or replace temp table basket_pairs_lines as
select distinct
    dense_rank() over (order by basket_id) as basket,
    cast(item as varchar) as item
from ({lines}) as lines
where basket_id is not null and item is not null
"""

# Single-item baskets stay: without them every item would look likelier than it is.
SIZES = """
create or replace temp table basket_pairs_sizes as
select basket, count(*) as items from basket_pairs_lines group by basket
"""

TOTALS = """
select
    count(*) filter (where items <= {max_basket_items}) as baskets,
    count(*) filter (where items > {max_basket_items}) as baskets_cut
from basket_pairs_sizes
"""

# An item in too few baskets can be in no pair that is in enough, so it goes before the join, not after.
ITEMS = """
create or replace temp table basket_pairs_items as
select cast(row_number() over (order by item) - 1 as integer) as item_id, item, baskets
from (
    select lines.item, count(*) as baskets
    from basket_pairs_lines as lines
    inner join basket_pairs_sizes as sizes on lines.basket = sizes.basket and sizes.items <= {max_basket_items}
    group by lines.item
    having count(*) >= {min_baskets}
) as frequent
"""

KEPT = """
create or replace temp table basket_pairs_kept as
select basket, item_id
from (
    select lines.basket, items.item_id, count(*) over (partition by lines.basket) as frequent_items
    from basket_pairs_lines as lines
    inner join basket_pairs_sizes as sizes on lines.basket = sizes.basket and sizes.items <= {max_basket_items}
    inner join basket_pairs_items as items on lines.item = items.item
) as lines
where frequent_items > 1
"""

PAIRS = """
select a.item_id as left_id, b.item_id as right_id, count(*) as baskets
from basket_pairs_kept as a
inner join basket_pairs_kept as b on a.basket = b.basket and a.item_id < b.item_id
group by a.item_id, b.item_id
having count(*) >= {min_baskets}
order by a.item_id, b.item_id
"""


def count_pairs(connection: Connection, lines_sql: str, params: PairParams) -> PairCounts:
    """Count pairs in the lines that a query gives as (basket_id, item); repeats within a basket count once.

    A basket with more than `max_basket_items` distinct items is left out of every count, the total of
    baskets included, and reported in `baskets_cut`. Needs a connection that may make temporary tables.
    """
    try:
        connection.execute(LINES.format(lines=lines_sql))
        connection.execute(SIZES)
        limit = {"max_basket_items": int(params.max_basket_items)}
        baskets, baskets_cut = connection.execute(TOTALS.format(**limit)).fetchone()
        limit["min_baskets"] = find_least_baskets(baskets, params)
        connection.execute(ITEMS.format(**limit))
        connection.execute(KEPT.format(**limit))
        items = connection.execute("select item, baskets from basket_pairs_items order by item_id").fetchnumpy()
        pairs = connection.execute(PAIRS.format(**limit)).fetchnumpy()
    finally:
        for table in TABLES:
            connection.execute(f"drop table if exists temp.{table}")
    return PairCounts(
        baskets=baskets,
        baskets_cut=baskets_cut,
        items=np.asarray(items["item"], dtype=object),
        item_baskets=np.asarray(items["baskets"], dtype=np.int64),
        left=np.asarray(pairs["left_id"], dtype=np.int64),
        right=np.asarray(pairs["right_id"], dtype=np.int64),
        pair_baskets=np.asarray(pairs["baskets"], dtype=np.int64),
    )


def find_least_baskets(baskets: int, params: PairParams) -> int:
    """The number of baskets an item or a pair must be in: the stricter of the share and the plain count."""
    # The tiny step back keeps 0.1 * 30 = 3.0000000000000004 from asking for a fourth basket.
    return max(params.min_baskets, int(np.ceil(params.min_support * baskets - 1e-9)))
