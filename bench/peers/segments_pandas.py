"""The RFM and segment step in pandas: python segments_pandas.py FACTS OUT.

Money is whole cents throughout. FACTS holds the tables as Parquet and rules.json; OUT gets value, ranked and assigned.
"""

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CENTS = 100


def main(facts: Path, out: Path) -> None:
    """Read the facts, write the three tables."""
    rules = json.loads((facts / "rules.json").read_text())
    as_of = pd.Timestamp(date.fromisoformat(rules["as_of_date"]))
    year_before = as_of - pd.DateOffset(months=12)
    orders = _read_orders(facts)
    returns = _read_returns(facts)
    days = _list_purchase_days(orders)
    value = _value_customers(facts, orders, returns, days, rules, as_of, year_before)
    losses = _list_window_losses(days, returns, year_before)
    value = value.reset_index(drop=True)
    buyers = value[value["orders_total"] > 0]
    out.mkdir(parents=True, exist_ok=True)
    _write(value, out / "value.parquet")
    _write(_rank(buyers, _read(facts, "value_bands")), out / "ranked.parquet")
    _write(_assign(buyers, facts, losses, _learn_silence(days, rules), rules), out / "assigned.parquet")


def _read(facts: Path, name: str, *columns: str) -> pd.DataFrame:
    """Columns of a table; a decimal becomes whole numbers of its last place."""
    table = pq.read_table(facts / f"{name}.parquet", columns=list(columns) or None)
    frame = {}
    for column, field in zip(table.columns, table.schema, strict=True):
        if pa.types.is_decimal(field.type):
            floats = column.cast(pa.float64()).to_pandas() * 10**field.type.scale
            frame[field.name] = floats.round().astype("Int64" if column.null_count else "int64")
        elif pa.types.is_date(field.type):
            frame[field.name] = column.cast(pa.timestamp("s")).to_pandas()
        else:
            frame[field.name] = column.to_pandas()
    return pd.DataFrame(frame)


def _write(frame: pd.DataFrame, file: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    days = [
        field.with_type(pa.date32()) if pa.types.is_timestamp(field.type) else field for field in table.schema
    ]  # fmt: skip
    pq.write_table(table.cast(pa.schema(days)), file)


def _has(facts: Path, name: str) -> bool:
    return pq.read_metadata(facts / f"{name}.parquet").num_rows > 0


def _known(column: pd.Series, has_source: bool) -> pd.Series:
    """The column, or nothing but unknown where no such source has landed."""
    return column if has_source else pd.Series(pd.NA, index=column.index, dtype=column.dtype)


def _divide(amount: pd.Series, by: int | pd.Series) -> pd.Series:
    """Whole numbers, half away from zero."""
    return np.sign(amount) * ((amount.abs() * 2 + by) // (2 * by))


def _read_orders(facts: Path) -> pd.DataFrame:
    """Orders that were completed, hold lines and have a known buyer."""
    columns = (
        "customer_id",
        "ordered_on",
        "status",
        "lines",
        "gross_amount",
        "discount_amount",
        "full_price_amount",
        "net_sales",
        "gross_margin",
    )
    orders = _read(facts, "orders", *columns)
    return orders[orders["customer_id"].notna() & (orders["status"] == "completed") & (orders["lines"] > 0)]


def _read_returns(facts: Path) -> pd.DataFrame:
    """Refunds of known customers."""
    returns = _read(facts, "returns", "customer_id", "returned_on", "refund_amount", "margin_lost")
    return returns[returns["customer_id"].notna()]


def _list_purchase_days(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and day, in order, with the days since the one before."""
    days = orders.groupby(["customer_id", "ordered_on"], as_index=False)["net_sales"].sum()
    is_same = days["customer_id"] == days["customer_id"].shift()
    days["gap"] = days["ordered_on"].diff().dt.days.where(is_same)
    return days


def _learn_silence(days: pd.DataFrame, rules: dict) -> tuple[int, int]:
    """Days without a purchase that make a customer dormant, and churned."""
    gaps = days["gap"].dropna()
    learnt = np.ceil(gaps.quantile(rules["dormant_gap_share"])) if len(gaps) else None
    dormant = int(learnt) if learnt is not None else rules["dormant_after_days_without_gaps"]
    return dormant, 2 * dormant


def _value_customers(facts, orders, returns, days, rules, as_of, year_before) -> pd.DataFrame:
    has_support, has_returns = _has(facts, "stg_support__contacts"), _has(facts, "stg_sales__returns")
    has_cost = bool(_read(facts, "stg_sales__products", "unit_cost")["unit_cost"].notna().any())
    identifiers = _read(facts, "int_identifiers_resolved")
    identifiers = identifiers[identifiers["customer_id"].notna()]
    cards = identifiers[identifiers["kind"] == "loyalty_id"].set_index("token")["customer_id"]
    members = _read(facts, "stg_loyalty__members", "loyalty_id")["loyalty_id"].map(cards).dropna().unique()
    people = pd.DataFrame(index=pd.Index(identifiers["customer_id"].unique(), name="customer_id"))
    gaps = days.groupby("customer_id")["gap"].agg(median_gap_days="median", gaps="count")
    parts = [_sum_orders(orders, year_before), _sum_refunds(returns, year_before)]
    parts += [gaps, _sum_contacts(facts, year_before), _sum_points(facts)]
    people = people.join(parts)
    # one customer in three has no return, one in two no contact: those that count are zero, the rest unknown
    zero = ("orders_total", "orders_12m", "refunds_total", "refunds_12m", "returns_12m", "margin_returned", "gaps")
    counted = people[list(zero)].fillna(0).astype("int64")
    net = people["net_total"].fillna(0).astype("int64") - counted["refunds_total"]
    average = _divide(net, people["orders_total"].astype("Int64"))
    support = _cost_support(people, has_support, rules["cost_per_handling_minute"])
    handling = _divide(counted["returns_12m"] * round(rules["cost_per_return"] * 10_000), 100)
    handling = _known(handling.astype("Int64"), has_returns)
    margin = _known(people["margin_12m"].astype("Int64") - counted["margin_returned"], has_cost)
    gross, is_sold = people["gross"], people["gross"] > 0
    return pd.DataFrame(
        {
            "customer_id": people.index,
            "as_of_date": as_of,
            "first_order_on": people["first_order_on"],
            "last_order_on": people["last_order_on"],
            "recency_days": (as_of - people["last_order_on"]).dt.days.astype("Int64"),
            "tenure_days": (as_of - people["first_order_on"]).dt.days.astype("Int64"),
            "orders_total": counted["orders_total"],
            "orders_12m": counted["orders_12m"],
            "net_revenue_total": net,
            "net_revenue_12m": people["net_12m"].fillna(0).astype("int64") - counted["refunds_12m"],
            "gross_margin_12m": margin,
            "average_order_value": average,
            "median_gap_days": people["median_gap_days"],
            "gaps": counted["gaps"],
            "return_share": (counted["refunds_total"] / CENTS / (people["net_total"] / CENTS))
            .clip(upper=1.0)
            .where((people["net_total"] > 0) & has_returns),
            "full_price_share": (people["full_price"] / CENTS / (gross / CENTS)).where(is_sold),
            "discount_share": (people["discount"] / CENTS / (gross / CENTS)).where(is_sold),
            "support_contacts_12m": _known(people["contacts"].fillna(0).astype("Int64"), has_support),
            "support_cost_12m": support,
            "returns_cost_12m": handling,
            "cost_to_serve_12m": support + handling,
            "margin_after_service_12m": margin - support.fillna(0) - handling.fillna(0),
            "is_loyalty_member": people.index.isin(members) if _has(facts, "stg_loyalty__members") else None,
            "points_balance": _known(people["points"].fillna(0).astype("Int64"), _has(facts, "stg_loyalty__points")),
        }
    )


def _cost_support(people: pd.DataFrame, has_support: bool, minute: float) -> pd.Series:
    cost = _divide(people["minutes"].astype("Int64") * round(minute * 10_000), 10_000)
    return _known(cost.mask(people["contacts"].isna(), 0), has_support)


def _sum_orders(orders: pd.DataFrame, year_before: pd.Timestamp) -> pd.DataFrame:
    by_customer = orders.groupby("customer_id")
    recent = orders[orders["ordered_on"] > year_before].groupby("customer_id")
    summed = by_customer.agg(
        orders_total=("ordered_on", "size"),
        first_order_on=("ordered_on", "min"),
        last_order_on=("ordered_on", "max"),
        net_total=("net_sales", "sum"),
        gross=("gross_amount", "sum"),
        discount=("discount_amount", "sum"),
        full_price=("full_price_amount", "sum"),
    )
    lately = recent.agg(
        orders_12m=("ordered_on", "size"),
        net_12m=("net_sales", "sum"),
        margin_12m=("gross_margin", "sum"),
        known=("gross_margin", "count"),
    )
    summed = summed.join(lately.astype("Int64")).fillna({name: 0 for name in lately})
    # one order of unknown margin leaves the sum unknown
    summed["margin_12m"] = summed["margin_12m"].where(summed["known"] == summed["orders_12m"])
    return summed.drop(columns="known")


def _sum_refunds(returns: pd.DataFrame, year_before: pd.Timestamp) -> pd.DataFrame:
    recent = returns[returns["returned_on"] > year_before].groupby("customer_id")
    return (
        returns.groupby("customer_id")
        .agg(refunds_total=("refund_amount", "sum"))
        .join(
            recent.agg(
                returns_12m=("refund_amount", "size"),
                refunds_12m=("refund_amount", "sum"),
                margin_returned=("margin_lost", "sum"),
            )
        )
    )


def _sum_contacts(facts: Path, year_before: pd.Timestamp) -> pd.DataFrame:
    contacts = _read(facts, "int_contacts_identified", "customer_id", "opened_at", "handling_minutes")
    contacts = contacts[contacts["customer_id"].notna() & (contacts["opened_at"].dt.normalize() > year_before)]
    contacts = contacts.assign(handling_minutes=_divide(contacts["handling_minutes"], 10))
    summed = contacts.groupby("customer_id")["handling_minutes"].agg(contacts="size", minutes="sum", known="count")
    summed["minutes"] = summed["minutes"].where(summed["known"] == summed["contacts"])
    return summed.drop(columns="known")


def _sum_points(facts: Path) -> pd.DataFrame:
    points = _read(facts, "interactions", "customer_id", "kind", "amount")
    points = points[(points["kind"] == "points") & points["customer_id"].notna()]
    return _divide(points.groupby("customer_id")["amount"].sum(), CENTS).to_frame("points")


def _list_window_losses(days: pd.DataFrame, returns: pd.DataFrame, year_before: pd.Timestamp) -> pd.DataFrame:
    """The day the 12 months first move against a customer, and by how much."""
    purchases = days[days["ordered_on"] > year_before]
    refunds = returns[returns["returned_on"] > year_before]
    moves = pd.DataFrame(
        {
            "customer_id": pd.concat([purchases["customer_id"], refunds["customer_id"]]),
            "day": pd.concat([purchases["ordered_on"], refunds["returned_on"]]),
            "amount": pd.concat([purchases["net_sales"], -refunds["refund_amount"]]),
        }
    )
    year, day = pd.DateOffset(months=12), pd.DateOffset(days=1)
    leaves = {when: max(when + year, when - day + year + day) for when in moves["day"].unique()}
    moves["leaves_on"] = moves["day"].map(leaves)
    moves = moves.groupby(["customer_id", "leaves_on"], as_index=False)["amount"].sum()
    moves["lost"] = moves.groupby("customer_id")["amount"].cumsum()
    first = moves[moves["lost"] > 0].drop_duplicates("customer_id")
    return first.set_index("customer_id")[["leaves_on", "lost"]]


def _rank(buyers: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    scores = {
        name: np.ceil(5 * (buyers[column].rank(method="max") / len(buyers))).astype("int32")
        for name, column in (("r_score", "last_order_on"), ("f_score", "orders_12m"), ("m_score", "net_revenue_12m"))
    }
    value = buyers["margin_after_service_12m"].fillna(buyers["net_revenue_12m"])
    ranked = pd.DataFrame({"customer_id": buyers["customer_id"], **scores, "value_12m": value})
    ranked = ranked.sort_values(["value_12m", "customer_id"], ascending=[False, True])
    place = np.arange(1, len(ranked) + 1) / len(ranked)
    bands = bands.sort_values("up_to_share")
    band = bands["value_band"].to_numpy()[np.searchsorted(bands["up_to_share"].to_numpy(), place)]
    ranked["value_band"] = np.where(ranked["value_12m"] < 0, "negative", band)
    return ranked


def _set_thresholds(buyers: pd.DataFrame, tiers: pd.DataFrame) -> list[tuple[str, int]]:
    """(tier, cents), the lowest first; a share becomes what the last of that share has reached."""
    revenue = np.sort(buyers.loc[buyers["orders_12m"] > 0, "net_revenue_12m"].to_numpy())[::-1]
    found, below = [], None
    for tier in tiers.sort_values("tier_rank").itertuples():
        if tier.threshold_kind == "share":
            place = -(-int(tier.threshold_value) * len(revenue) // 1_000_000)
            threshold = revenue[min(place, len(revenue)) - 1]
        else:
            threshold = tier.threshold_value // 10_000
        below = threshold if below is None else max(threshold, below)
        found.append((tier.tier, int(below)))
    return found


def _assign(buyers: pd.DataFrame, facts: Path, losses: pd.DataFrame, silence, rules: dict) -> pd.DataFrame:
    tiers = _set_thresholds(buyers, _read(facts, "tiers"))
    dormant, churned = silence
    buyers = buyers.set_index("customer_id", drop=False)
    scores = _read(facts, "churn_scores", "customer_id", "dormancy_probability").set_index("customer_id")
    remembered = _read(facts, "int_customers_remembered", "customer_id", "was_at_risk")
    was_at_risk = buyers.index.isin(remembered.loc[remembered["was_at_risk"].astype(bool), "customer_id"])
    revenue, average, recency = (buyers[name] for name in ("net_revenue_12m", "average_order_value", "recency_days"))
    vip = tiers[-1][1]
    reached = np.searchsorted([threshold for _, threshold in tiers[1:]], revenue.to_numpy(), side="right")
    above = pd.array([threshold for _, threshold in tiers[1:]] + [None], dtype="Int64")[reached]
    gap = pd.Series(above, index=buyers.index) - revenue
    orders = (gap + average - 1) // average
    risk = scores["dormancy_probability"].reindex(buyers.index)
    least = rules["at_risk_cutoff"] - np.where(was_at_risk, rules["at_risk_margin"], 0.0)
    lost = losses.reindex(buyers.index)[revenue < vip].reindex(buyers.index)
    judged = pd.DataFrame(
        {
            "customer_id": buyers["customer_id"],
            "tier": np.array([name for name, _ in tiers], dtype=object)[reached],
            "is_churned": recency >= churned,
            "is_dormant": recency >= dormant,
            "is_vip": revenue >= vip,
            "is_near_vip": (revenue < vip) & (revenue + average >= vip),
            "is_at_risk": (recency < dormant) & (risk >= least),
            "was_at_risk": was_at_risk,
            "tier_gap_amount": gap,
            "tier_gap_orders": orders.where(average > 0),
            "vip_gap_amount": vip - revenue,
            "vip_gap_widens_on": lost["leaves_on"],
            "vip_gap_widens_by": lost["lost"].astype("Int64"),
        }
    )
    names = _read(facts, "segments", "segment", "place").sort_values("place")["segment"]
    holds = [judged[f"is_{name}"].to_numpy(bool) if name != "regular" else np.full(len(judged), True) for name in names]
    judged["segment"] = np.select(holds, list(names), default="regular")
    return judged


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
