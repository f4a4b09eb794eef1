"""Which rows teach and which rows judge: by time, with a gap as long as the label looks ahead."""

from dataclasses import dataclass

import numpy as np

from ml.churn.features import FeatureRows


@dataclass(frozen=True)
class TimeSplit:
    """Masks over the rows: `train` ends a whole label before `judge` begins."""

    judge_on: np.datetime64
    train: np.ndarray
    judge: np.ndarray


def find_labelled(rows: FeatureRows, label: str, horizon_days: int, as_of: np.datetime64) -> np.ndarray:
    """Rows a label can be learnt from: not yet churned, and every day the label speaks of has passed.

    The second test stands even where the column is filled: a label that peeks past the run's own
    as-of date is never used.
    """
    is_matured = rows.as_of_on + np.timedelta64(horizon_days, "D") <= as_of
    return ~rows.is_churned & is_matured & ~np.isnan(rows.labels[label])


def split_by_time(rows: FeatureRows, labelled: np.ndarray, horizon_days: int) -> TimeSplit | None:
    """Judge on the latest labelled as-of date; train on dates whose labels had matured by then.

    None when there is no such earlier date.
    """
    if not labelled.any():
        return None
    judge_on = rows.as_of_on[labelled].max()
    train = labelled & (rows.as_of_on + np.timedelta64(horizon_days, "D") <= judge_on)
    if not train.any():
        return None
    return TimeSplit(judge_on=judge_on, train=train, judge=labelled & (rows.as_of_on == judge_on))


def list_splits(rows: FeatureRows, horizon_days: int, step_days: int, most: int) -> list[TimeSplit]:
    """Splits at up to so many rolling origins, the latest first; their judged days lie `step_days` apart or more.

    All rows are labelled ones.
    """
    splits, until = [], rows.as_of_on.max(initial=np.datetime64(0, "D"))
    while len(splits) < most:
        split = split_by_time(rows, rows.as_of_on <= until, horizon_days)
        if split is None:
            break
        splits.append(split)
        until = split.judge_on - np.timedelta64(step_days, "D")
    return splits


def limit_rows(rows: FeatureRows, max_rows: int) -> FeatureRows:
    """At most so many rows, whole customers only, chosen by the hash of their id and so the same every night."""
    if len(rows) <= max_rows:
        return rows
    first_left_out = np.partition(rows.customer_hash, max_rows)[max_rows]
    return rows.take(rows.customer_hash < first_left_out)
