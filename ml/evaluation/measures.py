"""Measures of predicted purchases and value, each with a bootstrap interval over customers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.churn.evaluate import draw_weights
from ml.params import ChurnParams

BEST_SHARE = 0.2


@dataclass(frozen=True)
class Interval:
    """A measure and the 95 % interval of it when customers are drawn again."""

    value: float
    low95: float
    high95: float


def measure_error(predicted: np.ndarray, happened: np.ndarray, params: ChurnParams) -> Interval:
    """Mean absolute error per customer."""
    error = np.abs(predicted - happened)
    return _summarise(lambda weights: (weights @ error) / weights.sum(axis=1), len(error), params)


def measure_bias(predicted: np.ndarray, happened: np.ndarray, params: ChurnParams) -> Interval:
    """By which share the total is predicted too high (or, below 0, too low)."""
    return _summarise(lambda weights: (weights @ predicted) / (weights @ happened) - 1, len(predicted), params)


def measure_best_found(value: np.ndarray, spend: np.ndarray, params: ChurnParams) -> Interval:
    """Of the best fifth of customers by spend, the share that is also in the best fifth by predicted value."""
    orders = [np.argsort(-amount, kind="stable") for amount in (spend, value)]

    def find(weights: np.ndarray) -> np.ndarray:
        return np.array([find_best_share(row, orders) for row in weights])

    return _summarise(find, len(value), params)


def find_best_share(weights: np.ndarray, orders: list[np.ndarray]) -> float:
    """The same for customers drawn several times, of whom the one on the line may count in part."""
    most = BEST_SHARE * weights.sum()
    taken = np.empty((2, len(weights)))
    for row, order in zip(taken, orders, strict=True):
        ordered = weights[order]
        row[order] = np.clip(most - (np.cumsum(ordered) - ordered), 0, ordered)
    return float(np.minimum(*taken).sum() / most)


def _summarise(measure: Callable[[np.ndarray], np.ndarray], customers: int, params: ChurnParams) -> Interval:
    """The measure of all, and where 95 % of the resamples lie; all methods meet the same draws."""
    drawn = np.concatenate([measure(weights) for weights in draw_weights(customers, params)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(measure(np.ones((1, customers)))[0]), float(low), float(high))
