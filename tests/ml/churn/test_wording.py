"""Numbers and sentences are written as one says them."""

import numpy as np

from ml.churn.reasons import NOT_TOLD, REASONS, UNKNOWN
from ml.churn.wording import write_numbers, write_sentences


def test_numbers_are_written_as_one_says_them():
    numbers = np.array([1.0, 2.0, 1234.5, -0.07])
    assert write_numbers(numbers, "day").to_pylist() == ["1 day", "2 days", "1234 days", "0 days"]
    assert write_numbers(numbers, "money").to_pylist() == ["1.00", "2.00", "1234.50", "-0.07"]
    assert write_numbers(np.array([0.96, 12.04]), "ratio").to_pylist() == ["1.0 times", "12.0 times"]
    assert write_numbers(np.array([0.256]), "percent").to_pylist() == ["26 %"]


def test_each_figure_has_its_sentence_and_its_verdict():
    codes = [reason.code for reason in REASONS]
    reason = np.array([codes.index(code) for code in ("visits", "rhythm", "overdue", "visits")])
    figure = np.array([1, UNKNOWN, NOT_TOLD, 0])
    part = np.array([0.5, 0.2, 0.0, -0.4])
    value, peer = np.array([2.0, np.nan, 1, 12]), np.array([4.4, np.nan, np.nan, 9])
    assert write_sentences(reason, figure, part, value, peer).to_pylist() == [
        "Bought on 2 days of the last 30; usual is 4 days. That speaks for leaving.",
        "Has bought on one day only. That speaks for leaving.",
        "Last bought 1 day ago. Nothing about them stands out.",
        "Bought on 12 days of the last 90; usual is 9 days. That speaks for staying.",
    ]


def test_no_rows_are_no_sentences():
    nothing = np.array([], dtype=int)
    assert write_sentences(nothing, nothing, *[nothing.astype(float)] * 3).to_pylist() == []
