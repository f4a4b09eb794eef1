"""What could be recommended to each customer, and all that is known of each such pair, as numbers for the blend."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import sparse

from ml.params import RecommendParams
from ml.recommend.best import pick_best
from ml.recommend.habits import SEED_DECAY, Habits, find_habits
from ml.recommend.history import History
from ml.recommend.popularity import Popularity, find_popularity
from ml.recommend.products import ProductFacts

_CELLS = 16_000_000  # of customers by products worked on at a time, which bounds the memory


@dataclass(frozen=True)
class Known:
    """What is learnt from all customers together, and the history it was learnt from."""

    history: History
    neighbours: sparse.csr_array
    facts: ProductFacts


@dataclass(frozen=True)
class Candidates:
    """Pairs of a customer and a product, those bought before first. `customer` is a position in what was asked;
    `times` is 0 for what was never bought; `gone_share` of the days it lasts have gone by since it was bought last
    (infinite for what never was); `features` has one row a pair."""

    customer: np.ndarray
    product: np.ndarray
    times: np.ndarray
    gone_share: np.ndarray
    features: np.ndarray

    def keep(self, kept: np.ndarray) -> "Candidates":
        """Only those of a mask; itself when the mask holds all."""
        if kept.all():
            return self
        return Candidates(*(getattr(self, one.name)[kept] for one in fields(self)))


def find_candidates(
    known: Known,
    customer: np.ndarray,
    day: np.ndarray,
    sales_day: np.ndarray,
    allowed: np.ndarray,
    params: RecommendParams,
) -> Iterator[Candidates]:
    """Candidates of customers, some at a time.

    Own lines are read to the end of a customer's `day`, what the shop sells to the end of `sales_day`; `allowed` is a
    mask of products.
    """
    step = max(1, _CELLS // len(known.history.products))
    by_day = np.argsort(sales_day, kind="stable")  # so that few days are worked on at a time
    popularity = None
    for start in range(0, len(customer), step):
        some = by_day[start : start + step]
        days, day_place = np.unique(sales_day[some], return_inverse=True)
        if popularity is None or not np.array_equal(days, popularity.days):
            popularity = find_popularity(known.history, days)
            appeal = sparse.csr_array(popularity.rate(known.facts.orders) * allowed)
            top = pick_best(appeal, params.popular_candidates)[0]
        habits = find_habits(known.history, customer[some], day[some])
        found = _find_some(known, habits, popularity, day_place, top, allowed, params)
        yield replace(found, customer=some[found.customer])


def _find_some(
    known: Known,
    habits: Habits,
    popularity: Popularity,
    day_place: np.ndarray,
    top: np.ndarray,
    allowed: np.ndarray,
    params: RecommendParams,
) -> Candidates:
    shape = (len(habits.orders), len(allowed))
    similar = _find_similar(known, habits, shape, params)
    is_own = np.zeros(shape, dtype=bool)
    is_own[habits.row, habits.product] = True
    own = _keep_likeliest(habits, shape, allowed, params)
    unseen = similar.copy()
    unseen.data *= allowed[unseen.indices]
    unseen.data[is_own[np.repeat(np.arange(shape[0]), np.diff(unseen.indptr)), unseen.indices]] = 0
    rows, products = _list_pairs(pick_best(unseen, params.explore_candidates)[0])
    is_own[rows, products] = True
    top_rows, top_products = _list_pairs(top[day_place])
    fresh = ~is_own[top_rows, top_products]
    row = np.concatenate([habits.row[own], rows, top_rows[fresh]])
    product = np.concatenate([habits.product[own], products, top_products[fresh]])
    times = np.zeros(len(row), np.int64)
    times[: len(own)] = habits.times[own]
    nearness = _look_up(similar, row, product)
    features = np.zeros((len(row), OWN + REST), np.float32)
    gone_share = np.full(len(row), np.inf)
    gone_share[: len(own)] = _find_gone_share(habits, own, known.facts)
    features[: len(own), :OWN] = _describe_own(habits, own, known.facts, gone_share[: len(own)])
    features[:, OWN:] = _describe_pairs(habits, known.facts, popularity, day_place, row, product, nearness)
    return Candidates(row, product, times, gone_share, features)


def _find_similar(known: Known, habits: Habits, shape: tuple[int, int], params: RecommendParams) -> sparse.csr_array:
    """How near each product is to what each customer buys: the mean of similarities, what was bought lately first."""
    weight = habits.decayed[:, SEED_DECAY].astype(np.float32)
    bought = sparse.csr_array((weight, (habits.row, habits.product)), shape=shape)
    if np.diff(bought.indptr).max(initial=0) > params.seed_products:
        products, weights = pick_best(bought, params.seed_products)
        held = products >= 0
        bought = sparse.csr_array((weights[held], (np.nonzero(held)[0], products[held])), shape=shape)
    total = np.maximum(bought.sum(axis=1), np.float32(1e-9))
    bought.data /= np.repeat(total, np.diff(bought.indptr))
    return (bought @ known.neighbours).tocsr()


def _keep_likeliest(habits: Habits, shape: tuple[int, int], allowed: np.ndarray, params: RecommendParams) -> np.ndarray:
    """Places in the habits of what may be recommended again; of somebody who bought very much, the most usual."""
    own = np.flatnonzero(allowed[habits.product])
    if np.bincount(habits.row[own]).max(initial=0) <= params.repeat_candidates:
        return own
    weight = habits.decayed[own, SEED_DECAY].astype(np.float32)
    bought = sparse.csr_array((weight, (habits.row[own], habits.product[own])), shape=shape)
    rows, products = _list_pairs(pick_best(bought, params.repeat_candidates)[0])
    wide = np.int64(shape[1])
    return np.searchsorted(habits.row * wide + habits.product, np.sort(rows * wide + products))


def _list_pairs(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    held = columns >= 0
    return np.nonzero(held)[0], columns[held]


def _look_up(matrix: sparse.csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    table = np.zeros(matrix.shape, np.float32)
    table[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices] = matrix.data
    return table[row, column]


OWN = 25  # features that are 0 for what was never bought
REST = 14


def _find_gone_share(habits: Habits, own: np.ndarray, facts: ProductFacts) -> np.ndarray:
    """How much of the time that each product lasts this customer has gone by: 1 when it is due."""
    spanned_days = habits.days_since_first[own] - habits.days_since_last[own]
    # a gap of one's own counts once for each time it was seen, the product's usual gap as often as twice
    lasts_days = (spanned_days + 2 * facts.gap_days[habits.product[own]]) / (habits.times[own] + 1)
    return habits.days_since_last[own] / np.maximum(lasts_days, 1)


def _describe_own(habits: Habits, own: np.ndarray, facts: ProductFacts, due: np.ndarray) -> np.ndarray:
    row, product, times = habits.row[own], habits.product[own], habits.times[own]
    orders = habits.orders[row]
    spanned_orders = habits.orders_since_first[own] - habits.orders_since_last[own]
    spanned_days = habits.days_since_first[own] - habits.days_since_last[own]
    columns = [
        np.ones(len(own)),
        times == 1,
        np.log1p(times),
        np.log1p(orders),
        np.log(times / orders + 0.01),
        np.log(habits.light[own] + 0.01),
        np.log1p(habits.orders_since_last[own]),
        np.log1p(habits.orders_since_first[own]),
        np.log1p(habits.days_since_last[own]),
        np.log1p(habits.days_since_first[own]),
        np.log1p(spanned_orders / np.maximum(times - 1, 1)),
        np.log1p(spanned_days / np.maximum(times - 1, 1)),
        np.minimum(due, 1.5),
        np.log1p(np.minimum(due, 20)),
        np.log(facts.again_per_order[product] + 0.003),
        np.log(facts.rebought_share[product] + 0.02),
        np.log1p(facts.gap_days[product]),
    ]
    return np.column_stack([*columns, np.log(habits.decayed[own] + 0.03)])


def _describe_pairs(
    habits: Habits,
    facts: ProductFacts,
    popularity: Popularity,
    day_place: np.ndarray,
    row: np.ndarray,
    product: np.ndarray,
    nearness: np.ndarray,
) -> np.ndarray:
    nearest = np.zeros(len(habits.orders), np.float32)
    np.maximum.at(nearest, row, nearness)
    place = day_place[row]
    customers = np.column_stack(
        [
            np.log1p(habits.orders),
            np.log(habits.order_lines + 0.1),
            habits.repeated,
            np.log1p(habits.idle_days),
            np.log1p(habits.gap_days),
        ]
    )
    columns = [
        *(np.log(share[place, product] + 0.05) for share in popularity.shares),
        np.log(popularity.light_share[place, product] + 0.05),
        np.log1p(facts.orders[product]),
        np.log(facts.again_per_order[product] + 0.003),
        np.log(facts.rebought_share[product] + 0.02),
        np.log(nearness + 0.001),
        np.log(nearness / np.maximum(nearest, 1e-9)[row] + 0.02),
    ]
    return np.column_stack([*columns, customers[row]])
