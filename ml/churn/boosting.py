"""Boosted trees, several times over, and what each feature adds to what they say.

Members differ in which features each split may choose from; their mean wobbles less than any of them. What the trees
say is a sum over trees, and each tree's part is the sum of the steps on its path: a step from a node to one of its
children is what the split's feature adds (Saabas 2014, "Interpreting random forests"). So the parts add up to the
log-odds exactly.
"""

from typing import Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from ml.params import BoostingParams

_NO_CATEGORIES = np.zeros((0, 8), dtype=np.uint32), np.zeros(0, dtype=np.uint32)


class BaggedBoosting(ClassifierMixin, BaseEstimator):
    """Some members of gradient-boosted trees, averaged on the scale of log-odds."""

    def __init__(self, params: BoostingParams) -> None:
        """Nothing is learnt before `fit`."""
        self.params = params

    def fit(self, matrix: np.ndarray, outcome: np.ndarray) -> Self:
        """Fit each member on all rows; the member's number is its seed."""
        self.classes_ = np.array([0, 1])
        self.members_ = [
            HistGradientBoostingClassifier(
                max_iter=self.params.trees,
                learning_rate=self.params.learning_rate,
                max_leaf_nodes=self.params.max_leaves,
                min_samples_leaf=self.params.min_leaf_rows,
                max_features=self.params.feature_share,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=seed,
            ).fit(matrix, outcome)
            for seed in range(self.params.members)
        ]
        return self

    def decision_function(self, matrix: np.ndarray) -> np.ndarray:
        """Log-odds, one per row."""
        return np.mean([member.decision_function(matrix) for member in self.members_], axis=0)

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities of 0 and 1, one row each."""
        probability = expit(self.decision_function(matrix))
        return np.column_stack([1 - probability, probability])

    def contribute(self, matrix: np.ndarray) -> tuple[float, np.ndarray]:
        """The base, and what each feature adds to it, (rows, features): together the log-odds."""
        matrix = np.ascontiguousarray(matrix)
        # one feature's parts lie side by side, for they are added to one feature at a time
        added = np.zeros(matrix.shape[::-1])
        base = 0.0
        for member in self.members_:
            base += float(member._baseline_prediction[0, 0])
            for (predictor,) in member._predictors:
                root, steps = _follow_paths(predictor.nodes)
                leaves = _find_leaves(predictor, matrix)
                base += root
                for feature, step in steps.items():
                    added[feature] += step[leaves]
        return base / self.params.members, added.T / self.params.members


def _follow_paths(nodes: np.ndarray) -> tuple[float, dict[int, np.ndarray]]:
    """A tree's mean value, and for each feature it splits on what the steps on the way to each node add."""
    values = nodes["value"].astype(float)
    # scikit-learn keeps no shrunk values for inner nodes: theirs is the mean of their leaves. Children come after
    # their parents.
    inner = [number for number in range(len(nodes)) if not nodes["is_leaf"][number]]
    counts = nodes["count"].astype(float)
    for number in reversed(inner):
        children = [nodes["left"][number], nodes["right"][number]]
        values[number] = np.average(values[children], weights=counts[children])
    steps = {int(nodes["feature_idx"][number]): np.zeros(len(nodes)) for number in inner}
    for number in inner:
        for child in (nodes["left"][number], nodes["right"][number]):
            for by_node in steps.values():
                by_node[child] = by_node[number]
            steps[int(nodes["feature_idx"][number])][child] += values[child] - values[number]
    return float(values[0]), steps


def _find_leaves(predictor: TreePredictor, matrix: np.ndarray) -> np.ndarray:
    """The number of the leaf that each row falls into: the tree itself says it when its values are those numbers."""
    nodes = predictor.nodes.copy()
    nodes["value"] = np.arange(len(nodes))
    numbered = TreePredictor(nodes, predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets)
    return numbered.predict(matrix, *_NO_CATEGORIES, n_threads=1).astype(int)
