"""The lists a night publishes, beside those the model would make alone on the same evening.

The model lists what is likely; a night leaves out what is sold out, refused or not due, and keeps room for news. What
that costs is told here, on the orders that came after a night of the past. The project's own commands run that night in
a folder that is thrown away.
"""

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.orders import READERS
from ml.evaluation.past_shops import PastShop, publish_past
from ml.evaluation.recommend import LISTED, OURS, Trial, hold_out_next, measure, place_lists, tabulate
from ml.evaluation.report import make_table, say
from ml.params import Params
from ml.recommend import NextBasket

TITLE = "the lists a night publishes, beside the model's own, on the next order of each customer"

LEAST_ORDERS = 3
PUBLISHED = "as published, the first ten"
_SHOPS = (PastShop("complete_journey", date(2017, 11, 30)), PastShop("online_retail", date(2011, 10, 31)))


def run(params: Params, data: Path) -> str:
    """Markdown with a section for each shop: both lists, and what each kind of product in the published ones held."""
    return "\n\n".join(_evaluate(shop, params, data) for shop in _SHOPS)


def _evaluate(shop: PastShop, params: Params, data: Path) -> str:
    orders = READERS[shop.name](data)
    trial = hold_out_next(orders, shop.night, LEAST_ORDERS)
    with tempfile.TemporaryDirectory() as folder:
        published = read_published(publish_past(shop, Path(folder)), orders)
    say(f"{shop.name}: learning, and recommending to {len(trial.customers):,} customers …")
    asked = trial.history.customers[trial.customers]
    alone = NextBasket(params.recommend).fit(trial.before).recommend(asked, shop.night, LISTED)
    found = {PUBLISHED: measure(trial, place_lists(trial, published)), OURS: measure(trial, place_lists(trial, alone))}
    return (
        f"### {shop.name}, lists of {shop.night}\n\n{len(trial.customers):,} customers with {LEAST_ORDERS} orders or "
        f"more by then and one after it.\n\n{tabulate(found)}\n\n{tell_kinds(trial, published)}"
    )


def read_published(parquet: Path, orders: pd.DataFrame) -> pd.DataFrame:
    """Published recommendations under the customers' own names, which their orders tell."""
    owners = pd.read_parquet(parquet / "orders.parquet", columns=["order_id", "customer_id"]).dropna()
    names = orders[["order_id", "customer_id"]].dropna().drop_duplicates("order_id")
    names = names.merge(owners, on="order_id", suffixes=("", "_published"))
    names = names.drop_duplicates("customer_id")[["customer_id", "customer_id_published"]]
    lists = pd.read_parquet(parquet / "recommendations.parquet", columns=["customer_id", "rank", "product_id", "kind"])
    return names.merge(lists.rename(columns={"customer_id": "customer_id_published"}), on="customer_id_published")


def tell_kinds(trial: Trial, published: pd.DataFrame) -> str:
    """A Markdown table: how many places each kind takes in the first ten and below, and what share was bought."""
    asked = trial.history.customers[trial.customers]
    of_asked = published[published["customer_id"].isin(asked)]
    pairs = trial.join(
        trial.history.customers.get_indexer(of_asked["customer_id"]),
        trial.history.products.get_indexer(of_asked["product_id"]),
    )
    told = of_asked.assign(is_bought=np.isin(pairs, trial.bought_pairs), is_first=of_asked["rank"] <= LISTED)
    rows = []
    for kind, of_kind in told.groupby("kind"):
        row = [kind]
        for is_first in (True, False):
            some = of_kind[of_kind["is_first"] == is_first]
            row += [f"{len(some) / len(asked):.2f}", f"{some['is_bought'].mean():.4f}" if len(some) else ""]
        rows.append(row)
    return make_table(("kind", "of the first ten", "of those bought", "below", "of those bought"), rows)
