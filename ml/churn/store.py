"""The trained models that are kept: each a file and its card, with the first night it may answer on.

A night is answered by the newest model of its day or before, whenever it is run; so a night told anew says what it
said. A model goes to a file named by its own hash, and the card that names it is put in place last: a crash before
that leaves the models as they were.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import sklearn

from ml.churn.features import FEATURES
from ml.churn.model import ChurnModel, ModelError

# More than a year of weekly models.
MOST_KEPT = 60


@dataclass(frozen=True)
class KeptModel:
    """One model that is kept, as its card tells of it; `answers_from` is the first night it may answer on."""

    answers_from: date
    file: Path
    card: dict[str, Any]

    @property
    def is_judged(self) -> bool:
        """Whether the history it learnt from was long enough to judge any part of it."""
        return any("judged_on" in target for target in self.card["targets"])

    @property
    def obstacle(self) -> str | None:
        """Why it can't be used, in words; None when it can."""
        if not self.file.exists() or _hash_file(self.file) != self.card["sha256"]:
            return f"{self.file} is not the file its card describes"
        if self.card["scikit_learn"] != sklearn.__version__:
            return f"{self.file} was made with scikit-learn {self.card['scikit_learn']}, this is {sklearn.__version__}"
        if tuple(self.card["features"]) != FEATURES:
            return f"{self.file} reads other features than there are now"
        return None


def save_model(model: ChurnModel, folder: Path | str, answers_from: date) -> Path:
    """Write model and card, in place of an earlier one for the same first night; returns the model's file.

    The folder is its owner's alone, for what is read from it is run. Of more models than are kept the oldest go.
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
    _put_in_place(partial_card, folder / f"{answers_from.isoformat()}.json")
    _forget_oldest(folder, answers_from)
    return target


def find_model(folder: Path | str, as_of: date) -> tuple[KeptModel | None, list[str]]:
    """The newest model that may answer on the night of `as_of` and can be used; and why newer ones can't, in words."""
    obstacles = []
    for kept in reversed(_list_kept(Path(folder))):
        if kept.answers_from <= as_of:
            obstacle = kept.obstacle
            if obstacle is None:
                return kept, obstacles
            obstacles.append(obstacle)
    return None, obstacles


def load_model(kept: KeptModel) -> ChurnModel:
    """The model itself. A file that is not what its card describes is a ModelError and is never opened."""
    if kept.obstacle:
        raise ModelError(f"{kept.obstacle}; train it again")
    return joblib.load(kept.file)


def _list_kept(folder: Path) -> list[KeptModel]:
    """All that have a card, the oldest first. A card that can't be read is of no model."""
    kept = []
    for path in sorted(folder.glob("????-??-??.json")):
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            needed = {name: card[name] for name in ("file", "sha256", "scikit_learn", "features", "targets")}
            kept.append(KeptModel(date.fromisoformat(path.stem), folder / Path(needed["file"]).name, card))
        except (ValueError, KeyError):
            continue
    return kept


def _forget_oldest(folder: Path, just_saved: date) -> None:
    """Drop cards beyond the most that are kept, though never the newest or the one just saved, and files of no card."""
    kept = _list_kept(folder)
    for old in kept[: max(len(kept) - MOST_KEPT, 0)]:
        if old.answers_from != just_saved:
            (folder / f"{old.answers_from.isoformat()}.json").unlink()
    named = {one.file for one in _list_kept(folder)}
    for file in folder.glob("churn-*.joblib"):
        if file not in named:
            file.unlink()


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
