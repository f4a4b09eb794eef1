"""Purchase histories as three numbers per customer: checked, and grouped so that equal ones are computed once."""

from dataclasses import dataclass

import numpy as np

_BLOCK = 8192


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
    `code` tells them apart, and rises from each to the next.
    """

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    customers: np.ndarray
    code: np.ndarray
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
        return sum_over(self.customers, self.frequency)

    def take(self, rows: np.ndarray | slice) -> "Histories":
        """The histories at these places."""
        columns = (self.frequency, self.recency, self.age, self.customers, self.code)
        return Histories(*(column[rows] for column in columns), self.scale)

    def split(self) -> list["Histories"]:
        """The same in parts that fit in a processor's cache, with room for what is computed of them."""
        return [self.take(slice(start, start + _BLOCK)) for start in range(0, len(self), _BLOCK)]

    def thin(self, most: int) -> "Histories":
        """At most so many of the histories, at even distances in their order; enough for a first look."""
        if len(self) <= most:
            return self
        return self.take(np.linspace(0, len(self) - 1, most).astype(int))


def sum_over(customers: np.ndarray, values: np.ndarray) -> float:
    """The sum of values over customers. Not a product of vectors, whose last digits depend on the number of threads."""
    return float(np.sum(customers * values))


def group_histories(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> Histories:
    """Check and group the histories of customers, one array element each."""
    return _group(*check_histories(frequency, recency, age))[0]


def group_customers(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> tuple[Histories, np.ndarray]:
    """The same, and for each customer the place of their history."""
    histories, code = _group(*check_histories(frequency, recency, age))
    return histories, np.searchsorted(histories.code, code)


def _group(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> tuple[Histories, np.ndarray]:
    # Sorting values and looking them up is several times faster than sorting places, which unique does for inverses.
    counts, lasts, ages = (np.unique(column) for column in (frequency, recency, age))
    code = np.searchsorted(counts, frequency) * len(lasts)
    code += np.searchsorted(lasts, recency)
    code *= len(ages)
    code += np.searchsorted(ages, age)
    codes, customers = np.unique(code, return_counts=True)
    scale = float(age.mean()) or 1.0
    histories = Histories(
        frequency=counts[codes // (len(ages) * len(lasts))],
        recency=lasts[codes // len(ages) % len(lasts)] / scale,
        age=ages[codes % len(ages)] / scale,
        customers=customers.astype(float),
        code=codes,
        scale=scale,
    )
    return histories, code


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
