"""The trained churn model as a whole: what it holds, how it scores, what it tells of itself."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from ml.churn.features import DORMANCY_LABEL, FEATURES, FeatureError, FeatureRows, read_features
from ml.churn.fit import FittedModel, FittedRule
from ml.churn.telling import REASON_COLUMNS, tell_reasons
from ml.params import ChurnParams

CARD_COLUMNS = pa.schema(
    [
        ("model", pa.string()),
        ("version", pa.string()),
        ("trained_on", pa.date32()),
        ("rows", pa.int64()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("low95", pa.float64()),
        ("high95", pa.float64()),
        ("baseline", pa.string()),
        ("baseline_value", pa.float64()),
        ("grade", pa.string()),
        ("status", pa.string()),
    ]
)


class ModelError(ValueError):
    """A saved model that can't be used; training again mends it."""


@dataclass(frozen=True)
class Target:
    """One thing to predict: its name, the label column, the column of its scores, how far it looks ahead."""

    name: str
    label: str
    score_column: str
    horizon_days: int


@dataclass(frozen=True)
class FittedTarget:
    """What answers for one target: a model, a rule, or nothing, and all that is known about how good it is.

    A model carries the day and version it was trained as of, and `judged_by`: the earlier fit that was measured, which
    has seen no outcome after the day it was judged on.
    """

    target: Target
    status: str
    grade: str
    reason: str
    predictor: FittedModel | FittedRule | None
    facts: dict[str, Any]
    cards: tuple[dict[str, Any], ...]
    trained_on: date | None = None
    version: str = ""
    judged_by: FittedModel | None = None


@dataclass(frozen=True)
class ChurnModel:
    """Every target's fitted piece, with the settings and the data cutoff they came from."""

    as_of: date
    version: str
    code_version: str
    warning_window_days: int
    params: ChurnParams
    targets: tuple[FittedTarget, ...]

    def answer(self, frame: pa.Table | pd.DataFrame) -> tuple[pa.Table, pa.Table]:
        """`score` and `tell_reasons` of the same customers, read once."""
        rows = _read_night(frame)
        return self._score(rows), self._tell_reasons(rows)

    def score(self, frame: pa.Table | pd.DataFrame) -> pa.Table:
        """Probabilities for one as-of date's customers, sorted by customer_id.

        churn_probability_Nd: no purchase in the next N days; never rises with N; NULL where nothing was learnt.
        Churned customers are scored too, though no measure counts them. dormancy_probability: exactly 0 where
        dormancy lies beyond the warning window, NULL for customers who are dormant already.
        """
        return self._score(_read_night(frame))

    def tell_reasons(self, frame: pa.Table | pd.DataFrame) -> pa.Table:
        """Why each customer is thought likely, or not, to buy nothing for `reasons_horizon_days`; see ml.churn.telling.

        No rows where nothing was learnt about that horizon.
        """
        return self._tell_reasons(_read_night(frame))

    def _score(self, rows: FeatureRows) -> pa.Table:
        with threadpool_limits(limits=1):
            raw = {piece.target.score_column: self._predict(piece, rows) for piece in self.targets}
        dormancy = raw.pop("dormancy_probability")
        # No purchase in 60 days implies none in 30: the longer horizon can't be the likelier one.
        horizons = np.fmin.accumulate(np.column_stack(list(raw.values())), axis=1)
        was_null = np.isnan(np.column_stack(list(raw.values())))
        horizons[was_null] = np.nan
        columns = dict(zip(raw, horizons.T, strict=True)) | {"dormancy_probability": dormancy}
        scored = {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()}
        table = pa.table({"customer_id": pa.array(rows.customer_id, pa.string())} | scored)
        return table.sort_by("customer_id")

    def _tell_reasons(self, rows: FeatureRows) -> pa.Table:
        target = f"churn_{self.params.reasons_horizon_days}d"
        predictor = next(piece.predictor for piece in self.targets if piece.target.name == target)
        if predictor is None:
            return REASON_COLUMNS.empty_table()
        with threadpool_limits(limits=1):
            return tell_reasons(predictor, rows, self.params)

    def cards(self) -> pa.Table:
        """Rows for the model_cards table: one per metric and baseline, and the rules' own rows beside them."""
        return pa.Table.from_pylist([card for piece in self.targets for card in piece.cards], schema=CARD_COLUMNS)

    def describe(self) -> dict[str, Any]:
        """The whole card: settings, data cutoff, row counts, choices and numbers, ready for JSON."""
        return {
            "model": "churn",
            "version": self.version,
            "code_version": self.code_version,
            "as_of_date": self.as_of.isoformat(),
            "warning_window_days": self.warning_window_days,
            "features": list(FEATURES),
            "params": asdict(self.params),
            "numbers_come_from": "an earlier fit with the same settings, judged on rows it never saw;"
            " the fit that scores was made again on all matured rows",
            "targets": [
                {
                    **asdict(piece.target),
                    "status": piece.status,
                    "grade": piece.grade,
                    "reason": piece.reason,
                    **piece.facts,
                    "cards": [{**card, "trained_on": card["trained_on"].isoformat()} for card in piece.cards],
                }
                for piece in self.targets
            ],
        }

    def _predict(self, piece: FittedTarget, rows: FeatureRows) -> np.ndarray:
        probability = np.full(len(rows), np.nan)
        if piece.target.label != DORMANCY_LABEL:
            chosen = np.ones(len(rows), dtype=bool)
        else:
            chosen = rows.days_to_dormancy <= self.warning_window_days
            probability[rows.days_to_dormancy > self.warning_window_days] = 0.0
        if piece.predictor is not None and chosen.any():
            probability[chosen] = piece.predictor.predict(rows.take(chosen), self.params)
        return probability


def _read_night(frame: pa.Table | pd.DataFrame) -> FeatureRows:
    rows = read_features(frame)
    if rows.as_of_on[0] != rows.as_of_on[-1]:
        raise FeatureError("scoring takes the customers of one as-of date; the table has several")
    return rows
