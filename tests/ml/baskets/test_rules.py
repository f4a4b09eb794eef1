"""Pairs and rules against counts made by hand."""

from dataclasses import replace

import duckdb
import pytest
from scipy.stats import fisher_exact

from ml.baskets.count import TABLES, count_pairs, find_least_baskets
from ml.baskets.rules import mine_rules
from ml.params import load_params

LINES = "select * from lines"

# Ten baskets: bread in 6, milk in 5, both in 4; jam in 2, always with bread; a newspaper alone.
BASKETS = [
    ["bread", "milk"],
    ["bread", "milk"],
    ["bread", "milk", "jam"],
    ["bread", "milk"],
    ["bread", "jam"],
    ["bread"],
    ["milk"],
    ["newspaper"],
    ["newspaper"],
    ["newspaper"],
]


@pytest.fixture
def params():
    return replace(load_params().baskets.product, min_support=0.0, min_baskets=1, min_confidence=0.0)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def fill(connection, baskets):
    connection.execute("create table lines (basket_id varchar, item varchar)")
    rows = [(f"b{number}", item) for number, items in enumerate(baskets) for item in items]
    connection.executemany("insert into lines values (?, ?)", rows)


def rules_of(table):
    return {(row["antecedent"], row["consequent"]): row for row in table.to_pylist()}


def test_rules_equal_hand_counts(connection, params):
    fill(connection, BASKETS)
    rules = rules_of(mine_rules(connection, LINES, "product", params))
    rule = rules["bread", "milk"]
    assert rule["baskets"] == 4
    assert rule["support"] == pytest.approx(4 / 10)
    assert rule["confidence"] == pytest.approx(4 / 6)
    assert rule["lift"] == pytest.approx(0.4 / (0.6 * 0.5))
    assert rule["leverage"] == pytest.approx(0.4 - 0.6 * 0.5)
    assert (rule["level"], rule["antecedent_2"]) == ("product", None)
    back = rules["milk", "bread"]
    assert back["confidence"] == pytest.approx(4 / 5)
    assert (back["lift"], back["p_value"]) == (rule["lift"], rule["p_value"])


def test_p_value_is_fishers_exact_test(connection, params):
    fill(connection, BASKETS)
    rule = rules_of(mine_rules(connection, LINES, "category", params))["bread", "milk"]
    assert rule["p_value"] == pytest.approx(fisher_exact([[4, 2], [1, 3]], alternative="greater").pvalue)


def test_a_pair_no_likelier_than_chance_is_no_rule(connection, params):
    fill(connection, [["a", "b"], ["a"], ["b"], ["c"]])  # a and b are in half each, together in a quarter
    assert mine_rules(connection, LINES, "product", params).num_rows == 0


def test_repeated_lines_count_once_and_empty_ones_not_at_all(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines values ('b0', 'bread'), ('b0', 'bread'), (null, 'bread'), ('b99', null)")
    counts = count_pairs(connection, LINES, params)
    assert counts.baskets == 10
    assert dict(zip(counts.items, counts.item_baskets, strict=True))["bread"] == 6


def test_single_item_baskets_stay_in_the_total(connection, params):
    fill(connection, BASKETS)
    assert count_pairs(connection, LINES, params).baskets == 10


def test_support_and_confidence_cut_rules(connection, params):
    fill(connection, BASKETS)
    assert set(rules_of(mine_rules(connection, LINES, "product", replace(params, min_support=0.3)))) == {
        ("bread", "milk"),
        ("milk", "bread"),
    }
    confident = rules_of(mine_rules(connection, LINES, "product", replace(params, min_confidence=0.7)))
    assert set(confident) == {("milk", "bread"), ("jam", "bread")}


def test_one_basket_of_500_items_is_cut_from_every_count_and_reported(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'huge', 'item' || range from range(498)")
    connection.execute("insert into lines values ('huge', 'bread'), ('huge', 'milk')")
    table = mine_rules(connection, LINES, "product", params)
    assert table.schema.metadata[b"baskets_cut"] == b"1"
    assert table.schema.metadata[b"baskets_counted"] == b"10"
    assert rules_of(table)["bread", "milk"]["baskets"] == 4
    assert {"item0", "item1"}.isdisjoint(table["antecedent"].to_pylist())


def test_one_basket_of_500_items_may_also_be_counted(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'huge', 'item' || range from range(500)")
    counts = count_pairs(connection, LINES, replace(params, max_basket_items=500))
    assert counts.baskets_cut == 0
    assert len(counts.left) == 500 * 499 / 2 + 3


def test_order_is_by_leverage_then_names_and_the_first_stay(connection, params):
    fill(connection, [["a", "b"], ["c", "d"], ["e"], ["f"]])
    everything = mine_rules(connection, LINES, "product", params)
    assert everything["antecedent"].to_pylist() == ["a", "b", "c", "d"]
    first = mine_rules(connection, LINES, "product", replace(params, max_rules=3))
    assert first.to_pylist() == everything.slice(0, 3).to_pylist()


def test_no_lines_give_no_rules(connection, params):
    fill(connection, [["a"]])
    connection.execute("delete from lines")
    table = mine_rules(connection, LINES, "product", params)
    assert table.num_rows == 0
    assert table.column_names[:4] == ["level", "antecedent", "antecedent_2", "consequent"]


def test_nothing_is_left_behind_even_after_a_failure(connection, params):
    fill(connection, BASKETS)
    mine_rules(connection, LINES, "product", params)
    with pytest.raises(duckdb.Error):
        mine_rules(connection, "select basket_id from lines", "product", params)
    left = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert not left & set(TABLES)


def test_an_unknown_level_is_refused(connection, params):
    fill(connection, BASKETS)
    with pytest.raises(ValueError, match="product or category"):
        mine_rules(connection, LINES, "brand", params)


def test_the_stricter_threshold_counts(params):
    assert find_least_baskets(30, replace(params, min_support=0.1, min_baskets=1)) == 3
    assert find_least_baskets(30, replace(params, min_support=0.1, min_baskets=20)) == 20
