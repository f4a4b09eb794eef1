"""Purchases of many customers as arrays, and what was known of each customer at the end of any day.

Days are whole numbers (days since 1970-01-01); customers are places 0, 1, 2 … in the caller's order. Everything is
computed for all customers at once, from rows sorted once.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

_DAYS = 1 << 20  # more than any day number, so that customer and day make one sortable number


@dataclass(frozen=True)
class Snapshot:
    """What was known at the end of `day` of each customer who had bought by then; one element per customer.

    `place` says who it is. `frequency` counts purchase days after the first; `recency` and `age` are days from the
    first purchase to the last and to `day`; `since_last` is the rest. `orders` and `revenue` (net of refunds paid by
    then) are of the whole history. Of the gaps between purchase days, in
    days: `log_gap_sum`, `log_gap_spread` (standard deviation of the logarithms), `last_gap`, and the means of the last
    three and eight; NaN where there are too few. `next_row` is the row of the first purchase after `day`.
    """

    day: int
    place: np.ndarray
    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    orders: np.ndarray
    revenue: np.ndarray
    log_gap_sum: np.ndarray
    log_gap_spread: np.ndarray
    last_gap: np.ndarray
    gap_of_three: np.ndarray
    gap_of_eight: np.ndarray
    next_row: np.ndarray

    def __len__(self) -> int:
        """How many customers."""
        return len(self.place)

    @property
    def since_last(self) -> np.ndarray:
        """Days since the last purchase."""
        return self.age - self.recency

    @property
    def histories(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What lifetime models are fitted on, in days."""
        return self.frequency, self.recency, self.age


@dataclass(frozen=True)
class PurchaseDays:
    """One row per customer and day with a purchase, sorted by both; and the refunds paid.

    `row_orders` and `row_value` are the orders of the day and their net sales. `make` sorts.
    """

    customers: int
    row_place: np.ndarray
    row_day: np.ndarray
    row_orders: np.ndarray
    row_value: np.ndarray
    refund_place: np.ndarray
    refund_day: np.ndarray
    refund_amount: np.ndarray

    @classmethod
    def make(
        cls,
        customers: int,
        purchases: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        refunds: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    ) -> Self:
        """From columns in any order: place, day, orders, value of purchase days; place, day, amount of refunds."""
        place, day = (np.asarray(column, dtype=np.int64) for column in purchases[:2])
        order = np.argsort(place * _DAYS + day, kind="stable")
        orders, value = (np.asarray(column, dtype=float)[order] for column in purchases[2:])
        none = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
        refund_place, refund_day, amount = refunds or none
        refund_place, refund_day = (np.asarray(column, dtype=np.int64) for column in (refund_place, refund_day))
        # sorted too, so that sums of money do not depend on the order the rows came in
        back = np.lexsort((amount, refund_day, refund_place))
        sorted_refunds = (refund_place[back], refund_day[back], np.asarray(amount, dtype=float)[back])
        return cls(customers, place[order], day[order], orders, value, *sorted_refunds)

    @property
    def first_day(self) -> int:
        """The day of the first purchase of all."""
        return int(self.row_day.min())

    @cached_property
    def _key(self) -> np.ndarray:
        return self.row_place * _DAYS + self.row_day

    @cached_property
    def _start(self) -> np.ndarray:
        """The first row of each customer, and after the last one the number of rows."""
        return np.searchsorted(self.row_place, np.arange(self.customers + 1))

    @cached_property
    def gaps(self) -> np.ndarray:
        """Days since the customer's purchase before, for each row; 0 for the first."""
        gaps = np.diff(self.row_day, prepend=0)
        gaps[self._start[:-1][self._start[:-1] < self._start[1:]]] = 0
        return gaps

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        logs = np.log(np.maximum(self.gaps, 1))
        columns = {"orders": self.row_orders, "value": self.row_value, "log": logs, "square": logs**2}
        # the 0 behind the last row lets a sum end there
        return {name: np.append(column, 0.0) for name, column in columns.items()}

    def look_back(self, day: int) -> Snapshot:
        """What was known at the end of `day`; nothing later is looked at."""
        start = self._start[:-1]
        end = self._find_after(day)
        place = np.flatnonzero(end > start)
        first, after = start[place], end[place]
        last, gaps = after - 1, after - first - 1
        recency = (self.row_day[last] - self.row_day[first]).astype(float)
        log_sum, squares = self._add("log", first, after), self._add("square", first, after)
        few = np.maximum(gaps, 1)
        variance = np.maximum(squares / few - (log_sum / few) ** 2, 0)
        return Snapshot(
            day=day,
            place=place,
            frequency=gaps.astype(float),
            recency=recency,
            age=(day - self.row_day[first]).astype(float),
            orders=self._add("orders", first, after),
            revenue=self._add("value", first, after) - self._refund(place, None, day),
            log_gap_sum=log_sum,
            log_gap_spread=np.where(gaps > 1, np.sqrt(variance), np.nan),
            last_gap=np.where(gaps > 0, self.gaps[last], np.nan),
            gap_of_three=self._mean_gap(last, first, 3),
            gap_of_eight=self._mean_gap(last, first, 8),
            next_row=after,
        )

    def wait_for_next(self, known: Snapshot) -> np.ndarray:
        """Days from the snapshot to each customer's next purchase; infinite where there is none."""
        exists = known.next_row < self._start[known.place + 1]
        row = np.minimum(known.next_row, len(self.row_day) - 1)
        return np.where(exists, self.row_day[row] - known.day, np.inf)

    def count_recent(self, known: Snapshot, days: int) -> np.ndarray:
        """Orders of the given number of days up to the snapshot."""
        return self._add("orders", self._find_recent(known, days), known.next_row)

    def sum_recent(self, known: Snapshot, days: int) -> np.ndarray:
        """Revenue less refunds of the given number of days up to the snapshot."""
        spent = self._add("value", self._find_recent(known, days), known.next_row)
        return spent - self._refund(known.place, known.day - days, known.day)

    def sum_after(self, known: Snapshot, days: int) -> tuple[np.ndarray, np.ndarray]:
        """Orders, and revenue less refunds, of the given number of days after the snapshot."""
        until = np.maximum(self._find_after(known.day + days)[known.place], known.next_row)
        spent = self._add("value", known.next_row, until)
        return self._add("orders", known.next_row, until), spent - self._refund(
            known.place, known.day, known.day + days
        )

    def wait_for_dormancy(self, known: Snapshot, dormant_after: int, end: int) -> np.ndarray:
        """Days from the snapshot until each customer falls dormant; infinite where that has not come by day `end`."""
        row = self._next_break(dormant_after, end)[known.next_row - 1]
        broke = row < self._start[known.place + 1]
        day = self.row_day[np.minimum(row, len(self.row_day) - 1)] + dormant_after
        return np.where(broke, day - known.day, np.inf)

    def find_median_gaps(self, known: Snapshot) -> np.ndarray:
        """The median of each customer's gaps so far; NaN without any."""
        sizes = known.frequency.astype(np.int64)
        rows = np.repeat(known.next_row - sizes, sizes) + _count_up(sizes)
        owner = np.repeat(np.arange(len(sizes)), sizes)
        ordered = self.gaps[rows][np.lexsort((self.gaps[rows], owner))]
        start = np.cumsum(sizes) - sizes
        low, high = (np.minimum(start + half, max(len(ordered) - 1, 0)) for half in ((sizes - 1) // 2, sizes // 2))
        if not len(ordered):
            return np.full(len(sizes), np.nan)
        return np.where(sizes > 0, (ordered[np.maximum(low, 0)] + ordered[high]) / 2, np.nan)

    def _find_after(self, day: int) -> np.ndarray:
        """For each customer the first row later than `day`."""
        return np.searchsorted(self._key, np.arange(self.customers) * _DAYS + day, side="right")

    def _find_recent(self, known: Snapshot, days: int) -> np.ndarray:
        return np.minimum(self._find_after(known.day - days)[known.place], known.next_row)

    def _add(self, name: str, first: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Sums over each customer's rows from `first` on and before `after`, untouched by what others' rows hold."""
        sums = np.add.reduceat(self._columns[name], np.column_stack([first, after]).ravel())[::2]
        return np.where(first < after, sums, 0.0)

    def _refund(self, place: np.ndarray, after: int | None, until: int) -> np.ndarray:
        counts = (self.refund_day <= until) & (True if after is None else self.refund_day > after)
        amounts = np.bincount(self.refund_place[counts], self.refund_amount[counts], minlength=self.customers)
        return amounts[place]

    def _mean_gap(self, last: np.ndarray, first: np.ndarray, number: int) -> np.ndarray:
        row = last - number
        mean = (self.row_day[last] - self.row_day[np.maximum(row, 0)]) / number
        return np.where(row >= first, mean, np.nan)

    def _next_break(self, dormant_after: int, end: int) -> np.ndarray:
        """For each row the first row from it on after which the customer fell dormant by `end`; past the last, none."""
        is_last = np.append(self.row_place[1:] != self.row_place[:-1], True)
        is_long = np.append(self.gaps[1:], 0) > dormant_after
        has_passed = self.row_day + dormant_after <= end
        rows = np.where((is_last | is_long) & has_passed, np.arange(len(is_last)), len(is_last))
        return np.minimum.accumulate(rows[::-1])[::-1]


def _count_up(sizes: np.ndarray) -> np.ndarray:
    """0, 1, 2 … for each size, one after the other."""
    ends = np.cumsum(sizes)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)
