"""Fitting: the two kinds of model, the choice between them, calibration, and the naive rules."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ml.churn.features import COUNTS_AND_AMOUNTS, FEATURES, FeatureRows
from ml.churn.split import assign_folds
from ml.params import ChurnParams

RULES = ("recency", "recency_over_median_gap")
KINDS = ("regression", "boosting")


@dataclass(frozen=True)
class FittedModel:
    """A calibrated pipeline and the positions of the features it was fitted on."""

    kind: str
    columns: tuple[int, ...]
    estimator: BaseEstimator

    def predict(self, rows: FeatureRows, params: ChurnParams) -> np.ndarray:
        """The probability of the label, in chunks of rows so that memory stays bounded."""
        step = params.score_chunk_rows
        columns = list(self.columns)
        parts = [
            self.estimator.predict_proba(rows.features[start : start + step][:, columns])[:, 1]
            for start in range(0, len(rows), step)
        ]
        return clip_probability(np.concatenate(parts) if parts else np.empty(0), params)


@dataclass(frozen=True)
class FittedRule:
    """A naive rule: its own order of customers, and the probability that went with it in the training rows."""

    name: str
    typical_gap_days: float
    mapping: IsotonicRegression

    def rank(self, rows: FeatureRows) -> np.ndarray:
        """What the rule sorts customers by; higher means likelier to lapse."""
        recency = rows.column("recency_days")
        if self.name == "recency":
            return recency
        # Someone who bought once has no gap of their own and is measured by the typical one.
        own = rows.column("recency_over_median_gap")
        return np.where(np.isnan(own), recency / self.typical_gap_days, own)

    def predict(self, rows: FeatureRows, params: ChurnParams) -> np.ndarray:
        """The share of training rows at this rank that had the label, smoothed to rise with the rank."""
        return clip_probability(self.mapping.predict(self.rank(rows)), params)


def clip_probability(probability: np.ndarray, params: ChurnParams) -> np.ndarray:
    """Keep probabilities off 0 and 1, and drop digits that mean nothing but could differ between machines."""
    return np.round(np.clip(probability, params.probability_floor, 1 - params.probability_floor), 6)


def compress(values: np.ndarray) -> np.ndarray:
    """log1p that also takes the negative amounts that refunds leave behind."""
    return np.sign(values) * np.log1p(np.abs(values))


def build_pipeline(kind: str, columns: tuple[int, ...], params: ChurnParams) -> Pipeline:
    """An unfitted pipeline over the given features, positions counted within `columns`."""
    if kind == "boosting":
        boosting = params.boosting
        model = HistGradientBoostingClassifier(
            max_iter=boosting.trees,
            learning_rate=boosting.learning_rate,
            max_leaf_nodes=boosting.max_leaves,
            min_samples_leaf=boosting.min_leaf_rows,
            early_stopping=False,
            random_state=0,
        )
        return Pipeline([("model", model)])
    amounts = [place for place, column in enumerate(columns) if FEATURES[column] in COUNTS_AND_AMOUNTS]
    shares = [place for place, column in enumerate(columns) if FEATURES[column] not in COUNTS_AND_AMOUNTS]
    prepare = ColumnTransformer(
        [
            ("amounts", make_pipeline(_imputer(), FunctionTransformer(compress), StandardScaler()), amounts),
            ("shares", make_pipeline(_imputer(), StandardScaler()), shares),
        ]
    )
    model = LogisticRegression(C=params.regression.inverse_penalty, max_iter=params.regression.max_iterations)
    return Pipeline([("prepare", prepare), ("model", model)])


def find_columns(rows: FeatureRows) -> tuple[int, ...]:
    """Positions of features with at least two values: a column that is empty or constant teaches nothing."""
    if len(rows) == 0:
        return ()
    lowest = np.fmin.reduce(rows.features, axis=0)
    highest = np.fmax.reduce(rows.features, axis=0)
    gaps = np.isnan(rows.features).any(axis=0)
    varies = (lowest < highest) | (gaps & ~np.isnan(lowest))
    return tuple(int(position) for position in np.flatnonzero(varies))


def choose_kind(rows: FeatureRows, outcome: np.ndarray, params: ChurnParams) -> tuple[str, dict[str, float]]:
    """Regression or boosting, by cross-validated log loss in the training rows; regression unless clearly beaten."""
    columns = find_columns(rows)
    folds = assign_folds(rows.customer_hash, params.folds)
    losses = {}
    for kind in KINDS:
        pipeline = build_pipeline(kind, columns, params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            predicted = cross_val_predict(
                pipeline, rows.features[:, list(columns)], outcome, cv=folds, method="predict_proba"
            )[:, 1]
        losses[kind] = float(log_loss(outcome, clip_probability(predicted, params), labels=[0, 1]))
    is_beaten = losses["boosting"] < losses["regression"] * (1 - params.boosting_margin)
    return ("boosting" if is_beaten else "regression"), losses


def fit_model(kind: str, rows: FeatureRows, outcome: np.ndarray, params: ChurnParams) -> FittedModel:
    """Fit and calibrate; the calibration only sees predictions for customers the fit behind them left out."""
    columns = find_columns(rows)
    estimator = CalibratedClassifierCV(
        build_pipeline(kind, columns, params),
        method=params.calibration,
        cv=assign_folds(rows.customer_hash, params.folds),
        ensemble=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(rows.features[:, list(columns)], outcome)
    return FittedModel(kind=kind, columns=columns, estimator=estimator)


def fit_rule(name: str, rows: FeatureRows, outcome: np.ndarray) -> FittedRule:
    """Map a rule's order to a probability with the least-squares rising curve through the training rows."""
    gaps = rows.column("median_gap_days")
    known = gaps[~np.isnan(gaps)]
    typical_gap_days = max(float(np.median(known)), 1.0) if len(known) else 1.0
    mapping = IsotonicRegression(increasing=True, out_of_bounds="clip")
    rule = FittedRule(name=name, typical_gap_days=typical_gap_days, mapping=mapping)
    mapping.fit(rule.rank(rows), outcome)
    return rule


def choose_unjudged_rule(rows: FeatureRows, outcome: np.ndarray, params: ChurnParams) -> FittedRule:
    """The rule that describes its own rows best, for when there is no holdout to tell by."""
    fitted = [fit_rule(name, rows, outcome) for name in RULES]
    return min(
        fitted, key=lambda rule: (float(log_loss(outcome, rule.predict(rows, params), labels=[0, 1])), rule.name)
    )


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
