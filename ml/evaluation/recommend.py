"""The last order of each customer, foretold from the orders before it: next baskets beside simpler lists."""

from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.next_basket_peers import (
    PUBLISHED,
    TifuSettings,
    count_purchases,
    find_tifu_vectors,
    rank_personal,
    score_tifu,
)
from ml.evaluation.orders import READERS
from ml.evaluation.report import make_table, say
from ml.evaluation.shops import NAMES, simulate_lines
from ml.params import Params
from ml.recommend import Limits, NextBasket
from ml.recommend.history import History, read_history

TITLE = "the next basket of each customer, beside simpler lists and TIFU-kNN"

LEAST_ORDERS = 4
LISTED = 10
RESAMPLES, SEED = 2000, 20171231
OURS = "NextBasket"
# Lists that only count purchases, with what an order weighs against the one after it (None: nothing of one's own).
COUNTED = {
    "what sells": None,
    "personal, then what sells (GP-TopFreq)": 1.0,
    "the same, decayed by 0.95 an order": 0.95,
}


@dataclass(frozen=True)
class Trial:
    """Orders to be foretold and the lines before them, as a frame and read.

    One element a customer asked: `customers` (position in the history), `days` of the order, how many products it holds
    and how many of them were `bought_before`. `bought_pairs` are its lines, customer and product in one number.
    """

    before: pd.DataFrame
    history: History
    customers: np.ndarray
    days: pd.Series
    bought: np.ndarray
    bought_before: np.ndarray
    bought_pairs: np.ndarray

    def join(self, customers: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Customer and product as one number; a product never seen before (-1) is like no other."""
        return np.where(products >= 0, customers * np.int64(len(self.history.products)) + products, -1)


@dataclass(frozen=True)
class Measures:
    """One number a customer; NaN where the order holds no product of that kind. `repeat_recall` is of what had been
    bought before; `explore_recall` of what had not, in a list of ten new products."""

    recall: np.ndarray
    ndcg: np.ndarray
    hit: np.ndarray
    repeat_recall: np.ndarray
    explore_recall: np.ndarray


def run(params: Params, data: Path) -> str:
    """Markdown with one table for each data set."""
    sections = []
    for name in NAMES:
        say(f"{name}: reading …")
        sections.append(_evaluate(name, READERS[name](data) if name in READERS else simulate_lines(), params))
    return "\n\n".join(sections)


def _evaluate(name: str, orders: pd.DataFrame, params: Params) -> str:
    trial = hold_out(orders, LEAST_ORDERS)
    say(f"{name}: choosing the settings of TIFU-kNN on the order before the last …")
    earlier = hold_out(trial.before, LEAST_ORDERS - 1)
    chosen = max(PUBLISHED, key=lambda settings: measure(earlier, _list_tifu(earlier, settings)).recall.mean())
    lists = {peer: [_list_counted(trial, peer, only_new) for only_new in (False, True)] for peer in COUNTED}
    lists["TIFU-kNN"] = [_list_tifu(trial, chosen, only_new) for only_new in (False, True)]
    say(f"{name}: learning, and recommending to {len(trial.customers):,} customers …")
    lists[OURS] = _list_ours(trial, params)
    found = {peer: measure(trial, *both) for peer, both in lists.items()}
    again = trial.bought_before.sum() / trial.bought.sum()
    return (
        f"### {name}\n\n{len(trial.customers):,} customers, {len(trial.history.products):,} products; {again:.0%} of "
        f"what they bought they had bought before. TIFU-kNN as chosen on the order before the last: {chosen}.\n\n"
        + tabulate(found)
    )


def hold_out(orders: pd.DataFrame, least_orders: int) -> Trial:
    """Take the last order of each customer with so many orders or more away; guests stay."""
    made = _list_orders(orders)
    last = made.drop_duplicates("customer_id", keep="last").set_index("customer_id")
    last = last[made.groupby("customer_id").size().reindex(last.index) >= least_orders]
    return _make_trial(orders, orders[~orders["order_id"].isin(last["order_id"])], last)


def hold_out_next(orders: pd.DataFrame, night: date, least_orders: int) -> Trial:
    """Take everything after a night away; asked is the next order of each customer with so many orders by then."""
    end = pd.Timestamp(night) + pd.Timedelta(days=1)
    made = _list_orders(orders)
    is_after = made["ordered_at"] >= end
    following = made[is_after].drop_duplicates("customer_id").set_index("customer_id")
    orders_before = made[~is_after].groupby("customer_id").size()
    following = following[orders_before.reindex(following.index, fill_value=0) >= least_orders]
    return _make_trial(orders, orders[orders["ordered_at"] < end], following)


def _list_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """The orders of known customers, of each in the order of time."""
    known = orders[orders["customer_id"].notna()]
    made = known.groupby(["customer_id", "order_id"], as_index=False)["ordered_at"].min()
    return made.sort_values(["customer_id", "ordered_at", "order_id"])


def _make_trial(orders: pd.DataFrame, before: pd.DataFrame, asked: pd.DataFrame) -> Trial:
    """`asked` has one order a customer (order_id, ordered_at), by customer_id."""
    history = read_history(before)
    lines = orders.loc[orders["order_id"].isin(asked["order_id"]), ["customer_id", "product_id"]].drop_duplicates()
    customer, product = (
        history.customers.get_indexer(lines["customer_id"]),
        history.products.get_indexer(lines["product_id"]),
    )
    customers = np.unique(customer)
    place = np.searchsorted(customers, customer)
    days = asked.loc[history.customers[customers], "ordered_at"].dt.normalize()
    trial = Trial(before, history, customers, days, np.bincount(place), np.empty(0), np.empty(0))
    pairs = trial.join(customer, product)
    was_bought = np.isin(pairs, trial.join(history.customer, history.product))
    return replace(trial, bought_pairs=pairs[pairs >= 0], bought_before=np.bincount(place, weights=was_bought))


def measure(trial: Trial, listed: np.ndarray, listed_new: np.ndarray | None = None) -> Measures:
    """Measures of a list for each customer, shape (customers, 10), and of one that holds only new products."""
    hits, is_repeat = find_hits(trial, listed)
    discount = 1 / np.log2(np.arange(LISTED) + 2)
    ideal = np.cumsum(discount)[np.minimum(trial.bought, LISTED) - 1]
    new = trial.bought - trial.bought_before
    new_hits = hits & ~is_repeat if listed_new is None else find_hits(trial, listed_new)[0]
    return Measures(
        hits.sum(axis=1) / trial.bought,
        (hits * discount).sum(axis=1) / ideal,
        hits.any(axis=1).astype(float),
        _divide((hits & is_repeat).sum(axis=1), trial.bought_before),
        _divide(new_hits.sum(axis=1), new),
    )


def find_hits(trial: Trial, listed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which listed products are in the order, and which had been bought before; a place left empty (-1) is neither."""
    pairs = trial.join(trial.customers[:, None], listed)
    return np.isin(pairs, trial.bought_pairs), np.isin(pairs, trial.join(trial.history.customer, trial.history.product))


def _divide(hits: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.divide(hits, of, out=np.full(len(of), np.nan), where=of > 0)


def tabulate(found: dict[str, Measures]) -> str:
    """The measures of every list, and by how much NextBasket's recall is above each."""
    ours, rows = found[OURS].recall, []
    for peer, measures in found.items():
        row = [peer, *(f"{np.nanmean(getattr(measures, one.name)):.4f}" for one in fields(Measures))]
        if peer == OURS:
            row += ["", ""]
        else:
            low, high = resample(ours - measures.recall)
            row += [f"{ours.mean() / measures.recall.mean() - 1:+.1%}", f"{low:+.4f} to {high:+.4f}"]
        rows.append(row)
    header = ["list", "recall@10", "ndcg@10", "hit rate@10", "repeat recall", "explore recall"]
    return make_table([*header, "NextBasket's recall above", "95 % interval of the difference"], rows)


def resample(differences: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the mean over customers drawn again and again, both lists of a customer together."""
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _list_counted(trial: Trial, peer: str, only_new: bool) -> np.ndarray:
    counted = count_purchases(trial.history)
    own = counted[trial.customers]
    decay = COUNTED[peer]
    scores = own * 0 if decay is None else count_purchases(trial.history, decay)[trial.customers]
    return rank_personal(scores, counted.sum(axis=0), LISTED, own if only_new else None)


def _list_tifu(trial: Trial, settings: TifuSettings, only_new: bool = False) -> np.ndarray:
    counted = count_purchases(trial.history)
    scores = score_tifu(find_tifu_vectors(trial.history, settings), trial.customers, settings)
    return rank_personal(scores, counted.sum(axis=0), LISTED, counted[trial.customers] if only_new else None)


def _list_ours(trial: Trial, params: Params) -> list[np.ndarray]:
    model = NextBasket(params.recommend).fit(trial.before)
    asked, products = trial.history.customers[trial.customers], trial.history.products
    # with everything durable nothing is recommended a second time: what is left are new products only
    both = (Limits(), Limits(durables=products))
    return [place_lists(trial, model.recommend(asked, trial.days, LISTED, limits)) for limits in both]


def place_lists(trial: Trial, found: pd.DataFrame) -> np.ndarray:
    """The first ten of each list (customer_id, rank, product_id) as positions of products, one row a customer asked."""
    asked, products = trial.history.customers[trial.customers], trial.history.products
    customer = asked.get_indexer(found["customer_id"])
    kept = (customer >= 0) & (found["rank"] <= LISTED).to_numpy()
    listed = np.full((len(asked), LISTED), -1)
    listed[customer[kept], found["rank"][kept] - 1] = products.get_indexer(found["product_id"][kept])
    return listed
