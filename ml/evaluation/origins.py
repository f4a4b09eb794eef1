"""Rolling origins: predicting parts of the past from what came before, to choose a method without the future.

An origin is a month's end inside the known history. The models are fitted as of it and their predictions for the weeks
from there to the end of the history meet what happened. Nothing after the end of the history is looked at.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml.evaluation.purchases import Cohort, split_at
from ml.evaluation.report import EvaluationError
from ml.lifetime import BetaGeometricNBD, ParetoNBD
from ml.lifetime.estimator import PurchaseEstimator
from ml.params import LifetimeParams

KINDS: tuple[type[PurchaseEstimator], ...] = (BetaGeometricNBD, ParetoNBD)


@dataclass(frozen=True)
class Origin:
    """An as-of date inside the history: its customers, and the model fitted on them with its predictions."""

    day: date
    cohort: Cohort
    model: PurchaseEstimator
    predicted: np.ndarray

    @property
    def error(self) -> float:
        """Mean absolute error of purchases."""
        return float(np.abs(self.predicted - self.cohort.purchases_after).mean())


def list_origins(purchases: pd.DataFrame, cutoff: date, weeks: float, params: LifetimeParams) -> list[date]:
    """Month ends with enough history before them, and enough of the horizon between them and the cutoff."""
    first = purchases["day"].min() + pd.Timedelta(weeks=params.origin_least_weeks)
    last = pd.Timestamp(cutoff) - pd.Timedelta(weeks=weeks * params.origin_least_share)
    days = [day.date() for day in pd.date_range(first, last, freq="ME")]
    if not days:
        raise EvaluationError(f"the history up to {cutoff} is too short for an origin inside it")
    return days


def fit_origins(
    purchases: pd.DataFrame, cutoff: date, days: list[date], kind: type[PurchaseEstimator], params: LifetimeParams
) -> list[Origin]:
    """Fit one kind of model as of each day and predict up to the cutoff."""
    origins = []
    for day in days:
        weeks = (cutoff - day).days / 7
        cohort = split_at(purchases, day, weeks)
        model = kind(params).fit(*cohort.histories)
        origins.append(Origin(day, cohort, model, model.predict(weeks, *cohort.histories)))
    return origins


def choose_kind(fitted: list[list[Origin]]) -> list[Origin]:
    """The kind of model whose purchases are nearest to what happened after the origins."""
    return min(fitted, key=lambda origins: sum(origin.error for origin in origins))


def learn_correction(origins: list[Origin]) -> float:
    """By how much to multiply purchases: all that happened after the origins over all that had been predicted."""
    happened = sum(origin.cohort.purchases_after.sum() for origin in origins)
    return float(happened / sum(origin.predicted.sum() for origin in origins))
