"""The churn entry tells sizes, ratios and growth from what was measured."""

from bench.churn import Size, describe
from bench.measuring import Comparison, Measured

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
