"""The population stability index, against its formula by hand."""

import numpy as np
import pytest

from ml.monitoring.drift import find_shares, measure_drift, sort_into_groups


def test_the_index_is_that_of_the_formula():
    then, now = np.array([0.5, 0.3, 0.2]), np.array([0.25, 0.35, 0.4])
    by_hand = -0.25 * np.log(0.5) + 0.05 * np.log(0.35 / 0.3) + 0.2 * np.log(2)
    assert measure_drift(then, now) == pytest.approx(by_hand)
    assert measure_drift(then, then) == 0


def test_values_stay_in_the_groups_they_had_and_missing_ones_have_their_own():
    values = np.append(np.arange(100.0), [np.nan] * 25)
    edges, shares = sort_into_groups(values)
    assert len(edges) == 9
    assert shares.sum() == pytest.approx(1)
    assert shares[-1] == 0.2
    assert measure_drift(shares, find_shares(values + 1, edges)) < 0.01
    assert measure_drift(shares, find_shares(values * 3, edges)) > 0.25
    assert measure_drift(shares, find_shares(np.full(10, np.nan), edges)) > 1


def test_one_value_for_all_and_no_value_at_all_are_groups_too():
    same, shares = sort_into_groups(np.full(50, 7.0))
    assert measure_drift(shares, find_shares(np.full(9, 7.0), same)) == 0
    assert measure_drift(shares, find_shares(np.full(9, 6.0), same)) > 1
    nothing, shares = sort_into_groups(np.full(50, np.nan))
    assert len(nothing) == 0
    assert measure_drift(shares, find_shares(np.zeros(9), nothing)) > 1
