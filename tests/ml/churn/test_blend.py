"""What features add is the log-odds, exactly; the lifetime model's columns are told or left empty."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from ml.churn.boosting import _follow_paths
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
    base, added = model.blend.contribute(matrix)
    assert np.abs(base + added.sum(axis=1) - model.blend.decision_function(matrix)).max() < 1e-6
    # and so of each of its two parts
    base, added = model.blend.boosting_.contribute(matrix)
    assert np.abs(base + added.sum(axis=1) - model.blend.boosting_.decision_function(matrix)).max() < 1e-6
    assert (added.std(axis=0) > 0).sum() > 5


def test_trees_give_a_feature_what_its_own_splits_add(model, rows):
    """One split of one tree, followed by hand."""
    boosting = model.blend.boosting_
    nodes = boosting.members_[0]._predictors[0][0].nodes
    root, steps = _follow_paths(nodes)
    left, right = nodes["left"][0], nodes["right"][0]
    total = sum(nodes["value"][leaf] * nodes["count"][leaf] for leaf in np.flatnonzero(nodes["is_leaf"]))
    assert root == pytest.approx(total / nodes["count"][0])
    first = steps[nodes["feature_idx"][0]]
    assert first[left] * nodes["count"][left] == pytest.approx(-first[right] * nodes["count"][right])
    leaves = np.flatnonzero(nodes["is_leaf"])
    assert root + sum(step[leaves] for step in steps.values()) == pytest.approx(nodes["value"][leaves])


def test_probabilities_are_those_of_the_log_odds(model, rows, params):
    said = model.predict(rows, params)
    inner = (said > 0.01) & (said < 0.99)
    assert np.abs(logit(said[inner]) - model.blend.decision_function(model.read(rows))[inner]).max() < 1e-4


def test_scoring_in_chunks_changes_no_digit_that_means_anything(model, rows, params):
    whole = model.predict(rows, params)
    parts = model.predict(rows, replace(params, score_chunk_rows=101))
    assert np.abs(parts - whole).max() < 2e-6  # a last digit may round otherwise


def test_a_moved_feature_moves_its_own_part_alone_in_the_regression(model, rows):
    matrix = model.read(rows)
    place = [MODEL_FEATURES[column] for column in model.columns].index("recency_days")
    moved = matrix.copy()
    moved[:, place] += 30
    before, after = (model.blend._contribute_regression(each)[1] for each in (matrix, moved))
    others = np.arange(matrix.shape[1]) != place
    assert (before[:, others] == after[:, others]).all()
    assert (before[:, place] != after[:, place]).all()


def test_at_the_usual_value_the_regression_adds_nothing(model, rows):
    matrix = model.read(rows)
    usual = np.broadcast_to(model.blend.find_usual(), matrix.shape)
    never_missing = ~np.isnan(matrix).any(axis=0)
    _, added = model.blend._contribute_regression(usual)
    assert np.abs(added[:, never_missing]).max() < 1e-9
    assert matrix.min(axis=0)[never_missing] == pytest.approx(np.minimum(matrix.min(axis=0), usual[0])[never_missing])


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
