"""Orders and spend to come from what is known at a day: lifetime models, and a regression that knows what is recent."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ml.lifetime import GammaGamma, RegularNBD, fit_regular
from ml.params import Params
from ml.purchase_days import PurchaseDays, Snapshot

# What a rule of thumb would say of the next days: orders, or spend, of so many days gone by at the same pace.
RULES = ("own_rate", "last_90_days")


@dataclass(frozen=True)
class Regression:
    """Fitted at one day for one horizon. `orders` and `spend` are None where there is no earlier day to learn from."""

    day: int
    horizon_days: int
    purchases: RegularNBD
    value: GammaGamma
    orders_per_day: float
    orders: Pipeline | None
    spend: Pipeline | None
    params: Params

    def probability_alive(self, known: Snapshot) -> np.ndarray:
        """That the customer has not left for good."""
        return self.purchases.probability_alive(*known.histories)

    def expect_orders(self, days: PurchaseDays, known: Snapshot) -> np.ndarray:
        """Orders in the horizon: the mean of what lifetime model and regression say, which err in different shops."""
        lifetime = self._expect_purchases(known) * self._expect_orders_a_day(known)
        if self.orders is None:
            return lifetime
        return (lifetime + self.orders.predict(self._list_features(days, known))) / 2

    def expect_spend(self, days: PurchaseDays, known: Snapshot) -> np.ndarray:
        """Revenue net of refunds in the horizon; nobody is expected to bring less than nothing."""
        if self.spend is None:
            return self._expect_purchases(known) * self._expect_value(known)
        return self.spend.predict(self._list_features(days, known))

    def stretch(self, known: Snapshot, days: int) -> np.ndarray:
        """How many times as much is to come in so many days as in the horizon."""
        longer = self.purchases.predict(float(days), *known.histories)
        return longer / np.maximum(self._expect_purchases(known), 1e-12)

    def _expect_purchases(self, known: Snapshot) -> np.ndarray:
        """Purchase days in the horizon, by the lifetime model."""
        return self.purchases.predict(float(self.horizon_days), *known.histories)

    def _expect_orders_a_day(self, known: Snapshot) -> np.ndarray:
        """The customer's orders per purchase day, drawn towards everybody's."""
        prior = self.params.value.prior_purchases
        return (known.orders + prior * self.orders_per_day) / (known.frequency + 1 + prior)

    def _expect_value(self, known: Snapshot) -> np.ndarray:
        count = known.frequency + 1
        return self.value.predict(count, known.revenue / count)

    def _list_features(self, days: PurchaseDays, known: Snapshot) -> np.ndarray:
        purchases, value = self._expect_purchases(known), self._expect_value(known)
        amounts = (
            purchases * value,
            purchases * self._expect_orders_a_day(known),
            value,
            known.revenue / np.maximum(known.age, 7.0),
            known.revenue,
            days.sum_recent(known, 90),
            days.sum_recent(known, 30),
            known.orders / np.maximum(known.age, 7.0),
            days.count_recent(known, 90),
            days.count_recent(known, 30),
            known.since_last,
            known.age,
        )
        logs = [np.log1p(np.maximum(amount, 0.0)) for amount in amounts]
        return np.column_stack([*logs, self.probability_alive(known)])


def fit_regression(days: PurchaseDays, day: int, horizon_days: int, params: Params) -> Regression:
    """Fit on what was known at the end of `day`; LifetimeError where the lifetime models can't be fitted."""
    known = days.look_back(day)
    purchases = fit_regular(*known.histories, float(known.log_gap_sum.sum()), params.lifetime)
    count = known.frequency + 1
    value = GammaGamma(params.lifetime).fit(count, known.revenue / count)
    per_day = float(known.orders.sum() / count.sum())
    plain = Regression(day, horizon_days, purchases, value, per_day, None, None, params)
    origins = [day - horizon_days - number * params.value.origin_step_days for number in range(params.value.origins)]
    origins = [origin for origin in origins if origin - days.first_day >= params.value.min_history_days]
    if not origins:
        return plain
    past = [days.look_back(origin) for origin in origins]
    features = np.vstack([plain._list_features(days, earlier) for earlier in past])
    came = [days.sum_after(earlier, horizon_days) for earlier in past]
    orders, spend = (_fit_poisson(features, np.concatenate(column), params) for column in zip(*came, strict=True))
    return replace(plain, orders=orders, spend=spend)


def _fit_poisson(features: np.ndarray, came: np.ndarray, params: Params) -> Pipeline:
    came = np.maximum(came, 0.0)
    # where nobody came back, nobody will: a rate of nothing has no logarithm
    poisson = PoissonRegressor(alpha=params.value.penalty, max_iter=1000) if came.any() else DummyRegressor()
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # one that has not quite converged is judged like any other
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(StandardScaler(), poisson).fit(features, came)


def follow_rule(rule: str, days: PurchaseDays, known: Snapshot, horizon_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders and spend of the next days by a rule of thumb, which learns nothing."""
    if rule == "own_rate":
        pace = horizon_days / np.maximum(known.age, 1.0)
        return known.orders * pace, np.maximum(known.revenue, 0.0) * pace
    orders, spend = days.count_recent(known, 90), days.sum_recent(known, 90)
    return orders * horizon_days / 90, np.maximum(spend, 0.0) * horizon_days / 90
