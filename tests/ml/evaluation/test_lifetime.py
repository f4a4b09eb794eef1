"""The measures of the lifetime evaluation, by hand."""

import numpy as np

from ml.evaluation.lifetime import find_share_of_best


def test_share_of_best_counts_those_in_both_fifths():
    spend = np.array([9, 8, 0, 1, 2, 3, 0, 0, 0, 0])
    value = np.array([5, 1, 4, 0, 0, 0, 0, 0, 0, 0])
    assert find_share_of_best(spend, value) == 0.5
