"""The churn entry tells sizes, ratios, growth and what a sample loses from what was measured."""

import duckdb
import numpy as np

from bench.churn import _MULTIPLY, Size, describe
from bench.churn_sample import Taught
from bench.churn_sample import describe as describe_samples
from bench.measuring import Comparison, Measured
from ml.params import load_params

GIB = 2**30


def make_size(customers: int, ours: float, bare: float, learning: float, gib: float = 1) -> Size:
    product, peer = Measured(ours, ours, int(gib * GIB)), Measured(bare, bare, GIB)
    return Size(customers, Measured(learning, learning, GIB), Comparison((product,), (peer,)))


def test_each_size_has_its_line_and_growth_is_told():
    told = describe([make_size(300_000, 30, 20, 100), make_size(1_200_000, 120, 80, 110, gib=2)])
    assert "| 300,000 | 30.0 | 20.0 | 1.50 | 1.0 | 100.0 |" in told
    assert "| 1,200,000 | 120.0 | 80.0 | 1.50 | 2.0 | 110.0 |" in told
    assert "both hold" in told
    assert "(exponent 1.00)" in told
    assert "learning took 1.10 times the CPU for 4.0 times the customers" in told


def test_a_missed_goal_is_told():
    assert "**missed**" in describe([make_size(10, 31, 10, 1)])
    assert "**missed**" in describe([make_size(10, 10, 10, 1, gib=7)])


def test_what_a_sample_loses_is_told_beside_the_last():
    outcome = np.tile([1, 0], 500)
    knows, guesses = np.where(outcome == 1, 0.9, 0.1), np.full(1000, 0.5)
    taught = [Taught("2,000", 10, 1.0, guesses), Taught("all", 20, 2.0, knows)]
    first, last = describe_samples(outcome, taught, load_params().churn).splitlines()[2:]
    # log loss: ln 2 and ln (1 / 0.9); half of all pairs in order, and all of them. Every draw has the same difference.
    assert first == (
        "| 2,000 | 10 | 1.0 | 0.6931 | +0.5878 (+0.5878 to +0.5878) | 0.5000 | +0.5000 (+0.5000 to +0.5000) |"
    )
    assert last == "| all | 20 | 2.0 | 0.1054 |  | 1.0000 |  |"


def test_a_sample_that_is_sometimes_worse_has_an_interval_around_nothing():
    outcome = np.tile([1, 0, 1, 0], 250)
    one, other = np.tile([0.8, 0.2, 0.6, 0.4], 250), np.tile([0.6, 0.4, 0.8, 0.2], 250)
    told = describe_samples(outcome, [Taught("one", 1, 1, one), Taught("other", 1, 1, other)], load_params().churn)
    assert "| -0.0000 (-0." in told or "| +0.0000 (-0." in told


def test_customers_multiplied_again_get_names_that_nobody_has():
    connection = duckdb.connect()
    connection.execute("create table days as select 'c_' || md5(range::varchar)[:20] as customer_id from range(10)")
    connection.execute("insert into days values (null)")
    for copies, customers in ((3, 10), (2, 30), (2, 60)):
        connection.execute(_MULTIPLY.format(table="days", copies=copies, customers=customers))
        (known,) = connection.execute("select count(distinct customer_id) from days").fetchone()
        assert known == copies * customers
