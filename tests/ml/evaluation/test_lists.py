"""Published lists are met with the orders that came after their night, under the customers' own names."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import lists
from ml.evaluation.recommend import hold_out_next, measure, place_lists
from tests.ml.evaluation.test_recommend import make_orders

NIGHT = date(2024, 1, 3)  # the evening of everybody's third order


@pytest.fixture(name="orders")
def _orders():
    return make_orders(ann="ab a ac abx c", bob="b b b", guest="c c c c", cid="a a a bd")


@pytest.fixture(name="published")
def _published(tmp_path, orders):
    """What a night wrote: customers under other names, one of them unknown to the orders."""
    owners = (
        orders.dropna()
        .drop_duplicates("order_id")[["order_id"]]
        .assign(customer_id=lambda made: "c_" + made["order_id"].str[:3])
    )
    owners.to_parquet(tmp_path / "orders.parquet")
    rows = [("c_ann", 1, "a", "repeat"), ("c_ann", 2, "c", "repeat"), ("c_ann", 11, "b", "explore")]
    rows += [("c_cid", 1, "d", "explore"), ("c_bob", 1, "b", "repeat"), ("c_new", 1, "a", "explore")]
    frame = pd.DataFrame(rows, columns=["customer_id", "rank", "product_id", "kind"])
    frame.to_parquet(tmp_path / "recommendations.parquet")
    return lists.read_published(tmp_path, orders)


def test_asked_is_the_next_order_of_those_with_enough_before_the_night(orders):
    trial = hold_out_next(orders, NIGHT, 3)
    assert trial.history.customers[trial.customers].to_list() == ["ann", "cid"]
    assert trial.bought.tolist() == [3, 2]  # the order after that is no longer asked for
    assert trial.before["ordered_at"].max() == pd.Timestamp(NIGHT)
    assert trial.bought_before.tolist() == [2, 0]
    assert len(hold_out_next(orders, NIGHT, 4).customers) == 0


def test_the_first_ten_count_under_the_names_the_orders_tell(orders, published):
    trial = hold_out_next(orders, NIGHT, 3)
    assert set(published["customer_id"]) == {"ann", "bob", "cid"}
    measures = measure(trial, place_lists(trial, published))
    # of a, b and x the first ten hold a; b stands eleventh; d was not sold before the night
    assert measures.recall.tolist() == pytest.approx([1 / 3, 0])
    assert np.isnan(measures.repeat_recall[1])


def test_kinds_tell_their_places_and_what_was_bought_of_them(orders, published):
    rows = lists.tell_kinds(hold_out_next(orders, NIGHT, 3), published).splitlines()
    assert rows[2] == "| explore | 0.50 | 0.0000 | 0.50 | 1.0000 |"
    assert rows[3] == "| repeat | 1.00 | 0.5000 | 0.00 |  |"
