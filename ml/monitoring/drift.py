"""The population stability index: how far the values of a column have moved since the models last learnt.

Values are sorted into ten groups of equal size as they were then, the missing ones into a group of their own. The index
is the sum of (share now - share then) * log(share now / share then): below 0.1 hardly anything, from 0.25 on a lot
(Siddiqi 2006, "Credit Risk Scorecards", chapter 6).
"""

import numpy as np

_GROUPS = 10
_LEAST_SHARE = 0.001  # stands for an empty group, whose logarithm would be infinite


def sort_into_groups(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges between groups, fewer where many values are alike, and the share in each; the last is of missing values."""
    known = values[~np.isnan(values)]
    shares = np.linspace(0, 1, _GROUPS + 1)[1:-1]
    edges = np.unique(np.quantile(known, shares, method="lower")) if len(known) else np.empty(0)
    return edges, find_shares(values, edges)


def find_shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The share of values in each group between the edges, and of missing ones at the end; one value at least."""
    group = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return np.bincount(group, minlength=len(edges) + 2) / len(values)


def measure_drift(then: np.ndarray, now: np.ndarray) -> float:
    """The index of two lists of shares of the same groups."""
    then, now = (np.maximum(shares, _LEAST_SHARE) for shares in (then, now))
    return float(np.sum((now - then) * np.log(now / then)))
