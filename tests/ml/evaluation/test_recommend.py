"""The protocol of next baskets on orders small enough to work out by hand."""

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import recommend
from ml.evaluation.next_basket_peers import (
    TifuSettings,
    count_purchases,
    find_tifu_vectors,
    rank_personal,
    score_tifu,
)
from ml.recommend.history import read_history


def make_orders(**baskets):
    """Each customer's orders, one a day, as words of one letter for each product."""
    lines = [
        (None if customer == "guest" else customer, f"{customer}{day}", pd.Timestamp(2024, 1, 1 + day), product)
        for customer, orders in baskets.items()
        for day, products in enumerate(orders.split())
        for product in products
    ]
    return pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "product_id"])


@pytest.fixture(name="orders")
def _orders():
    return make_orders(ann="ab a ac abx", bob="b b b", guest="c c", cid="a a a a bd")


def test_the_last_order_is_held_out_of_those_with_enough(orders):
    trial = recommend.hold_out(orders, 4)
    assert trial.history.customers[trial.customers].to_list() == ["ann", "cid"]
    assert trial.bought.tolist() == [3, 2]
    assert trial.bought_before.tolist() == [2, 0]
    assert set(orders["order_id"]) - set(trial.before["order_id"]) == {"ann3", "cid4"}
    assert trial.days.dt.day.tolist() == [4, 5]


def test_measures_are_those_worked_out_by_hand(orders):
    trial = recommend.hold_out(orders, 4)
    place = trial.history.products.get_loc
    listed = np.full((2, 10), -1)
    listed[0, :3] = place("a"), place("c"), place("b")
    listed[1, :1] = place("a")
    listed_new = np.full((2, 10), -1)
    listed_new[1, :1] = place("b")
    measures = recommend.measure(trial, listed, listed_new)
    assert measures.recall.tolist() == pytest.approx([2 / 3, 0])
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert measures.ndcg.tolist() == pytest.approx([(1 + 1 / np.log2(4)) / ideal, 0])
    assert measures.hit.tolist() == [1, 0]
    assert measures.repeat_recall[0] == 1
    assert np.isnan(measures.repeat_recall[1])
    # x and d were never sold before: nobody can list them, and they count as missed
    assert measures.explore_recall.tolist() == pytest.approx([0, 1 / 2])


@pytest.mark.parametrize(
    ("throughout", "weight_of_a"),
    # five orders in two groups of two and three; a is in the first, the third and the last
    [(False, (0.9 / 2 * 0.5 + (0.9**2 + 1) / 3) / 2), (True, (0.9**4 / 2 * 0.5 + (0.9**2 + 1) / 3) / 2)],
)
def test_temporal_item_frequencies_are_those_of_the_paper(throughout, weight_of_a):
    history = read_history(make_orders(ann="a b a b a"))
    vectors = find_tifu_vectors(history, TifuSettings(1, 2, 0.9, 0.5, 0.5, throughout))
    assert vectors.toarray()[0, 0] == pytest.approx(weight_of_a)


def test_fewer_orders_than_groups_are_a_group_each():
    history = read_history(make_orders(ann="a b"))
    vectors = find_tifu_vectors(history, TifuSettings(1, 7, 0.9, 0.5, 0.5, False))
    assert vectors.toarray()[0].tolist() == pytest.approx([0.25, 0.5])


def test_the_nearest_customers_are_mixed_in():
    history = read_history(make_orders(ann="a", bob="ab", cid="x"))
    settings = TifuSettings(2, 1, 1.0, 1.0, 0.6, False)
    scores = score_tifu(find_tifu_vectors(history, settings), np.array([0]), settings).toarray()[0]
    assert scores.tolist() == pytest.approx([1.0, 0.4 / 2, 0])


def test_what_sells_fills_up_and_skipped_products_stay_away(orders):
    history = read_history(orders)
    counted = count_purchases(history)
    sold = counted.sum(axis=0)
    assert history.products[rank_personal(counted[[1]], sold, 3, None)[0]].to_list() == ["b", "a", "c"]
    assert history.products[rank_personal(counted[[1]], sold, 2, counted[[1]])[0]].to_list() == ["a", "c"]


def test_no_purchase_of_ones_own_decides_what_sells(orders):
    trial = recommend.hold_out(orders, 4)
    listed = recommend._list_counted(trial, "what sells", False)
    assert (listed == listed[0]).all()


def test_a_clear_difference_has_an_interval_above_zero():
    assert recommend.resample(np.linspace(0.1, 0.3, 200))[0] > 0.1
    low, high = recommend.resample(np.linspace(-0.2, 0.2, 200))
    assert low < 0 < high
