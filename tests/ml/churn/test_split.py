"""The split: a gap as long as the label, nothing from the future, no customer on both sides."""

from dataclasses import replace

import numpy as np
import pytest

from ml.churn.features import read_features
from ml.churn.split import find_labelled, limit_rows, list_splits, split_by_time

LABELS = tuple(f"has_lapsed_{days}d" for days in (30, 60, 90, 180))


@pytest.fixture
def rows(shop):
    return read_features(shop, LABELS)


@pytest.mark.parametrize("horizon", [30, 60, 90])
def test_training_labels_have_matured_before_the_judged_date(rows, as_of, horizon):
    labelled = find_labelled(rows, f"has_lapsed_{horizon}d", horizon, np.datetime64(as_of))
    split = split_by_time(rows, labelled, horizon)
    days = np.timedelta64(horizon, "D")
    assert split.judge_on + days <= np.datetime64(as_of)
    assert rows.as_of_on[split.train].max() + days <= split.judge_on
    assert (rows.as_of_on[split.judge] == split.judge_on).all()
    # It is the latest date that could be judged: one step of 30 days more would look past the run.
    assert split.judge_on + days + np.timedelta64(30, "D") > np.datetime64(as_of)
    assert not (split.train & split.judge).any()


def test_a_filled_label_that_has_not_matured_is_ignored(rows, as_of):
    forged = replace(rows, labels={**rows.labels, "has_lapsed_90d": np.ones(len(rows))})
    labelled = find_labelled(forged, "has_lapsed_90d", 90, np.datetime64(as_of))
    assert rows.as_of_on[labelled].max() + np.timedelta64(90, "D") <= np.datetime64(as_of)


def test_churned_customers_neither_teach_nor_judge(rows, as_of):
    labelled = find_labelled(rows, "has_lapsed_30d", 30, np.datetime64(as_of))
    assert rows.is_churned.any()
    assert not rows.is_churned[labelled].any()


def test_no_split_without_an_earlier_date(rows, as_of):
    labelled = find_labelled(rows, "has_lapsed_180d", 180, np.datetime64(as_of))
    assert labelled.any()
    assert split_by_time(rows, labelled, 180) is None
    assert split_by_time(rows, np.zeros(len(rows), dtype=bool), 30) is None


def test_rolling_origins_go_back_in_steps_and_each_keeps_its_gap(rows, as_of):
    labelled = rows.take(find_labelled(rows, "has_lapsed_60d", 60, np.datetime64(as_of)))
    splits = list_splits(labelled, 60, 45, 4)
    # as-of dates lie 30 days apart, so that a step of 45 days skips every other one
    assert [str(split.judge_on) for split in splits] == ["2024-11-01", "2024-09-02", "2024-07-04"]
    for split in splits:
        assert labelled.as_of_on[split.train].max() + np.timedelta64(60, "D") <= split.judge_on
    assert [split.judge_on for split in list_splits(labelled, 60, 30, 2)] == [
        splits[0].judge_on,
        np.datetime64("2024-10-02"),
    ]
    assert list_splits(labelled.take(np.zeros(len(labelled), dtype=bool)), 60, 30, 4) == []


def test_limiting_rows_keeps_whole_customers_and_the_same_ones(rows):
    limited = limit_rows(rows, 500)
    assert 400 < len(limited) <= 500
    kept = np.isin(rows.customer_id, limited.customer_id)
    assert kept.sum() == len(limited)
    again = limit_rows(rows.take(np.arange(len(rows))[::-1]), 500)
    assert set(again.customer_id) == set(limited.customer_id)
