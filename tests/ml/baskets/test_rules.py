"""Rules against counts made by hand, against mlxtend on a real shop's baskets, and what they promise."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.csv
import pytest
from scipy.stats import fisher_exact, hypergeom

from ml.baskets.chance import find_lift_interval, find_p_value
from ml.baskets.count import count_buyers, count_pairs, count_triples
from ml.baskets.read import TABLES, find_least_baskets, read_baskets
from ml.baskets.rules import mine_rules
from ml.params import load_params

LINES = "select * from lines"
ROOT = Path(__file__).resolve().parents[3]

# Twenty baskets, the same ten twice: bread in 12, milk in 10, both in 8; jam in 4, always with bread, twice with milk.
TEN = [["bread", "milk"]] * 3 + [["bread", "milk", "jam"], ["bread", "jam"], ["bread"], ["milk"]] + [["newspaper"]] * 3
BASKETS = TEN + TEN


@pytest.fixture
def params():
    """Every rule that is likelier than chance in the earlier days, whatever else is known of it."""
    return replace(
        load_params().baskets.product,
        **{"min_support": 0.0, "min_baskets": 1, "min_confidence": 0.0, "min_lift": 0.0, "min_customers": 1},
        **{"max_p_value": 1.0, "max_holdout_p_value": 1.0, "holdout_share": 0.5},
    )


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def fill(connection, baskets, buyers=None):
    """One basket a day, each of a guest where no buyers are given."""
    connection.execute("create table lines (basket_id varchar, item varchar, ordered_on date, buyer varchar)")
    buyers = buyers or [None] * len(baskets)
    connection.executemany(
        "insert into lines values (?, ?, ?, ?)",
        [
            (f"b{number:04}", item, date(2024, 1, 1) + timedelta(days=number), buyer)
            for number, (items, buyer) in enumerate(zip(baskets, buyers, strict=True))
            for item in items
        ],
    )


def rules_of(table):
    keys = ("antecedent", "antecedent_2", "consequent")
    return {tuple(row[key] for key in keys): row for row in table.to_pylist()}


def test_rules_equal_hand_counts(connection, params):
    fill(connection, BASKETS)
    rules = rules_of(mine_rules(connection, LINES, "product", params))
    rule = rules["bread", None, "milk"]
    assert (rule["level"], rule["item_kind"], rule["baskets"], rule["customers"]) == ("product", "product", 8, 8)
    assert rule["support"] == pytest.approx(8 / 20)
    assert rule["confidence"] == pytest.approx(8 / 12)
    assert rule["lift"] == rule["holdout_lift"] == pytest.approx(0.4 / (0.6 * 0.5))
    assert rule["leverage"] == pytest.approx(0.4 - 0.6 * 0.5)
    back = rules["milk", None, "bread"]
    assert back["confidence"] == pytest.approx(8 / 10)
    assert (back["lift"], back["p_value"]) == (rule["lift"], rule["p_value"])


def test_two_antecedents_equal_hand_counts(connection, params):
    fill(connection, BASKETS)
    rule = rules_of(mine_rules(connection, LINES, "product", params))["jam", "milk", "bread"]
    assert rule["baskets"] == 2
    assert rule["confidence"] == 1  # jam and milk in two baskets, both with bread
    assert rule["lift"] == pytest.approx(1 / 0.6)
    assert rule["leverage"] == pytest.approx(2 / 20 - 2 / 20 * 12 / 20)


def test_p_value_is_fishers_exact_test_times_the_rules_tried(connection, params):
    fill(connection, BASKETS * 3)
    table = mine_rules(connection, LINES, "category", params)
    # four items: six pairs; three pairs are ever bought, each tried with two further items
    assert table.schema.metadata[b"rules_tried"] == b"12"
    rule = rules_of(table)["bread", None, "milk"]
    assert rule["p_value"] == pytest.approx(12 * fisher_exact([[24, 12], [6, 18]], alternative="greater").pvalue)


def test_the_p_value_of_two_antecedents_is_that_of_what_the_second_adds(connection, params):
    both, one, other = [["a", "b", "c"]] * 8 + [["a", "b"]] * 2, [["a", "c"]] * 3 + [["a"]] * 17, [["b"]] * 10
    fill(connection, (both + one + other + [["d"]] * 60) * 2)
    table = mine_rules(connection, LINES, "product", params)
    tried = int(table.schema.metadata[b"rules_tried"])
    # among the 60 baskets with a: 20 hold b, 22 hold c, 16 both
    adds_to_a = fisher_exact([[16, 4], [6, 34]], alternative="greater").pvalue
    adds_to_b = fisher_exact([[16, 4], [0, 20]], alternative="greater").pvalue
    expected = tried * max(adds_to_a, adds_to_b)
    assert rules_of(table)["a", "b", "c"]["p_value"] == pytest.approx(expected)


def test_a_second_antecedent_that_adds_nothing_makes_no_rule(connection, params):
    # whoever buys a buys c half of the time; b has nothing to do with it
    baskets = [["a", "c"], ["a"], ["a", "b", "c"], ["a", "b"]] * 50 + [["d"]] * 300
    fill(connection, baskets)
    rules = rules_of(mine_rules(connection, LINES, "product", replace(params, max_p_value=0.01)))
    assert ("a", None, "c") in rules
    assert ("a", "b", "c") not in rules


@pytest.mark.parametrize("total", [60, 3000, 2_000_000])
def test_the_tail_is_scipys(total):
    random = np.random.default_rng(7)
    first, second = random.integers(1, total // 5, (2, 200))
    both = np.minimum(np.minimum(first, second), first * second // total + random.integers(1, 5, 200))
    expected = hypergeom.sf(both - 1, total, first, second)
    assert find_p_value(both, first, second, total) == pytest.approx(expected, rel=1e-6)
    assert find_p_value(np.array([3]), np.array([60]), np.array([50]), 1000).tolist() == [1]


def test_the_interval_of_the_lift_holds_it_nineteen_times_in_twenty():
    random = np.random.default_rng(11)
    shares = [0.03, 0.09, 0.12, 0.76]  # both, first alone, second alone, none: a lift of 0.03 / (0.12 * 0.15)
    both, alone, other, _ = random.multinomial(5000, shares, 2000).T
    low, high = find_lift_interval(both, both + alone, both + other, 5000)
    covered = np.mean((low <= 5 / 3) & (high >= 5 / 3))
    assert 0.935 < covered < 0.965


def test_measures_are_those_of_mlxtend_on_10000_baskets_of_a_real_shop(connection, params):
    golden = pyarrow.csv.read_csv(
        Path(__file__).parent / "mlxtend_rules.csv",
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(("antecedent", "antecedent_2", "consequent"), pyarrow.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    source = ROOT / "datasets" / "data" / "online_retail.parquet"
    connection.execute(f"""
        create table lines as
        with sold as (
            select InvoiceNo as basket_id, upper(StockCode) as item, InvoiceDate::date as ordered_on,
                CustomerID::varchar as buyer
            from '{source}' where Quantity > 0
        )
        select * from sold where basket_id in (
            select basket_id from sold group by basket_id having count(distinct item) > 1 order by basket_id limit 10000
        )
    """)
    limits = {"min_support": 0.015, "min_confidence": 0.3, "max_basket_items": 100_000, "max_rules": 10**6}
    rules = rules_of(mine_rules(connection, LINES, "product", replace(params, **limits, holdout_share=0.05)))
    expected = rules_of(golden)
    assert sum(key[1] is None for key in expected) > 300
    assert sum(key[1] is not None for key in expected) > 200
    # the p-value of two antecedents asks for more than mlxtend does, so that some of these are left out
    missing = [key for key in expected if key not in rules]
    assert all(key[1] is not None for key in missing)
    assert len(missing) < 0.35 * len(expected)
    assert set(rules) <= set(expected)
    for key, rule in rules.items():
        for measure in ("support", "confidence", "lift", "leverage"):
            assert rule[measure] == pytest.approx(expected[key][measure], rel=1e-9), (key, measure)


def test_counts_of_three_are_mlxtends_even_where_no_rule_comes_of_them(connection, params):
    fill(connection, [["a", "b", "c"], ["a", "b"], ["a", "c"], ["b", "c"], ["a", "b", "c", "d"]] * 2)
    baskets = read_baskets(connection, LINES, params)
    pairs = count_pairs(baskets)
    triples = count_triples(baskets, pairs.items)
    named = {tuple(baskets.names[items]): int(n) for items, n in zip(triples.items, triples.baskets, strict=True)}
    assert named["a", "b", "c"] == named["a", "c", "b"] == named["b", "c", "a"] == 4
    assert named["a", "b", "d"] == named["a", "d", "c"] == 2
    assert len(named) == 12


def test_a_pair_no_likelier_than_chance_is_no_rule(connection, params):
    fill(connection, [["a", "b"], ["a"], ["b"], ["c"]] * 2)  # a and b are in half each, together in a quarter
    assert mine_rules(connection, LINES, "product", params).num_rows == 0


def test_only_rules_that_hold_in_the_later_days_too(connection, params):
    chance = [["a", "b"], ["a"], ["b"], ["c"]] * 10
    bound, lasting = [["a", "b"], ["a", "b"], ["c"], ["d"]] * 10, replace(params, max_holdout_p_value=0.05)
    for earlier, later, is_rule in [(bound, chance, False), (chance, bound, False), (bound, bound, True)]:
        fill(connection, earlier + later)
        rules = rules_of(mine_rules(connection, LINES, "product", lasting))
        assert (("a", None, "b") in rules) == is_rule
        connection.execute("drop table lines")


def test_the_habit_of_few_customers_is_no_rule(connection, params):
    fill(connection, [["a", "b"], ["c"], ["d"]] * 20, buyers=["ann", "bob", "cid"] * 20)
    assert rules_of(mine_rules(connection, LINES, "product", params))["a", None, "b"]["customers"] == 1
    assert mine_rules(connection, LINES, "product", replace(params, min_customers=2)).num_rows == 0


def test_buyers_are_those_counted_by_sql(connection, params):
    random = np.random.default_rng(3)
    baskets = [sorted({f"p{i}" for i in random.integers(0, 12, 6)}) for _ in range(300)]
    fill(connection, baskets, buyers=[f"c{i}" if i else None for i in random.integers(0, 40, 300)])
    read = read_baskets(connection, LINES, params)
    triples = count_triples(read, count_pairs(read).items)
    counted = count_buyers(read, triples)
    for items, number in list(zip(triples.items, counted, strict=True))[::37]:
        held = ", ".join(f"'{name}'" for name in read.names[items])
        with_all = f"select basket_id from lines where item in ({held}) group by basket_id having count(*) = 3"
        buyers = f"select count(distinct coalesce(buyer, basket_id)) from lines where basket_id in ({with_all})"
        assert connection.execute(buyers).fetchone()[0] == number


def test_repeated_lines_count_once_and_empty_ones_not_at_all(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'b0000', 'bread', date '2024-01-01', null from range(2)")
    connection.execute("insert into lines values (null, 'bread', null, null), ('b99', null, null, null)")
    baskets = read_baskets(connection, LINES, params)
    assert baskets.total == 20
    assert dict(zip(baskets.names, baskets.item_baskets, strict=True))["bread"] == 12


def test_an_item_that_is_frequent_only_by_repetition_is_dropped(connection, params):
    fill(connection, [["a", "b"], ["a", "b"], ["a", "b"], ["c"]])
    connection.execute("insert into lines select 'b0003', 'c', date '2024-01-04', null from range(5)")
    baskets = read_baskets(connection, LINES, replace(params, min_baskets=2))
    assert baskets.names.tolist() == ["a", "b"]
    assert baskets.item.max() == 1


def test_single_item_baskets_stay_in_the_total(connection, params):
    fill(connection, BASKETS)
    assert read_baskets(connection, LINES, params).total == 20


def test_support_and_confidence_cut_rules(connection, params):
    fill(connection, BASKETS)
    frequent = rules_of(mine_rules(connection, LINES, "product", replace(params, min_support=0.3)))
    assert set(frequent) == {("bread", None, "milk"), ("milk", None, "bread")}
    confident = rules_of(mine_rules(connection, LINES, "product", replace(params, min_confidence=0.7)))
    assert {key for key in confident if key[1] is None} == {("milk", None, "bread"), ("jam", None, "bread")}


def test_a_weak_lift_of_popular_items_is_no_rule(connection, params):
    baskets = ([["bag", "milk"]] * 51 + [["bag"]] * 39 + [["milk"]] * 4 + [["tea"]] * 6) * 30
    fill(connection, baskets)  # the bag is in nine of ten baskets; with milk the lift is 1.03
    assert ("bag", None, "milk") in rules_of(mine_rules(connection, LINES, "product", params))
    assert mine_rules(connection, LINES, "product", replace(params, min_lift=1.2)).num_rows == 0


def test_one_basket_of_500_items_is_cut_from_every_count_and_reported(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'huge', 'item' || range, date '2024-01-05', 'x' from range(498)")
    connection.execute("insert into lines select 'huge', unnest(['bread', 'milk']), date '2024-01-05', 'x'")
    table = mine_rules(connection, LINES, "product", params)
    assert table.schema.metadata[b"baskets_cut"] == b"1"
    assert table.schema.metadata[b"baskets_counted"] == b"20"
    assert rules_of(table)["bread", None, "milk"]["baskets"] == 8
    assert {"item0", "item1"}.isdisjoint(table["antecedent"].to_pylist())


def test_a_basket_of_many_lines_but_few_items_is_not_cut(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'b0000', 'bread', date '2024-01-01', null from range(500)")
    assert read_baskets(connection, LINES, params).cut == 0


def test_one_basket_of_500_items_may_also_be_counted(connection, params):
    fill(connection, BASKETS)
    connection.execute("insert into lines select 'huge', 'item' || range, date '2024-01-05', 'x' from range(500)")
    baskets = read_baskets(connection, LINES, replace(params, max_basket_items=500))
    assert baskets.cut == 0
    assert len(count_pairs(baskets).items) == 500 * 499 / 2 + 3


@pytest.mark.parametrize("most", [40_000_000, 50])
def test_pairs_are_those_of_a_self_join_whatever_is_looked_at_together(connection, params, monkeypatch, most):
    monkeypatch.setattr("ml.baskets.count._MOST_PAIRS", most)
    random = np.random.default_rng(5)
    fill(connection, [sorted({f"p{i:02}" for i in random.integers(0, 30, 8) ** 2 // 30}) for _ in range(200)])
    baskets = read_baskets(connection, LINES, replace(params, min_baskets=3))
    pairs = count_pairs(baskets)
    expected = connection.execute("""
        select least(a.item, b.item), greatest(a.item, b.item), count(*),
            count(*) filter (where a.ordered_on > date '2024-01-01' + 99)
        from lines as a join lines as b on a.basket_id = b.basket_id and a.item < b.item
        group by 1, 2 having count(*) >= 3 order by 1, 2
    """).fetchall()
    named = [sorted(baskets.names[items]) for items in pairs.items]
    found = sorted((*names, int(n), int(late)) for names, n, late in zip(named, pairs.baskets, pairs.late, strict=True))
    assert found == expected


def test_order_is_by_leverage_then_names_and_the_first_stay(connection, params):
    fill(connection, [["a", "b"], ["c", "d"], ["e"], ["f"]] * 2)
    everything = mine_rules(connection, LINES, "product", params)
    assert everything["antecedent"].to_pylist() == ["a", "b", "c", "d"]
    assert everything["consequent"].to_pylist() == ["b", "a", "d", "c"]
    first = mine_rules(connection, LINES, "product", replace(params, max_rules=3))
    assert first.to_pylist() == everything.slice(0, 3).to_pylist()
    assert first.schema.metadata[b"rules_held"] == b"4"


def test_no_lines_give_no_rules(connection, params):
    fill(connection, [["a"]])
    connection.execute("delete from lines")
    table = mine_rules(connection, LINES, "product", params)
    assert table.num_rows == 0
    assert table.column_names[:5] == ["level", "item_kind", "antecedent", "antecedent_2", "consequent"]


def test_nothing_is_left_behind_even_after_a_failure(connection, params):
    fill(connection, BASKETS)
    mine_rules(connection, LINES, "product", params)
    with pytest.raises(duckdb.Error):
        mine_rules(connection, "select basket_id from lines", "product", params)
    left = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert not left & set(TABLES)


def test_an_unknown_kind_of_items_is_refused(connection, params):
    fill(connection, BASKETS)
    with pytest.raises(ValueError, match="product, subcategory, category, not 'brand'"):
        mine_rules(connection, LINES, "brand", params)


def test_the_stricter_threshold_counts(params):
    assert find_least_baskets(30, replace(params, min_support=0.1, min_baskets=1)) == 3
    assert find_least_baskets(30, replace(params, min_support=0.1, min_baskets=20)) == 20
