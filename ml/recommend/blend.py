"""How the candidates' features become one score: weights learnt from orders that were taken out of the history."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from ml.params import RecommendParams
from ml.recommend.candidates import OWN, Candidates, Known, find_candidates
from ml.recommend.history import History, Orders
from ml.recommend.neighbours import find_neighbours
from ml.recommend.products import describe_products, find_pairs


@dataclass(frozen=True)
class Network:
    """One hidden layer over features as they come: the scaling is part of its weights."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    outer: np.ndarray
    outer_bias: float

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The chance that each candidate is in the next order."""
        return 1 / (
            1 + np.exp(-(np.maximum(features @ self.hidden + self.hidden_bias, 0) @ self.outer + self.outer_bias))
        )


@dataclass(frozen=True)
class LearntBlend:
    """The mean of a few networks, which differ in where they began."""

    networks: tuple[Network, ...]

    def score(self, candidates: Candidates) -> np.ndarray:
        """The chance that each candidate is in the customer's next order."""
        return np.mean([network.predict(candidates.features) for network in self.networks], axis=0)


@dataclass(frozen=True)
class FixedBlend:
    """For a shop too young to learn from: what is bought often and is due, then what is near, then what sells."""

    def score(self, candidates: Candidates) -> np.ndarray:
        """A number from 0 to 1 that orders the candidates; not a chance."""
        features = candidates.features
        often, due = np.exp(features[:, 4]), np.minimum(features[:, 12], 1)
        sells, near = np.exp(features[:, OWN + 1]), np.exp(features[:, OWN + 7])
        repeat = np.where(candidates.times > 0, 0.5 + 0.4 * np.minimum(often, 1) * due, 0)
        return repeat + 0.05 * np.minimum(near, 1) + 0.01 * sells / (sells + 1)


def learn_known(history: History, params: RecommendParams) -> Known:
    """What all customers together tell."""
    pairs = find_pairs(history)
    shape = (len(history.customers), len(history.products))
    return Known(history, find_neighbours(pairs, shape, params), describe_products(history, pairs))


def learn_blend(history: History, params: RecommendParams) -> LearntBlend | FixedBlend:
    """Take the last order of each customer away, describe the candidates by what remains, see which were bought; and
    once more for the order before it. No order is ever foretold from itself or from what its customer did later."""
    parts = []
    for _ in range(params.learning_rounds):
        customers = np.flatnonzero(history.orders_of >= 2)
        if len(customers) > params.max_learning_orders:
            customers = customers[:: -(-len(customers) // params.max_learning_orders)]
        if len(customers) < params.min_learning_orders:
            break
        history, targets = history.hold_out(customers)
        parts.append(_describe_targets(history, targets, params))
    if not parts:
        return FixedBlend()
    features, bought, weight = (np.concatenate(values) for values in zip(*parts, strict=True))
    if bought.sum() < params.min_learning_orders or bought.all():
        return FixedBlend()
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # a fixed number of rounds is meant: it stops before the networks know the lines by heart
        warnings.simplefilter("ignore", ConvergenceWarning)
        seeds = range(params.learning_seed, params.learning_seed + params.networks)
        return LearntBlend(tuple(_fit_network(features, bought, weight, seed, params) for seed in seeds))


def _describe_targets(history: History, targets: Orders, params: RecommendParams) -> tuple[np.ndarray, ...]:
    everything = np.ones(len(history.products), dtype=bool)
    known = learn_known(history, params)
    # What sold on the day itself holds the very orders to be foretold.
    found = list(find_candidates(known, targets.customer, targets.day, targets.day - 1, everything, params))
    customer = targets.customer[np.concatenate([some.customer for some in found])]
    product = np.concatenate([some.product for some in found])
    wide = np.int64(len(history.products))
    bought = np.isin(customer * wide + product, targets.line_customer * wide + targets.line_product)
    # A line of a large order says less of its customer, and counts less in recall.
    weight = 1 / np.sqrt(np.bincount(targets.line_customer)[customer])
    return np.concatenate([some.features for some in found]), bought, weight


def _fit_network(
    features: np.ndarray, bought: np.ndarray, weight: np.ndarray, seed: int, params: RecommendParams
) -> Network:
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    scale[scale == 0] = 1
    learner = MLPClassifier(
        (params.hidden_units,),
        alpha=params.weight_decay,
        batch_size=params.batch_rows,
        learning_rate_init=params.learning_rate,
        max_iter=params.epochs,
        random_state=seed,
    )
    learner.fit(((features - mean) / scale).astype(np.float32), bought, sample_weight=weight)
    (inner, outer), (inner_bias, outer_bias) = learner.coefs_, learner.intercepts_
    hidden = inner / scale[:, None]
    return Network(
        hidden.astype(np.float32),
        (inner_bias - mean @ hidden).astype(np.float32),
        outer[:, 0].astype(np.float32),
        float(outer_bias[0]),
    )
