"""What features add is the log-odds, exactly; the lifetime model's columns are told or left empty."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from ml.churn.features import read_features
from ml.churn.fit import MODEL_FEATURES, fit_model
from ml.churn.rhythm import RHYTHM_FEATURES, fit_rhythm
from ml.churn.split import find_labelled

LABEL = "has_lapsed_60d"


@pytest.fixture(scope="module")
def rows(shop):
    rows = read_features(shop, (LABEL,))
    # gaps among the numbers, as a real shop has them
    features = rows.features.copy()
    features[::7, MODEL_FEATURES.index("discount_share")] = np.nan
    features[::5, MODEL_FEATURES.index("net_sales_30d")] = np.nan
    return replace(rows, features=features)


@pytest.fixture(scope="module")
def model(rows, params):
    taught = rows.take(find_labelled(rows, LABEL, 60, rows.as_of_on.max()))
    return fit_model(taught, taught.labels[LABEL], params)


def test_contributions_and_base_are_the_log_odds(model, rows):
    matrix = model.read(rows)
    groups = np.arange(matrix.shape[1]) % 5
    base, added = model.blend.contribute(matrix, groups, 5)
    assert np.abs(base + added.sum(axis=1) - model.blend.decision_function(matrix)).max() < 1e-6
    # and so of each of its two parts
    base, added = model.blend.boosting_.contribute(matrix, groups, 5)
    assert np.abs(base + added.sum(axis=1) - model.blend.boosting_.decision_function(matrix)).max() < 1e-6
    assert (added.std(axis=0) > 0).all()


def test_probabilities_are_those_of_the_log_odds(model, rows, params):
    said = model.predict(rows, params)
    inner = (said > 0.01) & (said < 0.99)
    assert np.abs(logit(said[inner]) - model.blend.decision_function(model.read(rows))[inner]).max() < 1e-4


def test_scoring_in_chunks_changes_no_digit_that_means_anything(model, rows, params):
    whole = model.predict(rows, params)
    parts = model.predict(rows, replace(params, score_chunk_rows=101))
    assert np.abs(parts - whole).max() < 2e-6  # a last digit may round otherwise


def test_a_moved_feature_moves_its_own_group_alone_in_the_regression(model, rows):
    matrix = model.read(rows)
    place = [MODEL_FEATURES[column] for column in model.columns].index("recency_days")
    moved = matrix.copy()
    moved[:, place] += 30
    groups = (np.arange(matrix.shape[1]) == place).astype(int)
    before, after = (model.blend._contribute_regression(each, groups, 2)[1] for each in (matrix, moved))
    assert (before[:, 0] == after[:, 0]).all()
    assert (before[:, 1] != after[:, 1]).any()


def test_rhythm_is_between_nothing_and_certain_and_falls_with_silence(rows):
    described = fit_rhythm(rows).describe(rows)
    alive = described[:, RHYTHM_FEATURES.index("probability_alive")]
    assert ((alive >= 0) & (alive <= 1)).all()
    latest = rows.as_of_on == rows.as_of_on.max()
    assert alive[latest & ~rows.is_churned].mean() > alive[latest & rows.is_churned].mean()


def test_rhythm_is_empty_where_nobody_bought_twice(rows):
    features = rows.features.copy()
    features[:, MODEL_FEATURES.index("purchase_days_total")] = 1
    features[:, MODEL_FEATURES.index("tenure_days")] = features[:, MODEL_FEATURES.index("recency_days")]
    once = replace(rows, features=features)
    assert np.isnan(fit_rhythm(once).describe(once)).all()
