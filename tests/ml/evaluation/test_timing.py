"""What the evaluations of dates and of being alive print, on customers made up in a moment."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import alive, timing
from ml.lifetime import ParetoNBD
from ml.params import load_params
from ml.purchase_days import PurchaseDays
from tests.ml.lifetime.test_regular import simulate_regular
from tests.ml.timing.test_timing import make_shop

PARAMS = load_params()


def read_table(markdown: str, first_cell: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in markdown.splitlines() if line.startswith(f"| {first_cell} ")]
    assert lines
    return lines


def test_dates_are_judged_on_four_days_and_together(monkeypatch):
    monkeypatch.setattr(timing, "NAMES", ("made up",))
    monkeypatch.setattr(timing, "read_shop", lambda name, data: make_shop())
    orders, dormant = (
        read_table(part, "made up") for part in timing.run(PARAMS, Path()).split("Customers not dormant yet")
    )
    assert [row[1] for row in orders][-1] == "all"
    judged = [row[1] for row in orders[:-1]]
    assert judged == [row[1] for row in dormant]
    last = int(make_shop().row_day.max())
    assert date.fromisoformat(judged[-1]) == date(1970, 1, 1) + timedelta(last - PARAMS.timing.horizon_days)
    for row in orders:
        rule, model = float(row[3]), float(row[4])
        assert float(row[5].split("%")[0]) == pytest.approx(100 * (1 - model / rule), abs=0.2)
    assert int(orders[-1][2].replace(",", "")) == sum(int(row[2].replace(",", "")) for row in orders[:-1])


def test_the_nights_model_is_held_against_the_truth(monkeypatch):
    frequency, recency, _, _, rate, is_alive = simulate_regular(1500, 1.5, 10, 0.8, 8, 3, 200)
    first = 18_000
    # the first and the last purchase alone, which is enough to compute by
    has_both = np.ravel(np.column_stack([np.ones(1500, dtype=bool), frequency > 0]))
    places = np.repeat(np.arange(1500), 2)[has_both]
    when = first + np.ravel(np.column_stack([np.zeros(1500), np.ceil(recency)]))[has_both]
    days = PurchaseDays.make(1500, (places, when, np.ones(len(places)), np.ones(len(places))))
    truth = pd.DataFrame({"is_alive": is_alive, "rate_per_day": rate})
    monkeypatch.setattr(alive, "simulate_shop", lambda: (days, truth, date(1970, 1, 1) + timedelta(first + 200)))
    found = alive.run(PARAMS, Path())
    names = [read_table(found, name)[0][0] for name in ("Pareto/NBD", "BG/NBD", "MBG/CNBD-k")]
    assert names == ["Pareto/NBD", "BG/NBD", "MBG/CNBD-k"]
    assert f"{is_alive.mean():.1%} alive" in found
    # a purchase rate is only that of the living
    known = days.look_back(first + 200)
    model = ParetoNBD().fit(*known.histories)
    loss = alive._measure(model, known, truth)
    told = model.probability_alive(*known.histories)
    by_hand = -np.log(np.where(is_alive, told, 1 - told))
    assert loss[:, 0] == pytest.approx(np.minimum(by_hand, -np.log(1e-9)))
    gone = ~is_alive
    expected = told * (model.params_["r"] + known.frequency) / (model.params_["alpha"] + known.age)
    assert loss[gone, 1] == pytest.approx(expected[gone])
