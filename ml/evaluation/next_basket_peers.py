"""What next baskets are compared with: what sells, what each bought most, and TIFU-kNN."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ml.recommend.best import pick_best
from ml.recommend.history import History

_ROWS = 200


@dataclass(frozen=True)
class TifuSettings:
    """`neighbours` customers, `groups` of orders, decay within a group and from group to group, `own_share` the weight
    of one's own vector. Where `decays_throughout`, the inner decay runs over the whole history, as the authors' code
    has it; otherwise it begins anew in each group, as in their paper."""

    neighbours: int
    groups: int
    inner_decay: float
    group_decay: float
    own_share: float
    decays_throughout: bool

    def __str__(self) -> str:
        throughout = ", the inner one throughout" if self.decays_throughout else ""
        return (
            f"{self.neighbours} neighbours, {self.groups} groups, decays {self.inner_decay} and {self.group_decay}"
            f"{throughout}, own share {self.own_share}"
        )


# The four settings the paper names (ValuedShopper, Instacart, Dunnhumby, Ta-Feng), each in both readings.
PUBLISHED = tuple(
    TifuSettings(*numbers, throughout)
    for throughout in (False, True)
    for numbers in ((300, 7, 1.0, 0.6, 0.7), (900, 3, 0.9, 0.7, 0.9), (900, 3, 0.9, 0.6, 0.2), (300, 7, 0.9, 0.7, 0.7))
)


def count_purchases(history: History, decay: float = 1.0) -> sparse.csr_array:
    """Customers by products: in how many orders, each order back counting `decay` times the one after it."""
    back = history.order_ends[history.customer] - 1 - history.order
    return _add_up(history, decay**back)


def find_tifu_vectors(history: History, settings: TifuSettings) -> sparse.csr_array:
    """The temporal item frequencies of each customer: Hu, He, Gao and Zhang 2020, section 4.2.

    A customer's orders fall, in order, into groups of the same size; where they can't, the later groups hold one more.
    With fewer orders than groups each order is one.
    """
    orders = history.orders_of[history.customer]
    place = history.order - (history.order_ends - history.orders_of)[history.customer]
    groups = np.minimum(orders, settings.groups)
    small, larger_groups = orders // groups, orders % groups
    in_small = small * (groups - larger_groups)
    is_small = place < in_small
    size = np.where(is_small, small, small + 1)
    group = np.where(is_small, place // small, groups - larger_groups + (place - in_small) // (small + 1))
    inside = np.where(is_small, place % small, (place - in_small) % (small + 1))
    age = orders - 1 - place if settings.decays_throughout else size - 1 - inside
    weight = settings.inner_decay**age / size * settings.group_decay ** (groups - 1 - group) / groups
    return _add_up(history, weight)


def score_tifu(vectors: sparse.csr_array, customers: np.ndarray, settings: TifuSettings) -> sparse.csr_array:
    """Own vector and the mean of the nearest (Euclidean) customers' vectors, the customer's own among them."""
    squares = vectors.multiply(vectors).sum(axis=1)
    known = np.flatnonzero(squares > 0)
    asked = vectors[customers]
    distance = squares[customers][:, None] + squares[known][None, :] - 2 * (asked @ vectors[known].T).toarray()
    count = min(settings.neighbours, len(known))
    nearest = known[np.argsort(distance, axis=1, kind="stable")[:, :count]]
    rows = np.repeat(np.arange(len(customers)), count)
    mean = sparse.csr_array(
        (np.full(nearest.size, 1 / count), (rows, nearest.ravel())), (len(customers), vectors.shape[0])
    )
    return (settings.own_share * asked + (1 - settings.own_share) * (mean @ vectors)).tocsr()


def rank_personal(
    scores: sparse.csr_array, sold: np.ndarray, count: int, skipped: sparse.csr_array | None
) -> np.ndarray:
    """The products with the highest scores of each row; where there are too few, or on ties, what sells most.

    `skipped` are products not to be listed. Shape (rows, count).
    """
    best = []
    for start in range(0, scores.shape[0], _ROWS):
        some = scores[start : start + _ROWS].toarray()
        some = some / max(some.max(), 1e-9) + 1e-6 * (sold + 1) / (sold.max() + 1)
        if skipped is not None:
            some[skipped[start : start + _ROWS].toarray() > 0] = 0
        best.append(pick_best(sparse.csr_array(some), count)[0])
    return np.concatenate(best)


def _add_up(history: History, weight: np.ndarray) -> sparse.csr_array:
    shape = (len(history.customers), len(history.products))
    summed = sparse.csr_array((weight, (history.customer, history.product)), shape=shape)
    summed.sum_duplicates()
    return summed
