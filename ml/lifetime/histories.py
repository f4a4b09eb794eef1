"""Purchase histories as three numbers per customer: checked, and grouped so that equal ones are computed once."""

from dataclasses import dataclass

import numpy as np


class LifetimeError(ValueError):
    """A lifetime model can't do what was asked. The message says why, and what to do."""


class InvalidHistoryError(LifetimeError):
    """Histories that contradict themselves."""


@dataclass(frozen=True)
class Histories:
    """Distinct histories, sorted by frequency, recency, age, and how many customers have each.

    `frequency` counts repeat purchases, that is purchases after the first; `recency` is the time from the first to the
    last purchase (0 without a repeat), `age` the time from the first purchase to the end of observation. Times are in
    multiples of `scale`, the mean age in the caller's unit, so that the parameters sought are near 1 in any unit.
    `of_customer` leads from each customer to their history, as long as none has been taken out.
    """

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    customers: np.ndarray
    of_customer: np.ndarray
    scale: float

    def __len__(self) -> int:
        """How many distinct histories."""
        return len(self.frequency)

    @property
    def total(self) -> int:
        """How many customers."""
        return int(self.customers.sum())

    @property
    def total_repeats(self) -> float:
        """How many repeat purchases in all."""
        return float(self.customers @ self.frequency)

    def take(self, rows: np.ndarray) -> "Histories":
        """The histories at these places."""
        columns = (self.frequency, self.recency, self.age, self.customers)
        return Histories(*(column[rows] for column in columns), self.of_customer, self.scale)

    def thin(self, most: int) -> "Histories":
        """At most so many of the histories, at even distances in their order; enough for a first look."""
        if len(self) <= most:
            return self
        return self.take(np.linspace(0, len(self) - 1, most).astype(int))


def group_histories(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> Histories:
    """Check and group the histories of customers, one array element each."""
    frequency, recency, age = check_histories(frequency, recency, age)
    (counts, count_of), (lasts, last_of), (ages, age_of) = (
        np.unique(column, return_inverse=True) for column in (frequency, recency, age)
    )
    code = (count_of * len(lasts) + last_of) * len(ages) + age_of
    codes, of_customer, customers = np.unique(code, return_inverse=True, return_counts=True)
    scale = float(age.mean()) or 1.0
    return Histories(
        frequency=counts[codes // (len(ages) * len(lasts))],
        recency=lasts[codes // len(ages) % len(lasts)] / scale,
        age=ages[codes % len(ages)] / scale,
        customers=customers.astype(float),
        of_customer=of_customer,
        scale=scale,
    )


def check_histories(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> tuple[np.ndarray, ...]:
    """The three columns as float arrays; InvalidHistoryError names the first row that can't be."""
    columns = check_columns(frequency=frequency, recency=recency, age=age)
    frequency, recency, age = columns
    _refuse(frequency != np.floor(frequency), "frequency is no whole number", columns)
    _refuse(recency > age, "recency exceeds age", columns)
    _refuse((frequency > 0) & (recency == 0), "there are repeats but recency is 0; merge purchases of one day", columns)
    _refuse((frequency == 0) & (recency > 0), "recency is above 0 without a repeat", columns)
    return columns


def check_columns(**columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Columns as float arrays of one length without gaps or negative numbers; InvalidHistoryError otherwise."""
    arrays = tuple(np.asarray(column, dtype=float) for column in columns.values())
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 or arrays[0].ndim != 1:
        raise InvalidHistoryError(f"{', '.join(columns)} must be one-dimensional and of one length")
    if not len(arrays[0]):
        raise InvalidHistoryError("there are no customers")
    for name, array in zip(columns, arrays, strict=True):
        _refuse(~np.isfinite(array), f"{name} is no number", arrays)
        _refuse(array < 0, f"{name} is negative", arrays)
    return arrays


def _refuse(wrong: np.ndarray, reason: str, columns: tuple[np.ndarray, ...]) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        values = ", ".join(f"{column[row]:g}" for column in columns)
        raise InvalidHistoryError(f"row {row} ({values}): {reason}; {int(wrong.sum()):,} rows in all")
