"""The planted entry counts what is found and what is false as one would by hand."""

import numpy as np

from bench.planted import describe_rules, describe_steps


def test_found_and_false_are_shares_of_what_could_be_found_and_of_what_is_published():
    told = describe_rules([(1, 14, 10, 9), (2, 4, 2, 2)], [(1, 90, 40, 45, 4, 1), (2, 10, 8, 1, 0, 1)])
    assert "Found: 91.7% (goal: at least 95 %)." in told
    assert "False: 2.0% (goal: at most 1 %)." in told
    assert "| 1 | 90 | 40 | 45 | 4 | 1 |" in told


def test_a_clear_difference_between_steps_has_an_interval_above_zero():
    better, worse = np.linspace(0.2, 0.4, 50), np.linspace(0.1, 0.2, 50)
    rows = describe_steps(np.column_stack([better, worse, better, better, worse, better])).splitlines()
    assert rows[0].startswith("| steps up offered to 50 customers ")
    assert rows[2].startswith("| chance to accept | 0.3000 | 0.1500 | +0.1")
    assert rows[3].endswith("| +0.0000 to +0.0000 |")
    assert "| -0.1" in rows[4]
