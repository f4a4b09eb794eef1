"""The next basket of each customer: fit on orders, recommend a ranked list that knows people buy again."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from scipy import sparse

from ml.params import RecommendParams, load_params
from ml.recommend.best import pick_best
from ml.recommend.blend import FixedBlend, LearntBlend, learn_blend, learn_known
from ml.recommend.candidates import Candidates, find_candidates
from ml.recommend.history import OrdersError, count_days, read_history
from ml.recommend.limits import Bounds, Limits, find_bounds
from ml.recommend.popularity import find_popularity


def learn_weights(orders: pd.DataFrame, params: RecommendParams) -> LearntBlend | FixedBlend:
    """The weights alone, from lines of orders as `NextBasket.fit` takes them; fixed ones where there is no line."""
    return learn_blend(read_history(orders), params) if len(orders) else FixedBlend()


class NextBasket:
    """Personal frequency, what is due, neighbours and popularity, blended with weights learnt from the history.

    The idea that frequency of one's own purchases is most of the answer is that of Hu and others (2020, TIFU-kNN);
    neighbours are products, not customers, so that the work grows with customers and not with their square.
    """

    def __init__(self, params: RecommendParams | None = None) -> None:
        self.params = params or load_params().recommend

    def fit(self, orders: pd.DataFrame, blend: LearntBlend | FixedBlend | None = None) -> "NextBasket":
        """Learn from lines of orders: customer_id (empty for guests), order_id, ordered_at, product_id.

        The weights are learnt on each customer's last order or two, foretold from what came before, unless a `blend`
        learnt earlier is given; then everything else is counted over the whole history. Raises OrdersError when a
        column is missing or there is no line.
        """
        self.history_ = read_history(orders)
        self.given_blend_ = blend
        self._learn(self.history_.last_day)
        return self

    def recommend(
        self, customer_ids: Collection[str], as_of: object, k: int = 10, limits: Limits | None = None
    ) -> pd.DataFrame:
        """The k best products for each customer after the end of `as_of`: customer_id, rank (from 1), product_id, kind
        (repeat: bought before; explore: never) and score (0 to 1, higher is likelier), in the order asked.

        `as_of` is a date, or one for each customer. Nothing after it counts: an earlier date than the last order's
        learns again from what was known then. With a date for each customer, each one's own lines and what sells are
        read up to that date, the rest up to the latest of them. Somebody unknown gets what sells. Fewer than k rows
        come when fewer products are allowed and known.
        """
        return self._list(customer_ids, as_of, limits, {"": k})

    def recommend_apart(
        self,
        customer_ids: Collection[str],
        as_of: object,
        expected_on: object,
        repeats: int,
        finds: int,
        limits: Limits | None = None,
    ) -> pd.DataFrame:
        """Two lists for each customer, ranked apart, columns as `recommend` gives: the best `repeats` of what was
        bought before and the best `finds` of what never was.

        They are for the day on which the customer is expected (`expected_on`, one or one for each): that day decides
        what is due and in stock, though nothing after `as_of`, one date, is known.
        """
        return self._list(customer_ids, as_of, limits, {"repeat": repeats, "explore": finds}, expected_on)

    def _list(
        self,
        customer_ids: Collection[str],
        as_of: object,
        limits: Limits | None,
        counts: dict[str, int],
        expected_on: object = None,
    ) -> pd.DataFrame:
        if not hasattr(self, "history_"):
            raise OrdersError("nothing has been learnt yet; call fit first")
        asked = pd.Index(customer_ids if hasattr(customer_ids, "dtype") else list(customer_ids)).unique()
        days = [count_days(as_of)] + ([] if expected_on is None else [count_days(expected_on)])
        if any(len(day) not in (1, len(asked)) for day in days) or (len(days) == 2 and len(days[0]) > 1):
            raise OrdersError("as_of is one date, or one for each of customer_ids, which must then differ")
        if len(asked) == 0:
            return _as_frame(asked, [], self.history_.products)
        day, expected = (np.broadcast_to(some, len(asked)) for some in (days[0], days[-1]))
        self._learn(int(day.max()))
        history = self.known_.history
        number = history.customers.get_indexer(asked)
        is_known = (number >= 0) & (np.append(history.first_day_of, np.inf)[number] <= day)
        asking = _Asking(number, day, expected, find_bounds(limits or Limits(), asked, history.products), counts)
        parts = self._rank_known(np.flatnonzero(is_known), asking)
        parts += self._rank_strangers(np.flatnonzero(~is_known), asking)
        return _as_frame(asked, parts, history.products)

    def _learn(self, last_day: int) -> None:
        """Learn from what was known at the end of a day; nothing to do when that is what was learnt last."""
        last_day = min(last_day, self.history_.last_day)
        if getattr(self, "learnt_day_", None) == last_day:
            return
        history = self.history_ if last_day == self.history_.last_day else self.history_.until(last_day)
        self.blend_ = self.given_blend_ or learn_blend(history, self.params)
        self.known_ = learn_known(history, self.params)
        self.learnt_day_ = last_day

    def _rank_known(self, asked: np.ndarray, asking: "_Asking") -> list["_Ranked"]:
        parts, bounds = [], asking.bounds
        own_day = asking.expected[asked]
        # who asks for more of what was bought before gets it
        most = max(self.params.repeat_candidates, asking.counts.get("repeat", 0))
        params = replace(self.params, repeat_candidates=most)
        for found in find_candidates(
            self.known_, asking.number[asked], own_day, asking.day[asked], bounds.allowed, params
        ):
            customer = asked[found.customer]
            found = found.keep(bounds.permit(customer, found.product, asking.expected[customer], found.gone_share))
            score = self.blend_.score(found)
            for kind, count in asking.counts.items():
                kept = (found.times > 0) == (kind == "repeat") if kind else np.ones(len(score), dtype=bool)
                parts.append(_rank(asked, found.keep(kept), score[kept], count, len(bounds.allowed)))
        return parts

    def _rank_strangers(self, asked: np.ndarray, asking: "_Asking") -> list["_Ranked"]:
        parts, bounds = [], asking.bounds
        count = list(asking.counts.values())[-1]
        lines_an_order = len(self.known_.history.sold_product) / max(self.known_.history.sold_share.sum(), 1)
        # of those who are asked for on the same day, one list holds all that may be in anybody's
        days = np.column_stack([asking.day[asked], asking.expected[asked]])
        for day, expected in np.unique(days, axis=0):
            sells = find_popularity(self.known_.history, np.array([day])).rate(self.known_.facts.orders)[0]
            # per mille of lines, times the lines of an order: about the chance that an order holds it
            appeal = np.minimum(sells * (lines_an_order / 1000), 1) * bounds.allowed
            some = asked[(days == [day, expected]).all(axis=1)]
            best, score = (values[0] for values in pick_best(sparse.csr_array(appeal[None, :]), len(bounds.allowed)))
            in_stock = (bounds.in_stock_from[best] <= expected) & (expected <= bounds.in_stock_until[best])
            best, score = best[(best >= 0) & in_stock], score[(best >= 0) & in_stock]
            is_refusing = np.isin(some, bounds.refused // len(bounds.allowed))
            for those, length in ((some[~is_refusing], count), (some[is_refusing], len(best))):
                parts.append(_rank_alike(those, best[:length], score[:length], bounds, expected).keep_first(count))
        return parts


@dataclass(frozen=True)
class _Asking:
    """One element a customer asked: its `number` in the history, the `day` up to which is known, the day it is
    `expected`. `counts` says how many of each kind, or of all together (kind ""), are listed."""

    number: np.ndarray
    day: np.ndarray
    expected: np.ndarray
    bounds: Bounds
    counts: dict[str, int]


@dataclass(frozen=True)
class _Ranked:
    customer: np.ndarray
    rank: np.ndarray
    product: np.ndarray
    is_repeat: np.ndarray
    score: np.ndarray

    def keep(self, kept: np.ndarray) -> "_Ranked":
        return _Ranked(*(getattr(self, one.name)[kept] for one in fields(self)))

    def keep_first(self, count: int) -> "_Ranked":
        return self.keep(self.rank <= count)


def _rank_alike(some: np.ndarray, best: np.ndarray, score: np.ndarray, bounds: Bounds, day: int) -> _Ranked:
    """The same list for several customers, without what each refuses."""
    row, product, score = np.repeat(some, len(best)), np.tile(best, len(some)), np.tile(score, len(some))
    kept = bounds.permit(row, product, day, np.full(len(row), np.inf))
    row, product, score = row[kept], product[kept], score[kept]
    rank = np.arange(len(row)) - np.searchsorted(row, row) + 1
    return _Ranked(row, rank, product, np.zeros(len(row), dtype=bool), score)


def _rank(asked: np.ndarray, found: Candidates, score: np.ndarray, k: int, products: int) -> _Ranked:
    if not len(found.customer):
        return _Ranked(*(np.zeros(0, np.int64) for _ in fields(_Ranked)))
    first = found.customer.min()
    shape = (found.customer.max() - first + 1, products)
    # scores are above 0, so that the least likely is a candidate still
    scored = sparse.csr_array((np.maximum(score, 1e-9), (found.customer - first, found.product)), shape=shape)
    repeats = found.keep(found.times > 0)
    again = (repeats.customer - first) * np.int64(products) + repeats.product
    best, scores = pick_best(scored, k)
    row, place = np.nonzero(best >= 0)
    product = best[row, place]
    is_repeat = np.isin(row * np.int64(products) + product, again)
    return _Ranked(asked[row + first], place + 1, product, is_repeat, scores[row, place])


def _as_frame(asked: pd.Index, parts: list[_Ranked], products: pd.Index) -> pd.DataFrame:
    empty = _Ranked(*(np.zeros(0, np.int64) for _ in fields(_Ranked)))
    columns = {
        one.name: np.concatenate([getattr(part, one.name) for part in [*parts, empty]]) for one in fields(_Ranked)
    }
    order = np.lexsort((columns["rank"], columns["customer"]))
    columns = {name: values[order] for name, values in columns.items()}
    return pd.DataFrame(
        {
            "customer_id": asked.take(columns["customer"]),
            "rank": columns["rank"],
            "product_id": products.take(columns["product"]),
            "kind": np.where(columns["is_repeat"].astype(bool), "repeat", "explore"),
            "score": columns["score"].astype(np.float64),
        }
    )
