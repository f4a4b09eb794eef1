"""How many baskets hold two items, or three: exact, in memory that does not grow with the pairs there are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ml.baskets.read import Baskets
from ml.slices import expand

_MOST_PAIRS = 40_000_000  # pairs of lines looked at together, which bounds the memory


@dataclass(frozen=True)
class Sets:
    """Sets of two or three items that are in enough baskets: `items` of shape (sets, 2 or 3), numbers as in Baskets;
    `baskets` that hold them all, and how many of these are `late`."""

    items: np.ndarray
    baskets: np.ndarray
    late: np.ndarray


def count_pairs(baskets: Baskets) -> Sets:
    """Every pair of items in enough baskets, the more frequent item first.

    The work grows with the pairs of lines that share a basket: a basket of n frequent items has n(n - 1)/2 of them.
    """
    width = len(baskets.names)
    cut = np.searchsorted(baskets.basket, baskets.first_late)
    early, late = baskets.take(slice(cut)), baskets.take(slice(cut, None))
    found = [np.zeros((0, 4), np.int64)]
    for first, last in _split_items(baskets):
        keys, counts = _count_keys(_list_keys(early, first, last, width), width, last - first)
        late_keys, late_counts = _count_keys(_list_keys(late, first, last, width), width, last - first)
        both = np.concatenate([keys, late_keys])
        both.sort()
        both = both[np.diff(both, prepend=-1) != 0]
        number = np.zeros((2, len(both)), np.int64)
        number[0, np.searchsorted(both, keys)] = counts
        number[1, np.searchsorted(both, late_keys)] = late_counts
        enough = number.sum(axis=0) >= baskets.least
        both, number = both[enough], number[:, enough]
        found.append(np.column_stack([both // width + first, both % width, number.sum(axis=0), number[1]]))
    table = np.concatenate(found)
    return Sets(table[:, :2], table[:, 2], table[:, 3])


def count_triples(baskets: Baskets, pairs: np.ndarray) -> Sets:
    """Baskets of each of the given pairs, of shape (pairs, 2), that hold a third item too, for all that are enough.

    The pair stands first in `items`, the third item last.
    """
    cut = np.searchsorted(baskets.basket, baskets.first_late)
    counts = []
    for some in (slice(cut), slice(cut, None)):
        lines = baskets.take(some)
        _, start = np.unique(lines.basket, return_index=True)
        basket = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(lines.basket))))
        held, pair = _find_pairs(lines, basket, pairs)
        shape = (len(start), len(pairs))
        has_pair = sparse.csr_array((np.ones(len(held), np.int32), (pair, held)), shape=shape[::-1])
        has_item = sparse.csr_array(
            (np.ones(len(basket), np.int32), (basket, lines.item)), shape=(shape[0], len(baskets.names))
        )
        counts.append((has_pair @ has_item).tocsr())
    whole = (counts[0] + counts[1]).tocoo()
    row, column = whole.coords
    is_third = (column != pairs[row, 0]) & (column != pairs[row, 1])
    enough = is_third & (whole.data >= baskets.least)
    row, column, number = row[enough], column[enough], whole.data[enough]
    late = counts[1][row, column] if len(row) else np.zeros(0, np.int64)
    order = np.lexsort((column, row))
    items = np.column_stack([pairs[row], column])
    return Sets(items[order], number[order].astype(np.int64), np.asarray(late).astype(np.int64)[order])


def count_buyers(baskets: Baskets, sets: Sets) -> np.ndarray:
    """How many different buyers have bought all items of each set in one basket."""
    pairs, of_set = np.unique(np.sort(sets.items[:, :2], axis=1), axis=0, return_inverse=True)
    of_set = of_set.ravel()
    held, pair = _find_pairs(baskets, baskets.basket, pairs)
    # one buyer's baskets stand together, so that buyers are counted where they change
    in_order = np.lexsort((baskets.buyer[held], pair))
    held, pair = held[in_order], pair[in_order]
    start = np.searchsorted(pair, np.arange(len(pairs) + 1))
    if sets.items.shape[1] == 2:
        return _count_changes(baskets.buyer[held], pair, len(pairs))[of_set]
    found = np.zeros(len(of_set), np.int64)
    by_item = np.argsort(baskets.item, kind="stable")
    item_start = np.searchsorted(baskets.item[by_item], np.arange(len(baskets.names) + 1))
    has_third = np.zeros(baskets.total, dtype=bool)
    for third in np.unique(sets.items[:, 2]):
        with_third = baskets.basket[by_item[item_start[third] : item_start[third + 1]]]
        has_third[with_third] = True
        some = np.flatnonzero(sets.items[:, 2] == third)
        lengths = np.diff(start)[of_set[some]]
        basket, number = held[expand(start[of_set[some]], lengths)], np.repeat(np.arange(len(some)), lengths)
        kept = has_third[basket]
        found[some] = _count_changes(baskets.buyer[basket[kept]], number[kept], len(some))
        has_third[with_third] = False
    return found


def _count_changes(buyer: np.ndarray, number: np.ndarray, count: int) -> np.ndarray:
    """The different buyers of each number; both are in order."""
    is_new = np.ones(len(number), dtype=bool)
    is_new[1:] = (number[1:] != number[:-1]) | (buyer[1:] != buyer[:-1])
    return np.bincount(number[is_new], minlength=count)


def _find_pairs(lines: Baskets, basket: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where given pairs are: the basket, and the number of the pair."""
    some = np.unique(pairs)
    place = np.full(len(lines.names), -1)
    place[some] = np.arange(len(some))
    table = np.full((len(some), len(some)), -1, np.int32)
    table[place[pairs[:, 0]], place[pairs[:, 1]]] = np.arange(len(pairs))
    table[place[pairs[:, 1]], place[pairs[:, 0]]] = np.arange(len(pairs))
    kept = np.flatnonzero(place[lines.item] >= 0)
    basket, item = basket[kept], place[lines.item[kept]]
    held, number = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for left, right in _list_neighbours(basket, np.arange(len(basket))):
        pair = table[item[left], item[right]]
        is_asked = pair >= 0
        held.append(basket[left[is_asked]])
        number.append(pair[is_asked])
    return np.concatenate(held).astype(np.int64), np.concatenate(number).astype(np.int64)


def _split_items(baskets: Baskets) -> Iterator[tuple[int, int]]:
    """Ranges of first items so that none has many more pairs than are looked at together."""
    ends = np.searchsorted(baskets.basket, baskets.basket, side="right")
    after = np.bincount(
        baskets.item, weights=ends - np.arange(len(baskets.item)) - 1, minlength=len(baskets.names)
    ).cumsum()
    part = (after // _MOST_PAIRS).astype(np.int64)
    starts = np.flatnonzero(np.diff(part, prepend=-1))
    yield from zip(starts, np.append(starts, len(part))[1:], strict=True)


def _list_keys(lines: Baskets, first: int, last: int, width: int) -> np.ndarray:
    """One number for each pair of lines of a basket whose first item is in the range."""
    kind = np.uint32 if (last - first) * width < 2**32 else np.uint64
    item = lines.item.astype(kind)
    at = np.flatnonzero((lines.item >= first) & (lines.item < last))
    keys = [
        (item[left] - kind(first)) * kind(width) + item[right] for left, right in _list_neighbours(lines.basket, at)
    ]
    return np.concatenate([np.zeros(0, kind), *keys])


def _list_neighbours(basket: np.ndarray, at: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of two lines of one basket, the first of them among `at`: next to each other, then two apart, and so on.

    Baskets that are done drop out, so that all the steps together are as many as there are pairs.
    """
    distance = 0
    while len(at):
        distance += 1
        at = at[: np.searchsorted(at, len(basket) - distance)]
        at = at[basket[at] == basket[at + distance]]
        yield at, at + distance


def _count_keys(keys: np.ndarray, width: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Each key once, in order, and how often it came; whichever way touches less memory."""
    if rows * width <= len(keys):
        counts = np.bincount(keys, minlength=rows * width)
        found = np.flatnonzero(counts)
        return found, counts[found]
    keys.sort()
    start = np.flatnonzero(np.concatenate([np.ones(min(len(keys), 1), bool), keys[1:] != keys[:-1]]))
    return keys[start].astype(np.int64), np.diff(np.append(start, len(keys)))
