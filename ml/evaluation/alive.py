"""Who is still a customer, and how often they buy, against the truth of a simulated retailer."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.evaluate import draw_weights
from ml.evaluation.report import make_table, say
from ml.evaluation.shops import simulate_shop
from ml.lifetime import BetaGeometricNBD, ParetoNBD, RegularNBD, fit_regular
from ml.lifetime.estimator import PurchaseEstimator
from ml.params import Params
from ml.purchase_days import Snapshot

TITLE = "probability of being alive and purchase rate against simulated truth, beside Pareto/NBD"


def run(params: Params, data: Path) -> str:
    """Markdown: log loss of probability_alive and mean absolute error of the rate, with intervals of the gain."""
    days, truth, last = simulate_shop()
    known = days.look_back(int(np.datetime64(last, "D").astype(int)))
    say("fitting …")
    models = [
        ParetoNBD(params.lifetime).fit(*known.histories),
        BetaGeometricNBD(params.lifetime).fit(*known.histories),
        fit_regular(*known.histories, float(known.log_gap_sum.sum()), params.lifetime),
    ]
    losses = {model.NAME: _measure(model, known, truth) for model in models}
    rows = [_describe(name, loss, losses[ParetoNBD.NAME], params) for name, loss in losses.items()]
    header = (
        "model",
        "log loss of being alive",
        "less than Pareto/NBD",
        "MAE of purchases a day",
        "less than Pareto/NBD",
    )
    regularity = models[-1].regularity
    return "\n\n".join(
        [
            f"{len(known):,} simulated buyers, {truth['is_alive'].mean():.1%} alive on the last day; those who left "
            "have a rate of 0. In brackets the 95 % interval over resamples of customers. MBG/CNBD-k, which the nights "
            f"use, found {regularity} phases between purchases.",
            make_table(header, rows),
        ]
    )


def _measure(model: PurchaseEstimator, known: Snapshot, truth: pd.DataFrame) -> np.ndarray:
    """Two columns, one line a customer: log loss of being alive, and absolute error of purchases a day."""
    alive = model.probability_alive(*known.histories)
    is_alive = truth["is_alive"].to_numpy()
    loss = -np.log(np.clip(np.where(is_alive, alive, 1 - alive), 1e-9, 1))
    rate = alive * estimate_rate(model, known)
    return np.column_stack([loss, np.abs(rate - is_alive * truth["rate_per_day"].to_numpy())])


def estimate_rate(model: PurchaseEstimator, known: Snapshot) -> np.ndarray:
    """Purchases a day while alive: the mean of the gamma of rates, given purchases so far and still being alive."""
    phases = model.regularity if isinstance(model, RegularNBD) else 1
    r, alpha = model.params_["r"], model.params_["alpha"]
    return (r + phases * known.frequency) / (alpha + known.age) / phases


def _describe(name: str, loss: np.ndarray, pareto: np.ndarray, params: Params) -> tuple[str, ...]:
    gain = 1 - loss.mean(axis=0) / pareto.mean(axis=0)
    if name == ParetoNBD.NAME:
        gains = ["", ""]
    else:
        drawn = [1 - (weights @ loss) / (weights @ pareto) for weights in draw_weights(len(loss), params.churn)]
        ends = np.quantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
        gains = [f"{by:.1%} ({low:.1%} to {high:.1%})" for by, low, high in zip(gain, *ends, strict=True)]
    return name, f"{loss[:, 0].mean():.4f}", gains[0], f"{loss[:, 1].mean():.5f}", gains[1]
