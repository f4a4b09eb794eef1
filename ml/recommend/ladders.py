"""The step up: good, better and best of each subcategory, and who may be offered the next rung."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.params import LadderParams

RUNGS = 3  # good, better, best
STEP = ["product_id", "next_product_id"]


@dataclass(frozen=True)
class Ladders:
    """`rungs`, one row a product: subcategory, rung (0 good, 1 better, 2 best), price, margin (a unit's; NaN where the
    cost is unknown), buyers.

    `steps`, one row for a product that has a next one: next_product_id, `keepers` who kept buying the first, how many
    of them `stepped`, the `chance` that a keeper does, and `margin_gained` by a unit. None leads to a faulty product.
    """

    rungs: pd.DataFrame
    steps: pd.DataFrame


def build_ladders(lines: pd.DataFrame, products: pd.DataFrame, faults: pd.DataFrame, params: LadderParams) -> Ladders:
    """Ladders from lines (customer_id, order_id, ordered_at, product_id, unit_price), products (product_id,
    subcategory, unit_cost) and faults (customer_id, product_id: what was returned or complained of)."""
    rungs = _find_rungs(lines, products, params)
    is_sound = _find_fault_ratio(rungs, faults, params) <= params.most_fault_ratio
    return Ladders(rungs, _find_steps(lines, rungs, is_sound, params))


def offer_steps(lines: pd.DataFrame, ladders: Ladders, params: LadderParams) -> pd.DataFrame:
    """Who may be offered what: customer_id, product_id, next_product_id, chance and expected_margin (chance times
    margin gained), the most worth having first. One who has bought the next product before is not offered it.

    Steps whose margin is unknown or that would lose money are left out.
    """
    keepers = _find_keepers(lines, params)[["customer_id", "product_id"]]
    offers = keepers.merge(ladders.steps, on="product_id")
    bought = pd.MultiIndex.from_frame(lines[["customer_id", "product_id"]].drop_duplicates())
    offers = offers[~pd.MultiIndex.from_frame(offers[["customer_id", "next_product_id"]]).isin(bought)]
    offers = offers[offers["margin_gained"] > 0]
    offers = offers.assign(expected_margin=offers["chance"] * offers["margin_gained"])
    offers = offers.sort_values(["expected_margin", "customer_id", *STEP], ascending=[False, True, True, True])
    return offers[["customer_id", *STEP, "chance", "expected_margin"]].reset_index(drop=True)


def _find_rungs(lines: pd.DataFrame, products: pd.DataFrame, params: LadderParams) -> pd.DataFrame:
    """A third of a subcategory's products on each rung, by the median price paid; equal prices share a rung."""
    sold = lines.groupby("product_id").agg(price=("unit_price", "median"), buyers=("customer_id", "nunique"))
    sold = sold[(sold["buyers"] >= params.min_buyers) & (sold["price"] > 0)].reset_index()
    rungs = sold.merge(
        products[["product_id", "subcategory", "unit_cost"]].dropna(subset="subcategory"), on="product_id"
    )
    by_price = rungs.groupby("subcategory")["price"]
    rungs = rungs[by_price.transform("nunique") >= RUNGS]
    place = (rungs.groupby("subcategory")["price"].rank(method="dense") - 1).astype(int)
    prices = rungs.groupby("subcategory")["price"].transform("nunique")
    rungs = rungs.assign(rung=place * RUNGS // prices, margin=rungs["price"] - rungs["unit_cost"])
    columns = ["product_id", "subcategory", "rung", "price", "margin", "buyers"]
    return rungs[columns].sort_values("product_id").reset_index(drop=True)


def _find_keepers(lines: pd.DataFrame, params: LadderParams) -> pd.DataFrame:
    """Customers who bought a product in `keeper_orders` orders or more, and since when they had."""
    orders = lines.dropna(subset="customer_id").groupby(["customer_id", "product_id", "order_id"], as_index=False)
    orders = orders["ordered_at"].min().sort_values(["customer_id", "product_id", "ordered_at", "order_id"])
    place = orders.groupby(["customer_id", "product_id"]).cumcount() + 1
    keepers = orders[place == params.keeper_orders]
    return keepers[["customer_id", "product_id", "ordered_at"]].rename(columns={"ordered_at": "keeps_since"})


def _find_steps(lines: pd.DataFrame, rungs: pd.DataFrame, is_sound: np.ndarray, params: LadderParams) -> pd.DataFrame:
    """To each product the sound one on the next rung that most of its keepers went on to; of equals what most buy."""
    lower, upper = rungs[rungs["rung"] < RUNGS - 1], rungs[is_sound & (rungs["rung"] > 0)]
    upper = upper.assign(rung=upper["rung"] - 1).add_prefix("next_")
    steps = lower.merge(upper, left_on=["subcategory", "rung"], right_on=["next_subcategory", "next_rung"])
    steps = steps[steps["next_price"] >= steps["price"] * (1 + params.min_price_step)]
    keepers = _find_keepers(lines, params)
    firsts = lines.groupby(["customer_id", "product_id"], as_index=False)["ordered_at"].min()
    moves = keepers.merge(steps[STEP], on="product_id").merge(
        firsts.rename(columns={"product_id": "next_product_id"}), on=["customer_id", "next_product_id"], how="left"
    )
    # who had the dearer one before has nothing to step up to
    moves = moves[~(moves["ordered_at"] <= moves["keeps_since"])]
    counts = moves.groupby(STEP).agg(keepers=("customer_id", "size"), stepped=("ordered_at", "count"))
    steps = steps.merge(counts.reset_index(), on=STEP, how="left").fillna({"keepers": 0, "stepped": 0})
    steps = steps.sort_values(
        ["product_id", "stepped", "next_buyers", "next_product_id"], ascending=[True, False, False, True]
    )
    steps = steps.drop_duplicates("product_id")
    usual = steps["stepped"].sum() / max(steps["keepers"].sum(), 1)
    chance = (steps["stepped"] + usual * params.prior_customers) / (steps["keepers"] + params.prior_customers)
    steps = steps.assign(chance=chance, margin_gained=steps["next_margin"] - steps["margin"])
    whole = {"keepers": np.int64, "stepped": np.int64}
    return steps[[*STEP, "keepers", "stepped", "chance", "margin_gained"]].astype(whole).reset_index(drop=True)


def _find_fault_ratio(rungs: pd.DataFrame, faults: pd.DataFrame, params: LadderParams) -> np.ndarray:
    """How often buyers of a product returned it or complained of it, against all products (1: as often)."""
    faulty = faults.drop_duplicates(["customer_id", "product_id"]).groupby("product_id").size()
    faulty, buyers = faulty.reindex(rungs["product_id"], fill_value=0).to_numpy(), rungs["buyers"].to_numpy()
    usual = faulty.sum() / max(buyers.sum(), 1)
    share = (faulty + usual * params.prior_customers) / (buyers + params.prior_customers)
    return share / usual if usual else share
