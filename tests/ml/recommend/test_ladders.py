"""Ladders come from prices, chances from those who went on, and nobody is led to what others send back."""

from dataclasses import replace

import pandas as pd
import pytest

from ml.params import load_params
from ml.recommend.ladders import build_ladders, offer_steps

PRICES = {"basic": 10.0, "middle": 15.0, "fine": 30.0, "cheap soap": 1.0, "soap": 1.0}
PRODUCTS = pd.DataFrame(
    {
        "product_id": list(PRICES),
        "subcategory": ["COFFEE", "COFFEE", "COFFEE", "SOAP", "SOAP"],
        "unit_cost": [8.0, 10.0, 20.0, 0.5, None],
    }
)
NO_FAULTS = pd.DataFrame({"customer_id": [], "product_id": []})


def make_lines(**bought):
    """Each customer's orders, one a day, of one product each."""
    lines = [
        (customer, f"{customer}{day}", pd.Timestamp(2024, 1, 1 + day), product, PRICES[product])
        for customer, products in bought.items()
        for day, product in enumerate(products)
    ]
    return pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "product_id", "unit_price"])


@pytest.fixture(name="params")
def _params():
    return replace(load_params().ladders, min_buyers=1, keeper_orders=2, prior_customers=2)


@pytest.fixture(name="lines")
def _lines():
    """Of three who kept buying basic, one went on to middle; dan had middle before; eve and fay buy the rest."""
    return make_lines(
        ann=["basic", "basic", "middle"],
        bob=["basic", "basic", "basic"],
        cid=["basic", "basic"],
        dan=["middle", "basic", "basic"],
        eve=["fine", "soap", "cheap soap"],
        fay=["middle", "middle", "fine"],
    )


def test_rungs_follow_prices_and_need_three_of_them(lines, params):
    rungs = build_ladders(lines, PRODUCTS, NO_FAULTS, params).rungs.set_index("product_id")
    assert rungs["rung"].to_dict() == {"basic": 0, "middle": 1, "fine": 2}
    assert rungs.loc["basic", ["price", "margin", "buyers"]].to_list() == [10, 2, 4]


def test_chances_are_of_those_who_kept_buying_and_had_not_the_dearer_one(lines, params):
    steps = build_ladders(lines, PRODUCTS, NO_FAULTS, params).steps.set_index("product_id")
    assert steps.loc["basic", ["next_product_id", "keepers", "stepped"]].to_list() == ["middle", 3, 1]
    assert steps.loc["middle", ["next_product_id", "keepers", "stepped"]].to_list() == ["fine", 1, 1]
    usual = 2 / 4
    assert steps.loc["basic", "chance"] == pytest.approx((1 + 2 * usual) / (3 + 2))
    assert steps["margin_gained"].to_dict() == {"basic": 3, "middle": 5}


def test_offers_go_to_keepers_who_have_not_the_next_one(lines, params):
    offers = offer_steps(lines, build_ladders(lines, PRODUCTS, NO_FAULTS, params), params)
    assert offers[["customer_id", "product_id", "next_product_id"]].to_numpy().tolist() == [
        ["bob", "basic", "middle"],
        ["cid", "basic", "middle"],
    ]
    assert offers["expected_margin"].tolist() == pytest.approx([3 * 2 / 5] * 2)


def test_no_step_leads_to_what_others_send_back(lines, params):
    faults = pd.DataFrame({"customer_id": ["ann", "dan", "fay"], "product_id": ["middle"] * 3})
    steps = build_ladders(lines, PRODUCTS, faults, replace(params, most_fault_ratio=1.5)).steps
    assert steps["next_product_id"].to_list() == ["fine"]


def test_a_step_that_loses_money_or_whose_cost_is_unknown_is_not_offered(lines, params):
    for cost in (14.0, None):
        products = PRODUCTS.assign(unit_cost=PRODUCTS["unit_cost"].where(PRODUCTS["product_id"] != "middle", cost))
        assert offer_steps(lines, build_ladders(lines, products, NO_FAULTS, params), params).empty


def test_a_small_difference_in_price_is_no_step(lines, params):
    steps = build_ladders(lines, PRODUCTS, NO_FAULTS, replace(params, min_price_step=0.6)).steps
    assert steps["product_id"].to_list() == ["middle"]


def test_the_order_of_rows_changes_nothing(lines, params):
    shuffled = lines.sample(frac=1, random_state=3)
    first, second = (
        offer_steps(some, build_ladders(some, PRODUCTS, NO_FAULTS, params), params) for some in (lines, shuffled)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)
