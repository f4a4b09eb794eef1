"""Scores hold what they promise; a saved model comes back whole or not at all."""

import json
import stat
from datetime import date

import numpy as np
import pytest

from ml.churn.features import FeatureError
from ml.churn.model import ModelError, load_model, save_model
from ml.churn.train import train_churn

HORIZONS = [f"churn_probability_{days}d" for days in (30, 60, 90, 180)]


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, date(2024, 12, 31), code_version="abc")


@pytest.fixture(scope="module")
def scored(model, current):
    return current.merge(model.score(current).to_pandas(), on="customer_id", validate="one_to_one")


def test_probability_never_rises_with_the_horizon(scored):
    scores = scored[HORIZONS].to_numpy()
    assert np.isfinite(scores).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    assert ((scores > 0) & (scores < 1)).all()


def test_churned_customers_are_scored_and_look_worse_than_the_others(scored):
    means = scored.groupby("is_churned")["churn_probability_30d"].mean()
    assert means[True] > means[False]


def test_dormancy_is_zero_beyond_the_window_and_empty_once_dormant(scored):
    left = scored["days_to_dormancy"]
    assert (scored.loc[left > 30, "dormancy_probability"] == 0).all()
    assert scored.loc[left.isna(), "dormancy_probability"].isna().all()
    assert (scored.loc[left <= 30, "dormancy_probability"] > 0).all()
    assert set(np.select([left > 30, left <= 30], ["beyond", "near"], "dormant")) == {"beyond", "near", "dormant"}


def test_several_as_of_dates_are_refused(model, shop):
    with pytest.raises(FeatureError, match="one as-of date"):
        model.score(shop)


def test_saved_and_loaded_scores_the_same(model, current, tmp_path):
    folder = tmp_path / "churn"
    save_model(model, folder)
    assert load_model(folder).score(current).equals(model.score(current))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    card = json.loads((folder / "card.json").read_text())
    assert card["code_version"] == "abc"
    assert card["as_of_date"] == "2024-12-31"
    assert card["params"]["folds"] == model.params.folds
    assert "earlier fit" in card["numbers_come_from"]


def test_saving_again_leaves_one_model(model, shop, params, as_of, tmp_path):
    save_model(model, tmp_path)
    save_model(train_churn(shop, params, as_of, code_version="def"), tmp_path)
    assert load_model(tmp_path).code_version == "def"
    assert len(list(tmp_path.glob("*.joblib"))) == 1
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_model_is_refused_before_it_is_opened(model, tmp_path):
    file = save_model(model, tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="train it again"):
        load_model(tmp_path)


def test_a_missing_model_is_one_sentence(tmp_path):
    with pytest.raises(ModelError, match="no usable model"):
        load_model(tmp_path / "none")


def test_another_scikit_learn_is_refused(model, tmp_path):
    save_model(model, tmp_path)
    path = tmp_path / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"scikit_learn": "0.1"}))
    with pytest.raises(ModelError, match=r"scikit-learn 0\.1"):
        load_model(tmp_path)
