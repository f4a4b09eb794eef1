"""Rolling origins look at nothing after the cutoff, and correct a total by what they saw."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.origins import KINDS, choose_kind, fit_origins, learn_correction, list_origins
from ml.evaluation.report import EvaluationError
from ml.lifetime import ParetoNBD
from ml.params import load_params

PARAMS = load_params().lifetime
CUTOFF = date(2024, 9, 30)


@pytest.fixture(scope="module")
def purchases():
    """Two hundred customers with rates of their own, for a year."""
    random = np.random.default_rng(4)
    first, rate = random.integers(0, 60, 200), random.gamma(1, 0.05, 200)
    rows = [
        (customer, pd.Timestamp(2024, 1, 1) + pd.Timedelta(days=int(day)), 10.0)
        for customer in range(200)
        for day in {first[customer], *(first[customer] + np.flatnonzero(random.random(300) < rate[customer]))}
    ]
    return pd.DataFrame(rows, columns=["customer_id", "day", "spend"]).sort_values(["customer_id", "day"])


def test_origins_leave_history_before_and_horizon_after(purchases):
    days = list_origins(purchases, CUTOFF, 26, PARAMS)
    assert days == [date(2024, month, day) for month, day in ((2, 29), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31))]
    with pytest.raises(EvaluationError, match="too short for an origin"):
        list_origins(purchases, date(2024, 2, 20), 26, PARAMS)


def test_nothing_after_the_cutoff_is_looked_at(purchases):
    days = list_origins(purchases, CUTOFF, 26, PARAMS)
    known = purchases[purchases["day"] <= pd.Timestamp(CUTOFF)]
    whole, cut = (fit_origins(rows, CUTOFF, days, ParetoNBD, PARAMS) for rows in (purchases, known))
    assert len(known) < len(purchases)
    assert learn_correction(whole) == learn_correction(cut)
    assert [origin.model.params_ for origin in whole] == [origin.model.params_ for origin in cut]


def test_the_correction_makes_the_totals_at_the_origins_right(purchases):
    origins = fit_origins(purchases, CUTOFF, [date(2024, 4, 30), date(2024, 6, 30)], ParetoNBD, PARAMS)
    predicted = learn_correction(origins) * sum(origin.predicted.sum() for origin in origins)
    later = [
        purchases["day"].between(pd.Timestamp(origin.day) + pd.Timedelta(days=1), pd.Timestamp(CUTOFF))
        for origin in origins
    ]
    seen = [set(purchases.loc[purchases["day"] <= pd.Timestamp(origin.day), "customer_id"]) for origin in origins]
    happened = sum((rows & purchases["customer_id"].isin(ids)).sum() for rows, ids in zip(later, seen, strict=True))
    assert predicted == pytest.approx(happened)


def test_the_kind_with_the_smaller_error_is_chosen(purchases):
    fitted = [fit_origins(purchases, CUTOFF, [date(2024, 6, 30)], kind, PARAMS) for kind in KINDS]
    errors = [origins[0].error for origins in fitted]
    assert choose_kind(fitted)[0].error == min(errors)
    assert errors[0] != errors[1]
