"""What was known of customers at the end of a day, against counting by hand."""

import numpy as np
import pytest

from ml.purchase_days import PurchaseDays

# (customer, day, orders, value); the rows are shuffled when the table is made
ROWS = [
    (0, 10, 1, 5.0), (0, 12, 2, 8.0), (0, 18, 1, 1.0), (0, 30, 1, 2.0), (0, 60, 1, 4.0),
    (1, 15, 1, 9.0),
    (3, 20, 1, 3.0), (3, 25, 1, 3.0),
]  # fmt: skip
REFUNDS = [(0, 13, 3.0), (0, 31, 1.0), (3, 40, 2.0)]


@pytest.fixture
def days() -> PurchaseDays:
    rows = np.array(ROWS)[np.random.default_rng(1).permutation(len(ROWS))]
    return PurchaseDays.make(4, tuple(rows.T), tuple(np.array(REFUNDS[::-1]).T))


def test_only_what_had_happened_by_the_day_counts(days):
    known = days.look_back(24)
    assert known.place.tolist() == [0, 1, 3]
    assert known.frequency.tolist() == [2, 0, 0]
    assert known.recency.tolist() == [8, 0, 0]
    assert known.age.tolist() == [14, 9, 4]
    assert known.since_last.tolist() == [6, 9, 4]
    assert known.orders.tolist() == [4, 1, 1]
    assert known.revenue.tolist() == [14 - 3, 9, 3]
    assert known.last_gap.tolist()[0] == 6
    assert known.log_gap_sum[0] == pytest.approx(np.log(2) + np.log(6))
    assert known.log_gap_spread[0] == pytest.approx((np.log(6) - np.log(2)) / 2)
    assert np.isnan(known.log_gap_spread[1:]).all()
    assert np.isnan(known.gap_of_three).all()


def test_a_purchase_on_the_day_itself_counts_and_means_of_gaps_need_enough_of_them(days):
    known = days.look_back(30)
    assert known.since_last.tolist() == [0, 15, 5]
    assert known.gap_of_three[0] == pytest.approx(20 / 3)
    assert np.isnan(known.gap_of_eight).all()


def test_what_came_after_is_told_apart_from_what_was_known(days):
    known = days.look_back(24)
    assert days.wait_for_next(known).tolist() == [6, np.inf, 1]
    orders, spend = days.sum_after(known, 16)
    assert orders.tolist() == [1, 0, 1]
    assert spend.tolist() == [2 - 1, 0, 3 - 2]


def test_recent_days_are_those_that_end_with_the_day(days):
    known = days.look_back(30)
    assert days.count_recent(known, 18).tolist() == [2, 1, 2]
    assert days.sum_recent(known, 18).tolist() == [3 - 3, 9, 6]
    assert days.count_recent(known, 12).tolist() == [1, 0, 2]


def test_median_gaps_are_the_middle_of_the_gaps_so_far(days):
    medians = days.find_median_gaps(days.look_back(60))
    assert medians[0] == np.median([2, 6, 12, 30])
    assert np.isnan(medians[1])
    assert medians[2] == 5


@pytest.mark.parametrize(
    ("end", "waits"),
    [
        (34, [np.inf, np.inf, np.inf]),
        (35, [np.inf, 11, np.inf]),
        (44, [np.inf, 11, np.inf]),
        (45, [np.inf, 11, 21]),
        (50, [26, 11, 21]),
        (99, [26, 11, 21]),
    ],
)
def test_dormancy_is_a_wait_of_the_days_allowed_and_known_once_they_have_passed(days, end, waits):
    # 0 buys on day 30 and only then on 60: dormant on 50; 1 last bought on 15: on 35; 3 buys on 25: on 45
    assert days.wait_for_dormancy(days.look_back(24), 20, end).tolist() == waits


def test_rows_in_another_order_give_the_same_bytes():
    rows, random = np.array(ROWS), np.random.default_rng(3)
    tables = [PurchaseDays.make(4, tuple(random.permutation(rows).T), tuple(np.array(REFUNDS).T)) for _ in range(3)]
    first = tables[0].look_back(40)
    for table in tables[1:]:
        other = table.look_back(40)
        assert other.revenue.tobytes() == first.revenue.tobytes()
        assert other.log_gap_sum.tobytes() == first.log_gap_sum.tobytes()
