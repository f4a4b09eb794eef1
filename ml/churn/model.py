"""The trained churn model as a whole: what it holds, how it scores, how it is saved and loaded."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import sklearn
from threadpoolctl import threadpool_limits

from ml.churn.features import DORMANCY_LABEL, FEATURES, FeatureError, FeatureRows, read_features
from ml.churn.fit import FittedModel, FittedRule
from ml.params import ChurnParams

CARD_FILE = "card.json"
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
    """What answers for one target: a model, a rule, or nothing, and all that is known about how good it is."""

    target: Target
    status: str
    grade: str
    reason: str
    predictor: FittedModel | FittedRule | None
    facts: dict[str, Any]
    cards: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ChurnModel:
    """Every target's fitted piece, with the settings and the data cutoff they came from."""

    as_of: date
    version: str
    code_version: str
    warning_window_days: int
    params: ChurnParams
    targets: tuple[FittedTarget, ...]

    def score(self, frame: pa.Table | pd.DataFrame) -> pa.Table:
        """Probabilities for one as-of date's customers, sorted by customer_id.

        churn_probability_Nd: no purchase in the next N days; never rises with N; NULL where nothing was learnt.
        Churned customers are scored too, though no measure counts them. dormancy_probability: exactly 0 where
        dormancy lies beyond the warning window, NULL for customers who are dormant already.
        """
        rows = read_features(frame)
        if rows.as_of_on[0] != rows.as_of_on[-1]:
            raise FeatureError("scoring takes the customers of one as-of date; the table has several")
        with threadpool_limits(limits=1):
            raw = {piece.target.score_column: self._predict(piece, rows) for piece in self.targets}
        dormancy = raw.pop("dormancy_probability")
        # No purchase in 60 days implies none in 30: the longer horizon can't be the likelier one.
        horizons = np.fmin.accumulate(np.column_stack(list(raw.values())), axis=1)
        was_null = np.isnan(np.column_stack(list(raw.values())))
        horizons[was_null] = np.nan
        columns = dict(zip(raw, horizons.T, strict=True)) | {"dormancy_probability": dormancy}
        scored = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
        table = pa.table({"customer_id": pa.array(rows.customer_id, pa.string())} | scored)
        return table.sort_by("customer_id")

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


def save_model(model: ChurnModel, folder: Path | str) -> Path:
    """Write model and card; returns the model's file.

    The model goes to a file named by its own hash and the card names that file, so that replacing the
    card is the one step that switches, and a crash before it leaves the old model in use.
    """
    folder = Path(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    partial = folder / "model.partial"
    joblib.dump(model, partial, compress=3)
    digest = _hash_file(partial)
    target = folder / f"churn-{digest[:16]}.joblib"
    _put_in_place(partial, target)
    card = {"file": target.name, "sha256": digest, "scikit_learn": sklearn.__version__, **model.describe()}
    partial_card = folder / "card.partial"
    partial_card.write_text(json.dumps(card, indent=2, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
    _put_in_place(partial_card, folder / CARD_FILE)
    for old in folder.glob("churn-*.joblib"):
        if old != target:
            old.unlink()
    return target


def load_model(folder: Path | str) -> ChurnModel:
    """Load what save_model wrote; a damaged file or another scikit-learn is a ModelError, never a strange score."""
    folder = Path(folder)
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        file = folder / card["file"]
        digest = _hash_file(file)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"no usable model in {folder} ({type(error).__name__}); train it again") from None
    if digest != card["sha256"]:
        raise ModelError(f"{file} is not the file its card describes; train it again")
    if card["scikit_learn"] != sklearn.__version__:
        raise ModelError(
            f"{file} was made with scikit-learn {card['scikit_learn']}, this is {sklearn.__version__}; train it again"
        )
    return joblib.load(file)


def _put_in_place(partial: Path, target: Path) -> None:
    partial.chmod(0o600)
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    os.replace(partial, target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hash_file(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
