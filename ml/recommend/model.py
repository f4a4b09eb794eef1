"""The next basket of each customer: fit on orders, recommend a ranked list that knows people buy again."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
from scipy import sparse

from ml.params import RecommendParams, load_params
from ml.recommend.best import pick_best
from ml.recommend.blend import learn_blend, learn_known
from ml.recommend.candidates import Candidates, find_candidates
from ml.recommend.history import OrdersError, count_days, read_history
from ml.recommend.popularity import find_popularity


@dataclass(frozen=True)
class Limits:
    """What may be recommended. None means no limit of that kind.

    `in_stock` and `merchandise` are product ids; both must hold a product. `refused` is a frame of customer_id and
    product_id, what a customer returned or complained of. `durables` are product ids nobody needs a second time soon.
    """

    in_stock: Collection[str] | None = None
    merchandise: Collection[str] | None = None
    refused: pd.DataFrame | None = None
    durables: Collection[str] = field(default=())


class NextBasket:
    """Personal frequency, what is due, neighbours and popularity, blended with weights learnt from the history.

    The idea that frequency of one's own purchases is most of the answer is that of Hu and others (2020, TIFU-kNN);
    neighbours are products, not customers, so that the work grows with customers and not with their square.
    """

    def __init__(self, params: RecommendParams | None = None) -> None:
        self.params = params or load_params().recommend

    def fit(self, orders: pd.DataFrame) -> "NextBasket":
        """Learn from lines of orders: customer_id (empty for guests), order_id, ordered_at, product_id.

        The weights are learnt on each customer's last order or two, foretold from what came before; then everything
        else is counted over the whole history. Raises OrdersError when a column is missing or there is no line.
        """
        self.history_ = read_history(orders)
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
        if not hasattr(self, "history_"):
            raise OrdersError("nothing has been learnt yet; call fit first")
        asked = pd.Index(pd.unique(pd.Series(list(customer_ids), dtype=object)))
        day = count_days(as_of)
        if len(day) not in (1, len(asked)):
            raise OrdersError("as_of is one date, or one for each of customer_ids, which must then differ")
        if len(asked) == 0:
            return _as_frame(asked, [], self.history_.products)
        day = np.broadcast_to(day, len(asked))
        self._learn(int(day.max()))
        history, limits = self.known_.history, limits or Limits()
        number = history.customers.get_indexer(asked)
        is_known = (number >= 0) & (np.append(history.first_day_of, np.inf)[number] <= day)
        allowed = _find_allowed(history.products, limits)
        refused = _find_refused(asked, history.products, limits)
        durable = history.products.isin(limits.durables)
        parts = self._rank_known(np.flatnonzero(is_known), number, day, k, allowed, refused, durable)
        parts += self._rank_strangers(np.flatnonzero(~is_known), day, k, allowed, refused)
        return _as_frame(asked, parts, history.products)

    def _learn(self, last_day: int) -> None:
        """Learn from what was known at the end of a day; nothing to do when that is what was learnt last."""
        last_day = min(last_day, self.history_.last_day)
        if getattr(self, "learnt_day_", None) == last_day:
            return
        history = self.history_ if last_day == self.history_.last_day else self.history_.until(last_day)
        self.blend_ = learn_blend(history, self.params)
        self.known_ = learn_known(history, self.params)
        self.learnt_day_ = last_day

    def _rank_known(
        self,
        asked: np.ndarray,
        number: np.ndarray,
        day: np.ndarray,
        k: int,
        allowed: np.ndarray,
        refused: np.ndarray,
        durable: np.ndarray,
    ) -> list["_Ranked"]:
        parts = []
        for found in find_candidates(self.known_, number[asked], day[asked], day[asked], allowed, self.params):
            found = found.keep(~(durable[found.product] & (found.times > 0)))
            if len(refused):
                found = found.keep(~np.isin(asked[found.customer] * np.int64(len(allowed)) + found.product, refused))
            parts.append(_rank(asked, found, self.blend_.score(found), k, len(allowed)))
        return parts

    def _rank_strangers(
        self, asked: np.ndarray, day: np.ndarray, k: int, allowed: np.ndarray, refused: np.ndarray
    ) -> list["_Ranked"]:
        parts = []
        for one_day in np.unique(day[asked]):
            appeal = find_popularity(self.known_.history, np.array([one_day])).rate(self.known_.facts.orders)[0]
            appeal = appeal * allowed / max(appeal.max(), 1e-9)
            some = asked[day[asked] == one_day]
            best, score = (values[0] for values in pick_best(sparse.csr_array(appeal[None, :]), len(allowed)))
            best, score = best[best >= 0], score[best >= 0]
            if not np.isin(refused // len(allowed), some).any():
                best, score = best[:k], score[:k]
            row, product = np.repeat(some, len(best)), np.tile(best, len(some))
            kept = ~np.isin(row * np.int64(len(allowed)) + product, refused)
            row, product, score = row[kept], product[kept], np.tile(score, len(some))[kept]
            rank = np.arange(len(row)) - np.searchsorted(row, row) + 1
            part = _Ranked(row, rank, product, np.zeros(len(row), dtype=bool), score)
            parts.append(part.keep(rank <= k))
        return parts


@dataclass(frozen=True)
class _Ranked:
    customer: np.ndarray
    rank: np.ndarray
    product: np.ndarray
    is_repeat: np.ndarray
    score: np.ndarray

    def keep(self, kept: np.ndarray) -> "_Ranked":
        return _Ranked(*(getattr(self, one.name)[kept] for one in fields(self)))


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


def _find_allowed(products: pd.Index, limits: Limits) -> np.ndarray:
    allowed = np.ones(len(products), dtype=bool)
    for those in (limits.in_stock, limits.merchandise):
        if those is not None:
            allowed &= products.isin(those)
    return allowed


def _find_refused(asked: pd.Index, products: pd.Index, limits: Limits) -> np.ndarray:
    """Each refused pair as one number."""
    if limits.refused is None:
        return np.zeros(0, np.int64)
    customer = asked.get_indexer(limits.refused["customer_id"])
    product = products.get_indexer(limits.refused["product_id"])
    held = (customer >= 0) & (product >= 0)
    return customer[held] * np.int64(len(products)) + product[held]


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
