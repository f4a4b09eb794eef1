"""The model that answers: the mean of a regression and boosted trees on the scale of log-odds.

A regression carries over to a later season better, trees see what goes together; their mean was better than either on
most of the past days it was judged on. Both are sums of what features add, and so is their mean.
"""

import warnings
from typing import Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ml.churn.boosting import BaggedBoosting
from ml.params import BoostingParams, RegressionParams


class Blend(ClassifierMixin, BaseEstimator):
    """Regression and boosting on the same matrix; `is_amount` says which columns have long tails."""

    def __init__(self, is_amount: np.ndarray, regression: RegressionParams, boosting: BoostingParams) -> None:
        """Nothing is learnt before `fit`."""
        self.is_amount = is_amount
        self.regression = regression
        self.boosting = boosting

    def fit(self, matrix: np.ndarray, outcome: np.ndarray) -> Self:
        """Fit both on all rows."""
        self.classes_ = np.array([0, 1])
        self.regression_ = build_regression(self.is_amount, self.regression)
        with warnings.catch_warnings():
            # one that has not quite converged is good enough, and is judged like any other
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.regression_.fit(matrix, outcome)
        self.boosting_ = BaggedBoosting(self.boosting).fit(matrix, outcome)
        return self

    def decision_function(self, matrix: np.ndarray) -> np.ndarray:
        """Log-odds, one per row."""
        return (self.regression_.decision_function(matrix) + self.boosting_.decision_function(matrix)) / 2

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities of 0 and 1, one row each."""
        probability = expit(self.decision_function(matrix))
        return np.column_stack([1 - probability, probability])

    def contribute(self, matrix: np.ndarray) -> tuple[float, np.ndarray]:
        """The base, and what each column adds to it, (rows, columns): together the log-odds."""
        first, by_regression = self._contribute_regression(matrix)
        second, by_trees = self.boosting_.contribute(matrix)
        return (first + second) / 2, (by_regression + by_trees) / 2

    def find_usual(self) -> np.ndarray:
        """The value of each column from which the regression counts: there it adds nothing."""
        usual = np.empty(len(self.is_amount))
        for name, prepared, places in self._list_branches():
            centre = prepared["standardscaler"].mean_[: len(places)]
            usual[places] = expand(centre) if name == "amounts" else centre
        return usual

    def _contribute_regression(self, matrix: np.ndarray) -> tuple[float, np.ndarray]:
        model = self.regression_["model"]
        parts = self.regression_["prepare"].transform(matrix) * model.coef_[0]
        # a column that had gaps is followed by one that says so, and what that adds is the column's own
        branches = self._list_branches()
        sources = [source for _, prepared, places in branches for source in _list_sources(prepared, places)]
        added = np.zeros(matrix.shape)
        for place, source in enumerate(sources):
            added[:, source] += parts[:, place]
        return float(model.intercept_[0]), added

    def _list_branches(self) -> list[tuple[str, Pipeline, np.ndarray]]:
        """How amounts and how shares are read, and which columns they are."""
        prepare = self.regression_["prepare"]
        fitted = [(name, np.asarray(places)) for name, _, places in prepare.transformers_ if len(places)]
        return [(name, prepare.named_transformers_[name], places) for name, places in fitted]


def build_regression(is_amount: np.ndarray, params: RegressionParams) -> Pipeline:
    """An unfitted logistic regression; amounts are read as logarithms, gaps as the median and a note of the gap."""
    places = np.arange(len(is_amount))
    prepare = ColumnTransformer(
        [
            (
                "amounts",
                make_pipeline(_imputer(), FunctionTransformer(compress), StandardScaler()),
                places[is_amount],
            ),
            ("shares", make_pipeline(_imputer(), StandardScaler()), places[~is_amount]),
        ]
    )
    model = LogisticRegression(C=params.inverse_penalty, max_iter=params.max_iterations)
    return Pipeline([("prepare", prepare), ("model", model)])


def compress(values: np.ndarray) -> np.ndarray:
    """log1p that also takes the negative amounts that refunds leave behind."""
    return np.sign(values) * np.log1p(np.abs(values))


def expand(values: np.ndarray) -> np.ndarray:
    """The amounts that `compress` made these of."""
    return np.sign(values) * np.expm1(np.abs(values))


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def _list_sources(prepared: Pipeline, places: np.ndarray) -> list[int]:
    gaps = prepared["simpleimputer"].indicator_.features_
    return [*places, *places[gaps]]
