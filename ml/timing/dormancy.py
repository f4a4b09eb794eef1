"""By when a customer is likelier dormant than not, from how long customers like them lasted on past days.

Customers are alike when a lifetime model gives them a like probability of staying silent until they would fall dormant.
How long each such group lasted is told by the product-limit estimator (Kaplan and Meier 1958), which knows that most
had not fallen dormant yet when history ends.
"""

from dataclasses import dataclass

import numpy as np

from ml.lifetime import RegularNBD
from ml.params import TimingParams
from ml.purchase_days import PurchaseDays, Snapshot

_SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class DormancyModel:
    """For each group, days beyond the earliest day a customer may fall dormant, by which a share of them had.

    `days` has a line for each group and a column for each share (a tenth, half, nine tenths); infinite where history
    does not reach so far.
    """

    purchases: RegularNBD
    dormant_after: int
    edges: np.ndarray
    days: np.ndarray

    def predict(self, known: Snapshot) -> np.ndarray:
        """Three lines of days from the snapshot (low, middle, high), NaN where history can't tell, or once dormant."""
        risk = self.purchases.probability_of_silence(self.dormant_after, *known.histories)
        beyond = self.days[np.searchsorted(self.edges, risk, side="right")].T
        found = beyond + self.dormant_after - known.since_last
        return np.where(np.isfinite(found) & (known.since_last < self.dormant_after), found, np.nan)


def fit_dormancy(
    days: PurchaseDays, day: int, purchases: RegularNBD, dormant_after: int, params: TimingParams
) -> DormancyModel | None:
    """Learn from past days up to `day`; None where too few customers are to be seen on them."""
    risks, beyond, watched = [], [], []
    span = day - days.first_day - params.min_history_days
    for number in range(1, params.origins + 1):
        origin = day - number * max(span // (params.origins + 1), 1)
        if origin - days.first_day < params.min_history_days:
            break
        known = days.look_back(origin)
        active = known.since_last < dormant_after
        earliest = dormant_after - known.since_last[active]
        risks.append(purchases.probability_of_silence(dormant_after, *known.histories)[active])
        beyond.append(days.wait_for_dormancy(known, dormant_after, day)[active] - earliest)
        watched.append(day - origin - earliest)
    if sum(map(len, risks)) < params.min_rows:
        return None
    risk, fell, seen = (np.concatenate(column) for column in (risks, beyond, watched))
    # who was watched for too short a time to fall dormant at all tells nothing
    risk, fell, seen = (column[seen >= 0] for column in (risk, fell, seen))
    groups = int(np.clip(len(risk) // params.min_rows, 1, params.groups))
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, groups + 1)[1:-1], method="lower"))
    group = np.searchsorted(edges, risk, side="right")
    table = [_find_quantiles(fell[group == number], seen[group == number]) for number in range(len(edges) + 1)]
    return DormancyModel(purchases, dormant_after, edges, np.array(table))


def _find_quantiles(fell: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Days by which the shares had fallen; `fell` is infinite for those who had not when they were last `seen`."""
    until, is_fall = np.minimum(fell, seen), fell <= seen
    times, place = np.unique(until, return_inverse=True)
    falls, left = np.bincount(place, is_fall), np.bincount(place)
    at_risk = len(until) - np.concatenate([[0], np.cumsum(left)[:-1]])
    fallen = 1 - np.cumprod(1 - falls / at_risk) if len(times) else np.zeros(0)
    return np.array([times[fallen >= share].min(initial=np.inf) for share in _SHARES])
