"""Rows that wait to be landed: columns of numbers, kept until their day has come."""

import numpy as np

Rows = dict[str, np.ndarray]


class Ledger:
    """Rows of each entity, as numpy columns of one length; every entity has a column `day`."""

    def __init__(self):
        self._rows: dict[str, list[Rows]] = {}

    def add(self, entity: str, **columns) -> None:
        """Add rows; numbers that are no array stand for every row. The array `day` says when each may be landed."""
        length = len(columns["day"])
        if length:
            rows = {n: c if isinstance(c, np.ndarray) else np.full(length, c) for n, c in columns.items()}
            self._rows.setdefault(entity, []).append(rows)

    def count(self, entity: str) -> int:
        """How many rows wait, due or not."""
        return sum(len(rows["day"]) for rows in self._rows.get(entity, []))

    def take(self, entity: str, day: int) -> Rows | None:
        """Take out the rows whose day has come, in the order in which they were added; None when there are none."""
        rows = self._join(entity)
        if rows is None:
            return None
        is_due = rows["day"] <= day
        if not is_due.all():
            self._rows[entity] = [{name: column[~is_due] for name, column in rows.items()}]
            rows = {name: column[is_due] for name, column in rows.items()}
        return rows if len(rows["day"]) else None

    def save(self) -> Rows:
        """All that waits, as arrays by name."""
        saved = {}
        for entity in list(self._rows):
            rows = self._join(entity)
            self._rows[entity] = [rows]
            saved |= {f"{entity}.{name}": column for name, column in rows.items()}
        return saved

    def restore(self, saved: Rows) -> None:
        """The inverse of `save`."""
        for key, column in saved.items():
            entity, name = key.split(".")
            self._rows.setdefault(entity, [{}])[0][name] = column

    def _join(self, entity: str) -> Rows | None:
        parts = self._rows.pop(entity, None)
        if not parts:
            return None
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
