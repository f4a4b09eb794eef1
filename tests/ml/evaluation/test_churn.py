"""The churn evaluation: learnt before the judged day, judged on it, and told as it is."""

from datetime import timedelta

import numpy as np
import pytest

from ml.churn.features import read_features
from ml.evaluation.churn import SEGMENTS, Case, _find_segments, _tell_goals, judge_day
from ml.evaluation.past_shops import PastShop
from tests.ml.churn.conftest import AS_OF, params, shop  # noqa: F401

DAY = AS_OF - timedelta(days=60)


@pytest.fixture
def case() -> Case:
    return Case(PastShop("made up", AS_OF), 60, DAY, 0.7, 0.6)


@pytest.fixture
def rows(shop):  # noqa: F811
    return read_features(shop, ("has_lapsed_60d",))


def test_only_outcomes_known_by_the_judged_day_are_learnt_from(case, rows, params):  # noqa: F811
    first = judge_day(rows, case, DAY, params)
    labels = rows.labels["has_lapsed_60d"]
    unknown = rows.as_of_on + np.timedelta64(60, "D") > np.datetime64(DAY)
    labels[unknown & (rows.as_of_on != np.datetime64(DAY))] = 1
    again = judge_day(rows, case, DAY, params)
    assert first.taught_rows > 100
    assert (first.probabilities["the model"] == again.probabilities["the model"]).all()
    assert first.outcome.mean() < 1


def test_goals_say_by_how_much_they_are_missed(case, rows, params):  # noqa: F811
    judged = judge_day(rows, case, DAY, params)
    told = _tell_goals(case, judged, params)
    assert "| AUC | ≥ 0.7 |" in told
    judged.probabilities["the model"] = np.full(len(judged.outcome), 0.5)
    assert "**no**, short by 0.2000" in _tell_goals(case, judged, params)


def test_everybody_has_a_segment(rows):
    assert set(_find_segments(rows)) <= set(SEGMENTS)
