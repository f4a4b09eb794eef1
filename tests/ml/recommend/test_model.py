"""What the lists promise: nothing that can't be had or was refused, the same list every time, and no look ahead."""

from dataclasses import replace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ml.recommend import Limits, NextBasket, learn_weights
from ml.recommend.blend import FixedBlend, LearntBlend
from ml.recommend.history import OrdersError

TODAY = pd.Timestamp("2024-03-12")
ASKED = ["anna", "ben", "cleo", "dora", "nobody"]


def list_products(frame, customer):
    return frame.loc[frame["customer_id"] == customer, "product_id"].to_list()


@pytest.fixture(name="model")
def _model(shop, params):
    return NextBasket(params).fit(shop)


def fit_town(town, params):
    return NextBasket(replace(params, min_learning_orders=20, epochs=2, networks=1)).fit(town)


def test_lists_are_ranked_and_say_what_is_bought_again(model):
    found = model.recommend(ASKED, TODAY, 3)
    assert list(found.columns) == ["customer_id", "rank", "product_id", "kind", "score"]
    assert found["customer_id"].drop_duplicates().to_list() == ASKED
    assert all(list(ranks) == [1, 2, 3] for _, ranks in found.groupby("customer_id")["rank"])
    assert found.groupby("customer_id")["score"].apply(lambda score: score.is_monotonic_decreasing).all()
    assert found["score"].between(0, 1).all()
    anna = found[found["customer_id"] == "anna"].set_index("product_id")
    assert list(anna.index[:2]) == ["bread", "milk"]  # both weekly; milk was bought yesterday
    assert list(anna["kind"]) == ["repeat", "repeat", "repeat"]
    assert (found[found["customer_id"] == "nobody"]["kind"] == "explore").all()


def test_what_was_never_bought_is_found_through_neighbours(model):
    ben = model.recommend(["ben"], TODAY, 3)
    assert ben["product_id"].to_list()[2] == "sugar"
    assert ben["kind"].to_list() == ["repeat", "repeat", "explore"]


def test_what_is_due_comes_before_what_was_just_bought(params, shop):
    bought_today = pd.concat([shop, shop[shop["customer_id"] == "ben"].tail(1).assign(ordered_at=TODAY, order_id="x")])
    just_bought = bought_today.iloc[-1]["product_id"]
    before = list_products(NextBasket(params).fit(shop).recommend(["ben"], TODAY, 2), "ben")
    after = list_products(NextBasket(params).fit(bought_today).recommend(["ben"], TODAY, 2), "ben")
    assert set(before) == {"coffee", "filter"}
    assert after[0] != just_bought


@pytest.mark.parametrize("kind", ["in_stock", "merchandise"])
def test_only_what_is_in_stock_and_merchandise(model, kind):
    found = model.recommend(ASKED, TODAY, 10, Limits(**{kind: ["bread", "sugar", "unheard of"]}))
    assert set(found["product_id"]) == {"bread", "sugar"}
    assert set(found["customer_id"]) == set(ASKED)


def test_both_limits_hold_together(model):
    found = model.recommend(ASKED, TODAY, 10, Limits(in_stock=["bread", "sugar"], merchandise=["sugar", "milk"]))
    assert set(found["product_id"]) == {"sugar"}


def test_nothing_returned_or_complained_of_by_that_customer(model):
    refused = pd.DataFrame({"customer_id": ["anna", "nobody", "who"], "product_id": ["milk", "bread", "sugar"]})
    found = model.recommend(ASKED, TODAY, 10, Limits(refused=refused))
    assert "milk" not in list_products(found, "anna")
    assert "bread" not in list_products(found, "nobody")
    assert "milk" in list_products(found, "dora")
    assert "bread" in list_products(found, "anna")
    nobody = found[found["customer_id"] == "nobody"]
    assert nobody["rank"].to_list() == list(range(1, len(nobody) + 1))


def test_a_durable_is_not_sold_twice(model):
    without = model.recommend(ASKED, TODAY, 10)
    limited = model.recommend(ASKED, TODAY, 10, Limits(durables=["kettle"]))
    assert "kettle" in list_products(without, "anna")
    assert "kettle" not in list_products(limited, "anna")
    assert "kettle" in list_products(limited, "nobody")


def test_what_is_not_in_stock_on_the_day_the_customer_is_expected_is_left_out(model):
    days = {"available_from": [TODAY, "2024-03-20", None], "available_until": ["2024-03-15", None, None]}
    stocked = pd.DataFrame({"product_id": ["milk", "bread", "kettle"], **days}).astype(
        {"available_from": "datetime64[s]", "available_until": "datetime64[s]"}
    )
    listed = {
        day: set(model.recommend_apart(["anna", "nobody"], TODAY, day, 9, 9, Limits(stocked=stocked))["product_id"])
        for day in ("2024-03-14", "2024-03-16", "2024-03-21")
    }
    assert {"milk", "sugar"} <= listed["2024-03-14"]
    assert {"milk", "bread"}.isdisjoint(listed["2024-03-16"])
    assert "bread" in listed["2024-03-21"]
    assert "kettle" not in listed["2024-03-21"]


def test_nothing_is_repeated_before_its_time(model):
    limits = Limits(least_gone_share=0.5)  # milk lasts Anna a week, and was bought the day before
    assert "milk" not in list_products(model.recommend(["anna"], TODAY, 9, limits), "anna")
    later = model.recommend_apart(["anna"], TODAY, "2024-03-18", 9, 9, limits)
    assert "milk" in list_products(later, "anna")


def test_repeats_and_finds_are_ranked_apart(model):
    found = model.recommend_apart(ASKED, TODAY, TODAY, 1, 2)
    for (customer, kind), ranks in found.groupby(["customer_id", "kind"])["rank"]:
        assert list(ranks) == [1] if kind == "repeat" else [1, 2], customer
    assert set(found[found["customer_id"] == "nobody"]["kind"]) == {"explore"}
    together = model.recommend(["anna"], TODAY, 9)
    for kind in ("repeat", "explore"):
        one = found[(found["customer_id"] == "anna") & (found["kind"] == kind)]["product_id"].to_list()
        assert one == together[together["kind"] == kind]["product_id"].to_list()[: len(one)]


def test_who_asks_for_more_of_what_was_bought_before_gets_it(shop, params):
    few = NextBasket(replace(params, repeat_candidates=1)).fit(shop)
    assert list_products(few.recommend(["anna"], TODAY, 9), "anna")[0] == "milk"
    found = few.recommend_apart(["anna"], TODAY, TODAY, 3, 1)
    assert set(found.loc[found["kind"] == "repeat", "product_id"]) == {"milk", "bread", "kettle"}


def test_weights_learnt_before_are_taken_as_they_are(params, town):
    some = replace(params, min_learning_orders=20, epochs=2, networks=1)
    weights = learn_weights(town, some)
    asked = town["customer_id"].unique()
    given = NextBasket(some).fit(town, weights)
    assert given.blend_ is weights
    assert_frame_equal(given.recommend(asked, TODAY, 5), fit_town(town, params).recommend(asked, TODAY, 5))
    assert isinstance(learn_weights(town.head(0), some), FixedBlend)


def test_strangers_get_what_sells_these_days(model):
    assert list_products(model.recommend(["nobody"], TODAY, 2), "nobody") == ["bread", "rolls"]
    earlier = model.recommend(["nobody"], "2024-02-20", 1)
    assert list_products(earlier, "nobody") == ["milk"]  # the guests' bread was not sold yet


def test_a_strangers_list_is_full_though_the_best_is_sold_out_or_refused(model):
    sold_out = pd.DataFrame({"product_id": ["bread"], "available_from": [TODAY], "available_until": [TODAY]})
    coming = sold_out.assign(available_from=pd.Timestamp("2024-04-01"), available_until=pd.NaT)
    refused = pd.DataFrame({"customer_id": ["nobody"], "product_id": ["bread"]})
    for limits in (Limits(stocked=sold_out), Limits(stocked=coming), Limits(refused=refused)):
        found = model.recommend_apart(["nobody"], TODAY, "2024-03-14", 1, 1, limits)
        assert list_products(found, "nobody") == ["rolls"]


def test_a_strangers_score_is_the_chance_that_an_order_holds_it(params):
    days = pd.date_range("2024-03-01", periods=12)
    orders = [("tea", "milk") if place % 4 == 0 else ("tea", "cake") for place in range(12)]
    rows = [
        (f"c{place}", f"o{place}", day, product)
        for place, (day, bought) in enumerate(zip(days, orders, strict=True))
        for product in bought
    ]
    shop = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_at", "product_id"])
    found = NextBasket(params).fit(shop).recommend(["nobody"], days[-1], 3).set_index("product_id")["score"]
    # in every order, in three of four, in one of four; of the seven orders of the last week in all, six and one
    assert found.to_dict() == pytest.approx(
        {"tea": 1, "cake": (6 / 7 + 9 / 12 + 9 / 12) / 3, "milk": (1 / 7 + 3 / 12 + 3 / 12) / 3}
    )


def test_somebody_who_first_bought_later_is_a_stranger_still(shop, params):
    late = shop[shop["customer_id"] == "ben"].assign(customer_id="zoe", ordered_at=TODAY, order_id="late")
    model = NextBasket(params).fit(pd.concat([shop, late]))
    found = model.recommend(["zoe"], "2024-03-11", 3)
    assert (found["kind"] == "explore").all()


def test_equals_come_in_the_order_of_their_ids(params):
    lines = [("eve", "o1", TODAY, product) for product in ["pear", "apple", "fig", "date"]]
    orders = pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "product_id"])
    found = NextBasket(params).fit(orders).recommend(["eve", "nobody"], TODAY, 4)
    assert list_products(found, "eve") == ["apple", "date", "fig", "pear"]
    assert list_products(found, "nobody") == ["apple", "date", "fig", "pear"]


@pytest.mark.parametrize("name", ["shop", "town"])
def test_the_order_of_rows_changes_nothing(request, params, name):
    orders = request.getfixturevalue(name)
    asked = orders["customer_id"].dropna().unique()
    shuffled = orders.sample(frac=1, random_state=5)
    shuffled = pd.concat([shuffled, shuffled.head(3)])  # a product named twice in an order counts once
    first, second = (fit_town(lines, params).recommend(asked, TODAY, 5) for lines in (orders, shuffled))
    assert_frame_equal(first, second, check_exact=True)


def test_the_size_of_the_batch_changes_nothing(params, town, monkeypatch):
    model = fit_town(town, params)
    asked = town["customer_id"].unique()
    together = model.recommend(asked, TODAY, 5)
    monkeypatch.setattr("ml.recommend.candidates._CELLS", 24)
    apart = model.recommend(asked, TODAY, 5)
    assert_frame_equal(together.drop(columns="score"), apart.drop(columns="score"))
    assert together["score"].to_numpy() == pytest.approx(apart["score"].to_numpy(), abs=1e-6)


@pytest.mark.parametrize("name", ["shop", "town"])
def test_rows_after_the_date_change_nothing(request, params, name):
    orders = request.getfixturevalue(name)
    asked = [*orders["customer_id"].dropna().unique(), "nobody"]
    day = pd.Timestamp("2024-02-12")
    before = orders[orders["ordered_at"] < day + pd.Timedelta(days=1)]
    assert 0 < len(before) < len(orders)
    later = orders[orders["ordered_at"] >= day + pd.Timedelta(days=1)].assign(product_id="a new thing")
    known_then = fit_town(before, params).recommend(asked, day, 5)
    looked_back = fit_town(pd.concat([before, later]), params).recommend(asked, day, 5)
    assert_frame_equal(known_then, looked_back, check_exact=True)


def test_a_date_for_each_customer_reads_each_ones_own_lines_to_that_date(model):
    found = model.recommend(["anna", "ben"], ["2024-03-10", "2024-03-12"], 10)
    anna = found[found["customer_id"] == "anna"].set_index("product_id")
    assert anna.loc["milk", "kind"] == "repeat"
    assert anna.loc["kettle", "kind"] == "explore"  # hers, but of the day after
    ben = found[found["customer_id"] == "ben"]
    assert set(ben.loc[ben["kind"] == "repeat", "product_id"]) == {"coffee", "filter"}


def test_weights_are_learnt_where_there_is_enough_to_learn_from(params, town, shop):
    assert isinstance(fit_town(town, params).blend_, LearntBlend)
    assert isinstance(NextBasket(params).fit(shop).blend_, FixedBlend)


def test_learnt_weights_put_staples_first(params, town):
    model = NextBasket(replace(params, min_learning_orders=20, epochs=30, networks=1)).fit(town)
    found = model.recommend(town["customer_id"].unique(), "2024-03-01", 2)
    counts = town.groupby(["customer_id", "product_id"]).size()
    staples = counts[counts >= 4].reset_index()[["customer_id", "product_id"]]
    hits = found.merge(staples, on=["customer_id", "product_id"])
    assert len(hits) / len(found) > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines.drop(columns="ordered_at"), "no column ordered_at"),
        (lambda lines: lines.assign(product_id=None), "lines without product_id"),
        (lambda lines: lines.head(0), "hold no line"),
    ],
)
def test_orders_that_teach_nothing_are_refused(shop, params, change, message):
    with pytest.raises(OrdersError, match=message):
        NextBasket(params).fit(change(shop))


def test_a_wrong_call_is_one_sentence(shop, params, model):
    with pytest.raises(OrdersError, match="call fit first"):
        NextBasket(params).recommend(["anna"], TODAY)
    with pytest.raises(OrdersError, match="one date, or one for each"):
        model.recommend(["anna", "ben", "cleo"], [TODAY, TODAY])
    assert len(model.recommend([], TODAY)) == 0
