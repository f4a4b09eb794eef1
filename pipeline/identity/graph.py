"""Connected components, plain and with pairs that must stay apart. Whole numbers in, whole numbers out."""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def find_components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The component of each of the nodes 0 … size - 1, named by its smallest node. Linear in nodes and edges."""
    if not len(left):
        return np.arange(size)
    edges = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(edges, directed=False)
    # nodes are visited in order, so the first of each label is its smallest
    _, first = np.unique(labels, return_index=True)
    return first[labels]


def join_within_limits(
    edges: Iterable[tuple[int, int]], has_card: set[int], apart: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Join along the edges, strongest first as given, unless that would put together what must stay apart.

    No two nodes of `has_card` and no pair of `apart` end in one component. Kruskal's algorithm with cannot-link
    constraints; for the few components where joining everything would break a limit. Returns each node's component,
    named by its smallest node.
    """
    parent: dict[int, int] = {}
    barred: dict[int, set[int]] = {}

    def find(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in apart:
        barred.setdefault(one, set()).add(other)
        barred.setdefault(other, set()).add(one)
    cards = set(has_card)
    for one, other in edges:
        keep, gone = sorted((find(one), find(other)))
        if keep == gone or (keep in cards and gone in cards):
            continue
        if any(find(enemy) == gone for enemy in barred.get(keep, ())):
            continue
        parent[gone] = keep
        barred.setdefault(keep, set()).update(barred.pop(gone, ()))
        if gone in cards:
            cards.add(keep)
    return {node: find(node) for node in list(parent)}
