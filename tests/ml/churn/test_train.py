"""Training: what goes live, what falls back, and that the same data give the same scores."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ml.churn.features import read_features
from ml.churn.fit import FittedModel, FittedRule
from ml.churn.judge import judge_target
from ml.churn.split import find_labelled
from ml.churn.train import train_churn

SHORT = ("churn_30d", "churn_60d", "churn_90d")


@pytest.fixture(scope="module")
def model(shop, params):
    return train_churn(shop, params, date(2024, 12, 31), 30, code_version="abc")


def pieces_of(model):
    return {piece.target.name: piece for piece in model.targets}


def test_a_learnable_habit_goes_live_and_beats_both_rules(model):
    piece = pieces_of(model)["churn_60d"]
    assert (piece.grade, piece.status) == ("B", "live")
    assert isinstance(piece.predictor, FittedModel)
    aucs = [card for card in piece.cards if card["metric"] == "auc" and card["model"] == "churn_60d"]
    assert {card["baseline"] for card in aucs} == {"recency", "recency_over_median_gap"}
    assert all(card["value"] > card["baseline_value"] for card in aucs)


def test_on_its_latest_day_alone_it_finds_a_tenth_more_leavers_than_any_rule(shop, one_day, as_of):
    piece = pieces_of(train_churn(shop, one_day, as_of, 30))["churn_60d"]
    assert (piece.grade, piece.status) == ("A", "live")


def test_the_numbers_come_from_an_earlier_fit_than_the_scores(model):
    facts = pieces_of(model)["churn_60d"].facts
    assert facts["trained_until"] < facts["judged_on"] <= facts["fitted_until"]
    assert facts["fitted_rows"] > facts["training_rows"]


def test_a_target_is_judged_on_several_past_days_where_history_allows(model):
    facts = pieces_of(model)["churn_60d"].facts
    assert facts["judged_days"] == ["2024-11-01", "2024-10-02", "2024-09-02"]
    assert facts["judged_on"] == facts["judged_days"][0]
    assert facts["judged_rows"] == 194 + 201 + 212


def test_a_day_that_is_judged_on_is_judged_by_what_was_known_then(shop, params, as_of):
    rows = read_features(shop, ("has_lapsed_60d",))
    judged = judge_target(
        rows.take(find_labelled(rows, "has_lapsed_60d", 60, np.datetime64(as_of))), "has_lapsed_60d", 60, params
    )
    earlier = rows.take(rows.as_of_on <= np.datetime64("2024-09-02"))
    alone = judge_target(
        earlier.take(find_labelled(earlier, "has_lapsed_60d", 60, np.datetime64("2024-11-01"))),
        "has_lapsed_60d",
        60,
        params,
    )
    assert len(judged.days) == 3
    assert len(alone.days) == 1
    assert np.array_equal(judged.days[-1].said["model"][1], alone.latest.said["model"][1])


def test_shuffled_labels_are_graded_c_and_answered_by_a_rule(shop, params, as_of):
    random = np.random.default_rng(11)
    shuffled = shop.copy()
    for label in [name for name in shop.columns if name.startswith("has_lapsed")]:
        for _, places in shop.groupby("as_of_date").groups.items():
            shuffled.loc[places, label] = random.permutation(shop.loc[places, label].to_numpy())
    model = train_churn(shuffled, params, as_of, 30)
    for name in SHORT:
        piece = pieces_of(model)[name]
        assert (piece.grade, piece.status) == ("C", "rules")
        assert isinstance(piece.predictor, FittedRule)


def test_too_short_a_history_falls_back_to_an_unjudged_rule(model):
    piece = pieces_of(model)["churn_180d"]
    assert (piece.grade, piece.status) == ("C", "rules")
    assert "history is too short" in piece.reason
    assert isinstance(piece.predictor, FittedRule)
    assert [card["value"] for card in piece.cards] == [None]


def test_few_customers_fall_back(shop, params, as_of):
    few = shop[shop["customer_id"] < "c0060"]
    model = train_churn(few, params, as_of, 30)
    assert "fewer than 100" in pieces_of(model)["churn_30d"].reason
    assert model.cards().num_rows == 5


def test_no_labels_give_empty_scores_and_say_so(current, params, as_of):
    model = train_churn(current, params, as_of, 30)
    scores = model.score(current)
    assert scores["churn_probability_30d"].null_count == len(current)
    assert all(piece.predictor is None and "no scores" in piece.reason for piece in model.targets)


def test_one_outcome_only_gives_empty_scores(shop, params, as_of):
    model = train_churn(shop.assign(has_lapsed_30d=shop["has_lapsed_30d"] * 0), params, as_of, 30)
    piece = pieces_of(model)["churn_30d"]
    assert piece.predictor is None
    # by which the summary knows that nothing is told
    assert [card["rows"] for card in piece.cards] == [0]


def test_labels_of_later_dates_change_nothing(shop, params):
    cut = date(2024, 10, 2)
    seen = shop[shop["as_of_date"] <= cut]
    now = seen[seen["as_of_date"] == cut]
    with_future = train_churn(shop, params, cut, 30).score(now)
    without = train_churn(seen, params, cut, 30).score(now)
    assert with_future.equals(without)


def test_same_data_same_scores_on_one_or_two_threads_in_any_order(shop, current, params, as_of, model):
    with threadpool_limits(limits=2):
        again = train_churn(shop.sample(frac=1, random_state=1), params, as_of, 30).score(current)
    assert again.equals(model.score(current))


def test_training_rows_are_limited(shop, params, as_of):
    model = train_churn(shop, replace(params, max_training_rows=1200), as_of, 30)
    assert all(piece.facts["fitted_rows"] <= 1200 for piece in model.targets)


def test_cards_are_complete(model):
    cards = model.cards().to_pylist()
    measured = [card for card in cards if card["value"] is not None]
    assert all(card["low95"] <= card["value"] <= card["high95"] for card in measured)
    assert {card["version"] for card in cards} == {"2024-12-31+abc"}
    assert {card["grade"] for card in cards} <= {"A", "B", "C", None}
    assert {card["status"] for card in cards} <= {"live", "rules"}
    keys = [(card["model"], card["metric"], card["baseline"]) for card in cards]
    assert len(keys) == len(set(keys))


@pytest.fixture
def one_day(params):
    """Judged on the latest day alone, whose labels these tests leave in order."""
    return replace(params, judged_days=1)


def shuffle_what_teaches(shop, seed=11):
    """Labels of the dates that teach in disorder; those of the latest dates, which judge, as they were."""
    random = np.random.default_rng(seed)
    shuffled = shop.copy()
    for label in [name for name in shop.columns if name.startswith("has_lapsed")]:
        known = sorted(shop.loc[shop[label].notna(), "as_of_date"].unique())
        for day in known[:-1]:
            places = shop.index[shop["as_of_date"] == day]
            shuffled.loc[places, label] = random.permutation(shop.loc[places, label].to_numpy())
    return shuffled


def test_a_model_made_worse_gives_way_to_the_last_good_one(shop, one_day, as_of):
    earlier = train_churn(shop[shop["as_of_date"] < date(2024, 12, 1)], one_day, date(2024, 12, 24), 30, "abc")
    model = train_churn(shuffle_what_teaches(shop), one_day, as_of, 30, "def", earlier)
    before, piece = pieces_of(earlier)["churn_60d"], pieces_of(model)["churn_60d"]
    assert (before.status, piece.status) == ("live", "last_good")
    assert piece.predictor is before.predictor
    assert "the model of 2024-12-24 answers" in piece.reason
    assert {card["version"] for card in piece.cards if card["status"] == "last_good"} == {"2024-12-24+abc"}
    # and goes on doing so at the next training, as long as it is not too old
    again = train_churn(shuffle_what_teaches(shop, seed=5), one_day, as_of, 30, "ghi", model)
    assert pieces_of(again)["churn_60d"].predictor is before.predictor


def test_the_last_good_model_must_be_young_enough_and_still_better(shop, one_day, as_of):
    earlier = train_churn(shop[shop["as_of_date"] < date(2024, 12, 1)], one_day, date(2024, 12, 24), 30)
    short = replace(one_day, last_good_days=6)
    assert (
        pieces_of(train_churn(shuffle_what_teaches(shop), short, as_of, 30, "", earlier))["churn_60d"].status == "rules"
    )
    random = np.random.default_rng(11)
    upside_down = shop.copy()
    upside_down["has_lapsed_60d"] = random.permutation(shop["has_lapsed_60d"].to_numpy())
    assert pieces_of(train_churn(upside_down, one_day, as_of, 30, "", earlier))["churn_60d"].status == "rules"


def test_a_good_model_replaces_the_one_before(shop, one_day, as_of):
    earlier = train_churn(shop[shop["as_of_date"] < date(2024, 12, 1)], one_day, date(2024, 12, 24), 30)
    assert pieces_of(train_churn(shop, one_day, as_of, 30, "", earlier))["churn_60d"].status == "live"
