"""Fitting what answers: the model, with the lifetime model it reads, and the naive rules."""

from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from ml.churn.blend import Blend
from ml.churn.features import COUNTS_AND_AMOUNTS, FEATURES, FeatureRows
from ml.churn.rhythm import RHYTHM_FEATURES, Rhythm, fit_rhythm
from ml.params import ChurnParams

RULES = ("recency", "recency_over_median_gap")
MODEL_FEATURES = FEATURES + RHYTHM_FEATURES


@dataclass(frozen=True)
class FittedModel:
    """A blend, the lifetime model that adds columns to the table's, and the positions of those the blend reads."""

    rhythm: Rhythm
    columns: tuple[int, ...]
    blend: Blend

    def predict(self, rows: FeatureRows, params: ChurnParams) -> np.ndarray:
        """The probability of the label, in chunks of rows so that memory stays bounded."""
        step = params.score_chunk_rows
        parts = [
            self.blend.predict_proba(self.read(rows.take(slice(start, start + step))))[:, 1]
            for start in range(0, len(rows), step)
        ]
        return clip_probability(np.concatenate(parts) if parts else np.empty(0), params)

    def read(self, rows: FeatureRows) -> np.ndarray:
        """The columns the blend reads, (rows, columns)."""
        return describe_rows(rows, self.rhythm)[:, list(self.columns)]


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
        return self.answer(self.rank(rows), params)

    def answer(self, rank: np.ndarray, params: ChurnParams) -> np.ndarray:
        """The same for ranks."""
        return clip_probability(self.mapping.predict(rank), params)


def clip_probability(probability: np.ndarray, params: ChurnParams) -> np.ndarray:
    """Keep probabilities off 0 and 1, and drop digits that mean nothing but could differ between machines."""
    return np.round(np.clip(probability, params.probability_floor, 1 - params.probability_floor), 6)


def describe_rows(rows: FeatureRows, rhythm: Rhythm) -> np.ndarray:
    """All columns a model may read, (rows, MODEL_FEATURES)."""
    return np.column_stack([rows.features, rhythm.describe(rows)])


def find_columns(matrix: np.ndarray) -> tuple[int, ...]:
    """Positions of columns with at least two values: one that is empty or constant teaches nothing."""
    if len(matrix) == 0:
        return ()
    lowest = np.fmin.reduce(matrix, axis=0)
    highest = np.fmax.reduce(matrix, axis=0)
    gaps = np.isnan(matrix).any(axis=0)
    varies = (lowest < highest) | (gaps & ~np.isnan(lowest))
    return tuple(int(position) for position in np.flatnonzero(varies))


def fit_model(rows: FeatureRows, outcome: np.ndarray, params: ChurnParams) -> FittedModel:
    """Fit the lifetime model on the latest date, and the blend on all rows."""
    rhythm = fit_rhythm(rows)
    matrix = describe_rows(rows, rhythm)
    columns = find_columns(matrix)
    is_amount = np.array([MODEL_FEATURES[column] in COUNTS_AND_AMOUNTS for column in columns])
    blend = Blend(is_amount, params.regression, params.boosting).fit(matrix[:, list(columns)], outcome)
    return FittedModel(rhythm=rhythm, columns=columns, blend=blend)


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
