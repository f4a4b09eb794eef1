"""Pair counts by one way, as a process of its own: python bench/counting.py WAY LINES LEAST OUT.

LINES is a Parquet file of basket_id and item (whole numbers), LEAST the baskets a pair must be in. OUT gets the pairs
(the smaller item first, in order) and their baskets. It runs in the environment of the way's package.
"""

import sys
from collections.abc import Callable

import numpy as np


def count_rapport(lines: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Rapport's own, huge baskets counted too."""
    from dataclasses import replace

    import duckdb

    from ml.baskets.count import count_pairs
    from ml.baskets.read import read_baskets
    from ml.params import load_params

    everything = {"min_support": 0.0, "min_baskets": least, "max_basket_items": 10**6}
    query = f"select basket_id, item, date '2024-01-01' as ordered_on, null::varchar as buyer from '{lines}'"
    with duckdb.connect() as connection:
        baskets = read_baskets(connection, query, replace(load_params().baskets.product, **everything))
    pairs = count_pairs(baskets)
    return baskets.names[pairs.items].astype(np.int64), pairs.baskets


def count_scipy(lines: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of baskets by frequent items, times itself."""
    basket, item = _read(lines)
    kept, number = _prune(item, least)
    held = number[item] >= 0
    held = _make_matrix(basket[held], number[item[held]], len(kept))
    both = (held.T @ held).tocoo()
    some = (both.row < both.col) & (both.data >= least)
    return np.column_stack([kept[both.row[some]], kept[both.col[some]]]), both.data[some]


def count_pyfim(lines: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Borgelt's FP-growth in C, sets of two only."""
    from fim import fpgrowth

    basket, item = _read(lines)
    order = np.argsort(basket, kind="stable")
    starts = np.flatnonzero(np.diff(basket[order]))
    transactions = [some.tolist() for some in np.split(item[order], starts + 1)]
    found = fpgrowth(transactions, target="s", supp=-least, zmin=2, zmax=2, report="a")
    return np.array([pair for pair, _ in found]), np.array([count for _, count in found])


def count_mlxtend(lines: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Its FP-growth, sets of two at most, on a sparse frame."""
    import pandas as pd
    from mlxtend.frequent_patterns import fpgrowth

    basket, item = _read(lines)
    held = _make_matrix(basket, item, int(item.max()) + 1)
    frame = pd.DataFrame.sparse.from_spmatrix(held.astype(bool))
    found = fpgrowth(frame, min_support=(least - 0.5) / held.shape[0], max_len=2)
    found = found[found["itemsets"].map(len) == 2]
    return np.array([sorted(items) for items in found["itemsets"]]), np.rint(found["support"] * held.shape[0])


def _read(lines: str) -> tuple[np.ndarray, np.ndarray]:
    import pyarrow.parquet as pq

    table = pq.read_table(lines)
    both = np.unique(table["basket_id"].to_numpy().astype(np.int64) << 32 | table["item"].to_numpy())
    return np.unique(both >> 32, return_inverse=True)[1], both & 0xFFFFFFFF


def _prune(item: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    counts = np.bincount(item)
    kept = np.flatnonzero(counts >= least)
    number = np.full(len(counts), -1)
    number[kept] = np.arange(len(kept))
    return kept, number


def _make_matrix(basket: np.ndarray, item: np.ndarray, width: int):
    from scipy import sparse

    shape = (int(basket.max()) + 1, width)
    return sparse.csr_matrix((np.ones(len(basket), np.int32), (basket, item)), shape=shape)


WAYS: dict[str, Callable[[str, int], tuple[np.ndarray, np.ndarray]]] = {
    "rapport": count_rapport,
    "scipy": count_scipy,
    "PyFIM": count_pyfim,
    "mlxtend": count_mlxtend,
}


def main(way: str, lines: str, least: str, out: str) -> None:
    """Count, and keep the pairs in one order."""
    pairs, counts = WAYS[way](lines, int(least))
    pairs = np.sort(np.asarray(pairs, np.int64).reshape(-1, 2), axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    np.savez(out, pairs=pairs[order], counts=np.asarray(counts, np.int64)[order])


if __name__ == "__main__":
    main(*sys.argv[1:])
