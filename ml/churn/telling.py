"""Why the model thinks so of a customer: its log-odds as a sum, and the largest parts of it told in words.

A reason is told by one of its features: one whose own part has the reason's sign, whose value lies on the side of the
usual one that the reason speaks for, and is not the same when written down; of several, that with the largest part. A
reason with no such figure isn't told, for nobody would believe it. Usual is the value that parts are counted from.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import logit

from ml.churn.features import FEATURES, FeatureRows
from ml.churn.fit import MODEL_FEATURES, FittedModel, FittedRule
from ml.churn.reasons import EITHER, NOT_TOLD, REASONS, UNKNOWN, Reason
from ml.churn.wording import round_figures, write_sentences
from ml.params import ChurnParams

MOST_REASONS = 3
REASON_COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("rank", pa.int64()),
        ("reason_code", pa.string()),
        ("direction", pa.string()),
        ("contribution", pa.float64()),
        ("value", pa.float64()),
        ("peer_value", pa.float64()),
        ("sentence", pa.string()),
    ]
)
DIRECTIONS = ("lowers", "raises")
_OVERDUE = [reason.code for reason in REASONS].index("overdue")


@dataclass(frozen=True)
class Explained:
    """Log-odds as `base` plus the sum of `parts`, (rows, MODEL_FEATURES); `usual` is each feature's starting point."""

    base: float
    parts: np.ndarray
    usual: np.ndarray

    def sum_up(self, reason: Reason) -> np.ndarray:
        """What all of a reason's features add, one number a row; exact to 9 digits."""
        return np.round(self.parts[:, [MODEL_FEATURES.index(feature) for feature in reason.features]].sum(axis=1), 9)


def explain(predictor: FittedModel | FittedRule, rows: FeatureRows, params: ChurnParams) -> Explained:
    """What each feature adds to each row's log-odds. A naive rule knows only how long the customer has been away."""
    if isinstance(predictor, FittedRule):
        return _explain_rule(predictor, rows, params)
    base, added = predictor.blend.contribute(predictor.read(rows))
    parts, usual = np.zeros((len(rows), len(MODEL_FEATURES))), np.full(len(MODEL_FEATURES), np.nan)
    parts[:, predictor.columns] = added
    usual[list(predictor.columns)] = predictor.blend.find_usual()
    return Explained(base, parts, usual)


def _explain_rule(rule: FittedRule, rows: FeatureRows, params: ChurnParams) -> Explained:
    """Counted from somebody whose next purchase is due, by their own gap where the rule goes by it."""
    relative, recency = (FEATURES.index(name) for name in ("recency_over_median_gap", "recency_days"))
    due = rule.typical_gap_days if rule.name == "recency" else 1.0
    base = float(logit(rule.answer(np.array([due]), params))[0])
    added = logit(rule.predict(rows, params)) - base
    by_own_gap = (rule.name != "recency") & ~np.isnan(rows.features[:, relative])
    parts, usual = np.zeros((len(rows), len(MODEL_FEATURES))), np.full(len(MODEL_FEATURES), np.nan)
    parts[by_own_gap, relative], parts[~by_own_gap, recency] = added[by_own_gap], added[~by_own_gap]
    usual[relative], usual[recency] = 1.0, rule.typical_gap_days
    return Explained(base, parts, usual)


def tell_reasons(predictor: FittedModel | FittedRule, rows: FeatureRows, params: ChurnParams) -> pa.Table:
    """The largest parts of each customer's log-odds, at most three, sorted by customer and rank; one row each.

    Columns are REASON_COLUMNS; `direction` is raises or lowers, `contribution` in log-odds. Who has no reason that
    their figures bear out is told how long it has been.
    """
    explained = explain(predictor, rows, params)
    added = np.column_stack([explained.sum_up(reason) for reason in REASONS])
    found = [_choose_figures(reason, explained, rows, part) for reason, part in zip(REASONS, added.T, strict=True)]
    figures, values, peers = (np.column_stack(columns) for columns in zip(*found, strict=True))
    weights = np.where(figures == NOT_TOLD, 0, np.abs(added))
    weights[~weights.any(axis=1), _OVERDUE] = np.inf
    largest = np.argsort(-weights, axis=1, kind="stable")[:, :MOST_REASONS]
    customer, rank = np.nonzero(np.take_along_axis(weights, largest, axis=1))
    reason = largest[customer, rank]
    part, figure, value, peer = (matrix[customer, reason] for matrix in (added, figures, values, peers))
    value = np.where(figure == NOT_TOLD, rows.column("recency_days")[customer], value)
    columns = [
        rows.customer_id[customer],
        rank + 1,
        np.array([reason.code for reason in REASONS])[reason],
        np.array(DIRECTIONS)[(part > 0).astype(int)],
        part,
        *(pa.array(numbers, pa.float64(), from_pandas=True) for numbers in (value, peer)),
        write_sentences(reason, figure, part, value, peer),
    ]
    return pa.table(columns, schema=REASON_COLUMNS).sort_by([("customer_id", "ascending"), ("rank", "ascending")])


def _choose_figures(
    reason: Reason, explained: Explained, rows: FeatureRows, added: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each row the number of the figure that tells a reason, UNKNOWN or NOT_TOLD; its value, and the usual one."""
    best = np.zeros(len(rows))
    chosen, value, peer = np.full(len(rows), NOT_TOLD), np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    is_known = np.zeros(len(rows), dtype=bool)
    for number, figure in enumerate(reason.figures):
        place = MODEL_FEATURES.index(figure.feature)
        own, values, usual = explained.parts[:, place], rows.column(figure.feature), explained.usual[place]
        has_value = ~np.isnan(values)
        fits = has_value & (own * added > 0)
        fits &= round_figures(values, figure.form) != round_figures(usual, figure.form)
        if figure.speaks != EITHER:
            fits &= (values - usual) * figure.speaks * added > 0
        fits &= np.abs(own) > best
        is_known |= has_value
        best[fits], chosen[fits], value[fits], peer[fits] = np.abs(own)[fits], number, values[fits], usual
    if reason.unknown:
        chosen[~is_known & (added > 0)] = UNKNOWN
    return chosen, value, peer
