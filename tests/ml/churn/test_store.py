"""A saved model comes back whole or not at all, and each night finds the newest of its day or before."""

import json
import stat
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ml.churn import store
from ml.churn.model import ModelError
from ml.churn.store import find_model, load_model, save_model
from ml.churn.train import train_churn

NIGHT = date(2024, 12, 31)


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, NIGHT, 30, code_version="abc")


def change_card(folder, **changes):
    path = folder / f"{NIGHT}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_saved_and_loaded_scores_the_same(model, current, tmp_path):
    folder = tmp_path / "churn"
    file = save_model(model, folder, NIGHT)
    kept, obstacles = find_model(folder, NIGHT)
    assert obstacles == []
    assert kept.is_judged
    assert load_model(kept).score(current).equals(model.score(current))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept.card["code_version"] == "abc"
    assert kept.card["as_of_date"] == "2024-12-31"
    assert kept.card["params"]["grade_a_gain"] == model.params.grade_a_gain
    assert "earlier fit" in kept.card["numbers_come_from"]


def test_a_night_is_answered_by_the_newest_model_of_its_day_or_before(model, tmp_path):
    for days in (0, 7, 14):
        save_model(replace(model, code_version=f"after {days} days"), tmp_path, NIGHT + timedelta(days))
    found = {days: find_model(tmp_path, NIGHT + timedelta(days))[0] for days in (-1, 0, 6, 7, 100)}
    assert found.pop(-1) is None
    told = {days: load_model(kept).code_version for days, kept in found.items()}
    assert told == {0: "after 0 days", 6: "after 0 days", 7: "after 7 days", 100: "after 14 days"}


def test_saving_again_for_the_same_night_leaves_one_model(model, tmp_path):
    save_model(model, tmp_path, NIGHT)
    save_model(replace(model, code_version="def"), tmp_path, NIGHT)
    assert load_model(find_model(tmp_path, NIGHT)[0]).code_version == "def"
    assert len(list(tmp_path.glob("*.joblib"))) == 1
    assert not list(tmp_path.glob("*.partial"))


def test_the_oldest_go_but_never_the_one_just_saved(model, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_KEPT", 2)
    for days in (7, 14, 21, 0):
        save_model(replace(model, code_version=f"{days}"), tmp_path, NIGHT + timedelta(days))
    assert {path.stem for path in tmp_path.glob("*.json")} == {"2024-12-31", "2025-01-14", "2025-01-21"}
    assert len(list(tmp_path.glob("*.joblib"))) == 3


def test_a_damaged_model_is_never_opened_and_an_older_one_answers(model, tmp_path):
    save_model(replace(model, code_version="older"), tmp_path, NIGHT - timedelta(7))
    file = save_model(model, tmp_path, NIGHT)
    kept, _ = find_model(tmp_path, NIGHT)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="train it again"):
        load_model(kept)
    kept, obstacles = find_model(tmp_path, NIGHT)
    assert load_model(kept).code_version == "older"
    assert len(obstacles) == 1
    assert "not the file its card describes" in obstacles[0]


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [({"scikit_learn": "0.1"}, "scikit-learn 0.1"), ({"features": ["shoe_size"]}, "other features")],
)
def test_a_model_made_otherwise_is_not_used(model, tmp_path, changes, obstacle):
    save_model(model, tmp_path, NIGHT)
    change_card(tmp_path, **changes)
    kept, obstacles = find_model(tmp_path, NIGHT)
    assert kept is None
    assert obstacle in obstacles[0]


def test_a_card_cannot_name_a_file_elsewhere(model, tmp_path):
    file = save_model(model, tmp_path / "churn", NIGHT)
    elsewhere = tmp_path / file.name
    file.rename(elsewhere)
    change_card(tmp_path / "churn", file=f"../{file.name}")
    assert find_model(tmp_path / "churn", NIGHT)[0] is None


def test_where_nothing_was_saved_nothing_is_found(tmp_path):
    assert find_model(tmp_path / "none", NIGHT) == (None, [])
