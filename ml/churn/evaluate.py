"""Measuring on past days: metrics with bootstrap intervals for the model and both rules, and the grade."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.params import ChurnParams

METRICS = ("auc", "log_loss", "brier", "ece", "recall_at_churners")
# How many numbers one block of resampling weights may hold: bounds the memory, changes no result.
BLOCK_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Measured:
    """One metric with its 95 % interval."""

    value: float
    low95: float
    high95: float


@dataclass(frozen=True)
class Told:
    """What was said of the customers of one day, and what became of them; one entry each.

    `place` is a customer's number, the same on every day that is measured together; `rank` sorts customers.
    """

    place: np.ndarray
    outcome: np.ndarray
    rank: np.ndarray
    probability: np.ndarray


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score down, and where each group of equal scores begins."""

    order: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, score: np.ndarray) -> "Ranking":
        """Sort once; every resample only weighs the same order anew."""
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        return cls(order=order, starts=starts)

    def group(self, weights: np.ndarray) -> np.ndarray:
        """Weights summed over each group of equal scores, one row per resample."""
        return np.add.reduceat(weights[:, self.order], self.starts, axis=1)


def measure(outcome: np.ndarray, rank: np.ndarray, probability: np.ndarray, params: ChurnParams) -> dict[str, Measured]:
    """Every metric on one day, with its interval."""
    return measure_days([Told(np.arange(len(outcome)), outcome, rank, probability)], params)


def measure_days(days: Sequence[Told], params: ChurnParams) -> dict[str, Measured]:
    """Every metric with its interval: what it is on each day, and of these the mean, weighed by the days' customers.

    Customers are drawn with replacement, each with all their days. The draws come from a fixed seed, so a model and a
    rule that answered on the same days meet the same resamples. Each interval is moved so that its middle is the value
    itself: a resampled calibration error is always somewhat larger than the one it was drawn from.
    """
    scorers = [_prepare(day.outcome, day.rank, day.probability, params.calibration_bins) for day in days]
    shares = np.array([len(day.place) for day in days]) / sum(len(day.place) for day in days)

    def average(weights: np.ndarray) -> dict[str, np.ndarray]:
        each = [_measure_weighted(weights[:, day.place], *scorer) for day, scorer in zip(days, scorers, strict=True)]
        return {metric: sum(share * one[metric] for share, one in zip(shares, each, strict=True)) for metric in METRICS}

    customers = 1 + max(int(day.place.max()) for day in days)
    values = average(np.ones((1, customers)))
    # A resample of very few rows may draw no churner; its metrics are NaN and the interval passes over them.
    with np.errstate(invalid="ignore"):
        blocks = [average(weights) for weights in draw_weights(customers, params)]
    return {
        metric: _interval(float(values[metric][0]), np.concatenate([block[metric] for block in blocks]), metric)
        for metric in METRICS
    }


def draw_weights(rows: int, params: ChurnParams) -> Iterator[np.ndarray]:
    """Yield blocks of resamples: how often each row was drawn, one line per resample."""
    random = np.random.default_rng(params.bootstrap_seed)
    block = max(1, BLOCK_NUMBERS // rows)
    for start in range(0, params.bootstrap_resamples, block):
        lines = min(block, params.bootstrap_resamples - start)
        drawn = random.integers(0, rows, size=(lines, rows))
        drawn += np.arange(lines)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=lines * rows).reshape(lines, rows).astype(np.float64)


def grade_model(model: dict[str, Measured], rules: dict[str, dict[str, Measured]], params: ChurnParams) -> str:
    """A finds clearly more of the churners than the best rule, B finds more, C does not.

    A model whose order of customers can't be told from chance, or is worse than the best rule's over all customers,
    is C whatever it found among the first.
    """
    best_order = max(rule["auc"].value for rule in rules.values())
    if model["auc"].low95 <= 0.5 or model["auc"].value < best_order:
        return "C"
    found = model["recall_at_churners"].value
    best = max(rule["recall_at_churners"].value for rule in rules.values())
    if found <= best:
        return "C"
    return "A" if found >= best * (1 + params.grade_a_gain) else "B"


def choose_rule(rules: dict[str, dict[str, Measured]]) -> str:
    """The rule that finds most churners; of equals, the one with the better probabilities."""
    return min(rules, key=lambda name: (-rules[name]["recall_at_churners"].value, rules[name]["log_loss"].value, name))


def _prepare(outcome: np.ndarray, rank: np.ndarray, probability: np.ndarray, bins: int) -> tuple:
    # Equal-width bins; each row's gap between probability and outcome goes to its bin.
    bin_of = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = np.zeros((len(outcome), bins))
    gaps[np.arange(len(outcome)), bin_of] = probability - outcome
    chosen = np.where(outcome == 1, probability, 1 - probability)
    losses = np.column_stack([-np.log(chosen), (probability - outcome) ** 2, gaps])
    return outcome, Ranking.of(rank), losses


def _measure_weighted(
    weights: np.ndarray, outcome: np.ndarray, ranking: Ranking, losses: np.ndarray
) -> dict[str, np.ndarray]:
    total = weights.sum(axis=1)
    means = (weights @ losses) / total[:, None]
    positive = ranking.group(weights * outcome)
    everyone = ranking.group(weights)
    return {
        "auc": _auc(positive, everyone - positive),
        "log_loss": means[:, 0],
        "brier": means[:, 1],
        "ece": np.abs(means[:, 2:]).sum(axis=1),
        "recall_at_churners": _recall_at_churners(positive, everyone),
    }


def _auc(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Share of (churner, stayer) pairs in the right order, a tie counting half."""
    negatives = negative.sum(axis=1, keepdims=True)
    below = negatives - np.cumsum(negative, axis=1)
    won = (positive * (below + 0.5 * negative)).sum(axis=1)
    return won / (positive.sum(axis=1) * negatives[:, 0])


def _recall_at_churners(positive: np.ndarray, everyone: np.ndarray) -> np.ndarray:
    """Name as many customers as there are churners, from the top; the share of the churners among them.

    Where the line falls inside a group of equal scores, that group counts in proportion, which is what
    picking from it at random gives on average.
    """
    churners = positive.sum(axis=1, keepdims=True)
    before = np.cumsum(everyone, axis=1) - everyone
    taken = np.clip(churners - before, 0, everyone)
    share = np.divide(taken, everyone, out=np.zeros_like(taken), where=everyone > 0)
    return (share * positive).sum(axis=1) / churners[:, 0]


def _interval(value: float, resampled: np.ndarray, metric: str) -> Measured:
    top = np.inf if metric == "log_loss" else 1.0
    low, high = np.nanquantile(resampled, [0.025, 0.975]) - np.nanmean(resampled) + value
    return Measured(value=value, low95=float(min(max(low, 0.0), value)), high95=float(max(min(high, top), value)))
