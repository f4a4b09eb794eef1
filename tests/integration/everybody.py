"""What the night learns from all customers together, worked out a second time: from the landed files, with numpy.

Whose a row is, is read from the warehouse; what it is worth is not.
"""

from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading
from tests.integration.tracing import read_landed

SCORES = {"r_score": "last_order_on", "f_score": "orders_12m", "m_score": "revenue_12m"}
# up to which place, as a share of all buyers, each value band goes
BANDS = {"top": 0.10, "high": 0.30, "middle": 0.70, "low": 1.00}


@dataclass(frozen=True)
class Everybody:
    """All buyers, one row each by customer_id, and what their purchases teach. Money is in whole cents."""

    buyers: pd.DataFrame
    dormant_after_days: int
    vip_amount: int

    def cut_points(self, score: str) -> list:
        """The last value of each of the lower four fifths: a score is one more than the cut points below the value."""
        values = np.sort(self.buyers[SCORES[score]].to_numpy())
        at_or_below = np.searchsorted(values, values, side="right")
        cuts = [values[5 * at_or_below <= fifth * len(values)][-1] for fifth in range(1, 5)]
        return [str(cut)[:10] if score == "r_score" else int(cut) for cut in cuts]

    def last_of_bands(self) -> dict[str, int]:
        """The value of the last buyer in each band."""
        values = np.sort(self.buyers.value_12m.to_numpy())[::-1]
        # a place is in a band when place / buyers <= share; 0.3 * 150 must not become 45.000001
        return {band: int(values[int(share * len(values) + 1e-9) - 1]) for band, share in BANDS.items()}


def measure_everybody(settings: Settings, as_of: date) -> Everybody:
    """Measure every customer who has bought by the end of a day, from what landed."""
    whose, today = _read_owners(settings), pd.Timestamp(as_of)
    year_ago = today - pd.DateOffset(months=12)
    orders = _sum_orders(settings.landing).assign(customer_id=lambda rows: rows.order_id.map(whose))
    orders = orders[orders.customer_id.notna() & (orders.day <= today)]
    recent = orders[orders.day > year_ago]
    days = orders[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    gaps = days.groupby("customer_id").day.diff().dropna().dt.days.to_numpy()
    buyers = pd.DataFrame({
        "last_order_on": orders.groupby("customer_id").day.max(),
        "orders_12m": recent.groupby("customer_id").size(),
        "revenue_12m": recent.groupby("customer_id").net.sum(),
        "margin_12m": recent.groupby("customer_id").margin.sum(),
    })  # fmt: skip
    served = _measure_service(settings, whose, year_ago, today).reindex(buyers.index)
    buyers = buyers.join(served).fillna({name: 0 for name in [*buyers.columns[1:], *served.columns]})
    buyers["revenue_12m"] -= buyers.refunds
    is_costed = recent.margin.notna().all()
    buyers["value_12m"] = (
        buyers.margin_12m - buyers.margin_refunded - buyers.support_cost - buyers.returns_cost
        if is_costed
        else buyers.revenue_12m
    )
    best = np.sort(buyers.revenue_12m[buyers.orders_12m > 0].to_numpy())[::-1]
    return Everybody(buyers, ceil(np.quantile(gaps, 0.95)), int(best[ceil(0.10 * len(best)) - 1]))


def _read_owners(settings: Settings) -> dict[str, str]:
    """The customer of each order, return and contact."""
    with open_for_reading(settings) as connection:
        rows = connection.execute("select reference_id, customer_id from marts.interactions").fetchall()
    return {reference: customer for reference, customer in rows if customer}


def _sum_orders(landing: Path) -> pd.DataFrame:
    """Completed orders with their day, net sales and margin; no margin where products have no cost."""
    orders, lines = read_landed(landing, "sales/orders"), read_landed(landing, "sales/order_lines")
    lines = lines.assign(**{name: lines[name].astype(float) for name in ("quantity", "unit_price", "discount_amount")})
    lines["net"] = _cents(lines.quantity * lines.unit_price) - _cents(lines.discount_amount)
    lines["margin"] = lines.net - _cents(lines.quantity * _read_costs(landing, lines.product_id))
    summed = lines.groupby("order_id")[["net", "margin"]].agg(lambda amounts: amounts.sum(skipna=False))
    orders = orders[orders.status.fillna("completed") == "completed"]
    return orders.assign(day=orders.ordered_at.dt.normalize())[["order_id", "day"]].join(summed, on="order_id")


def _measure_service(
    settings: Settings, whose: dict[str, str], after: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame:
    """Refunds, margin they took back, and cost to serve by customer; nothing where no returns or contacts land."""
    if not (settings.landing / "sales/returns").exists():
        return pd.DataFrame(columns=["refunds", "margin_refunded", "support_cost", "returns_cost"], dtype=float)
    returns, contacts = (read_landed(settings.landing, name) for name in ("sales/returns", "support/contacts"))
    returns = returns[_is_between(returns.returned_at, after, until)]
    contacts = contacts[_is_between(contacts.opened_at, after, until)]
    owner, refund = returns.return_id.map(whose), _cents(returns.refund_amount)
    worth = _cents(returns.quantity * _read_costs(settings.landing, returns.product_id))
    # a contact of unknown length leaves the cost of support unknown, which is not counted against anybody
    minutes = contacts.handling_minutes.groupby(contacts.contact_id.map(whose)).agg(lambda told: told.sum(skipna=False))
    return pd.DataFrame({
        "refunds": refund.groupby(owner).sum(),
        "margin_refunded": (refund - worth).groupby(owner).sum(),
        "support_cost": _cents(minutes * settings.cost_per_minute),
        "returns_cost": _cents(owner.value_counts() * settings.cost_per_return),
    })  # fmt: skip


def _is_between(times: pd.Series, after: pd.Timestamp, until: pd.Timestamp) -> pd.Series:
    days = times.dt.normalize()
    return (days > after) & (days <= until)


def _read_costs(landing: Path, products: pd.Series) -> pd.Series:
    landed = read_landed(landing, "sales/products")
    if "unit_cost" not in landed:
        return products.map({})
    return products.map(dict(zip(landed.product_id, landed.unit_cost.astype(float), strict=True)))


def _cents(amounts: pd.Series) -> pd.Series:
    """Whole cents, halves up."""
    return np.floor(100 * amounts.astype(float) + 0.5 + 1e-6)


def check_learnt(settings: Settings, everybody: Everybody) -> None:
    """The warehouse has learnt the same, and has placed every buyer by it."""
    with open_for_reading(settings) as connection:
        dormant = connection.execute("select dormant_after_days from intermediate.int_settings_resolved").fetchone()
        amount = connection.execute(
            "select cast(100 * threshold_amount as integer) from intermediate.int_tiers_resolved where is_top"
        ).fetchone()
        customers = connection.execute(
            "select customer_id, r_score, f_score, m_score, value_band from marts.customers where orders_total > 0"
        ).df()
    customers = customers.set_index("customer_id").sort_index()
    buyers = everybody.buyers.sort_index()
    assert (dormant, amount) == ((everybody.dormant_after_days,), (everybody.vip_amount,))
    assert list(customers.index) == list(buyers.index)
    for score, column in SCORES.items():
        values = buyers[column].astype(str).to_numpy() if score == "r_score" else buyers[column].to_numpy()
        expected = 1 + sum((values > cut).astype(int) for cut in everybody.cut_points(score))
        assert (customers[score].to_numpy() == expected).all(), score
    last = everybody.last_of_bands()
    for value, band in zip(buyers.value_12m, customers.value_band, strict=True):
        # who stands beside somebody of equal value at a border may be on either side of it
        expected = next(name for name in BANDS if value >= last[name])
        assert band == ("negative" if value < 0 else expected) or value in last.values()
