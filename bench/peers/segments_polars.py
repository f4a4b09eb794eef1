"""The RFM and segment step in polars: python segments_polars.py FACTS OUT. Runs in an environment of its own.

Money is whole cents throughout. FACTS holds the tables as Parquet and rules.json; OUT gets value, ranked and assigned.
"""

import json
import math
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

ALL = pl.lit(True)


def main(facts: Path, out: Path) -> None:
    """Read the facts, write the three tables."""
    rules = json.loads((facts / "rules.json").read_text())
    tables = {path.stem: pl.scan_parquet(path) for path in facts.glob("*.parquet")}
    as_of = date.fromisoformat(rules["as_of_date"])
    year_before = pl.select(pl.lit(as_of).dt.offset_by("-12mo")).item()
    days = _list_purchase_days(tables).collect()
    silence = _learn_silence(days, rules)
    value = _value_customers(tables, days, rules, as_of, year_before).collect()
    losses = _list_window_losses(tables, days.lazy(), year_before).collect()
    buyers = value.filter(pl.col("orders_total") > 0)
    out.mkdir(parents=True, exist_ok=True)
    value.write_parquet(out / "value.parquet")
    _rank(buyers, tables["value_bands"].collect()).write_parquet(out / "ranked.parquet")
    _assign(buyers, tables, losses, silence, rules).write_parquet(out / "assigned.parquet")


def _cents(column: str) -> pl.Expr:
    return pl.col(column).to_physical().cast(pl.Int64)


def _units(cents: pl.Expr) -> pl.Expr:
    """Cents as the nearest float; dividing by 100 would multiply by a reciprocal, which is off in the last digit."""
    return (cents.cast(pl.Decimal(18, 0)) * pl.lit(Decimal("0.01"))).cast(pl.Float64)


def _divide(amount: pl.Expr, by: int | pl.Expr) -> pl.Expr:
    """Whole numbers, half away from zero."""
    return amount.sign() * ((amount.abs() * 2 + by) // (2 * by))


def _has(table: pl.LazyFrame) -> bool:
    return table.head(1).collect().height > 0


def _buying_orders(tables: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    return tables["orders"].filter(
        pl.col("customer_id").is_not_null() & (pl.col("status") == "completed") & (pl.col("lines") > 0)
    )


def _list_purchase_days(tables: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per customer and day, in order, with the days since the one before."""
    days = _buying_orders(tables).group_by("customer_id", "ordered_on").agg(_cents("net_sales").sum().alias("net"))
    is_same = pl.col("customer_id") == pl.col("customer_id").shift()
    gap = pl.when(is_same).then((pl.col("ordered_on") - pl.col("ordered_on").shift()).dt.total_days())
    return days.sort("customer_id", "ordered_on").with_columns(gap=gap)


def _learn_silence(days: pl.DataFrame, rules: dict) -> tuple[int, int]:
    """Days without a purchase that make a customer dormant, and churned."""
    learnt = days["gap"].quantile(rules["dormant_gap_share"], interpolation="linear")
    dormant = math.ceil(learnt) if learnt is not None else rules["dormant_after_days_without_gaps"]
    return dormant, 2 * dormant


def _value_customers(tables, days: pl.DataFrame, rules: dict, as_of: date, year_before: date) -> pl.LazyFrame:
    has_support, has_returns = _has(tables["stg_support__contacts"]), _has(tables["stg_sales__returns"])
    has_cost = _has(tables["stg_sales__products"].filter(pl.col("unit_cost").is_not_null()))
    identifiers = tables["int_identifiers_resolved"].filter(pl.col("customer_id").is_not_null())
    cards = identifiers.filter(pl.col("kind") == "loyalty_id").select("customer_id", loyalty_id="token")
    members = tables["stg_loyalty__members"].select("loyalty_id").join(cards, on="loyalty_id")
    gaps = days.lazy().group_by("customer_id").agg(
        median_gap_days=pl.col("gap").median(), gaps=pl.col("gap").count().cast(pl.Int64)
    )  # fmt: skip
    joined = identifiers.select("customer_id").unique()
    for part in (
        _sum_orders(tables, year_before),
        _sum_refunds(tables, year_before),
        gaps,
        _sum_contacts(tables, year_before),
        members.select("customer_id").unique().with_columns(is_member=True),
        _sum_points(tables),
    ):
        joined = joined.join(part, on="customer_id", how="left")
    minute, handling = (round(rules[name] * 10_000) for name in ("cost_per_handling_minute", "cost_per_return"))
    net = pl.col("net_total") - pl.col("refunds_total").fill_null(0)
    average = _divide(net, pl.col("orders_total"))
    no_contact = pl.col("contacts").is_null()
    costs = joined.with_columns(
        gross_margin_12m=pl.when(has_cost).then(pl.col("margin_12m") - pl.col("margin_returned_12m").fill_null(0)),
        support_cost_12m=pl.when(pl.lit(has_support) & no_contact)
        .then(0)
        .when(has_support)
        .then(_divide(pl.col("minutes") * minute, 10_000)),
        returns_cost_12m=pl.when(has_returns).then(_divide(pl.col("returns_12m").fill_null(0) * handling, 100)),
    )
    return costs.select(
        "customer_id",
        pl.lit(as_of).alias("as_of_date"),
        "first_order_on",
        "last_order_on",
        recency_days=(pl.lit(as_of) - pl.col("last_order_on")).dt.total_days(),
        tenure_days=(pl.lit(as_of) - pl.col("first_order_on")).dt.total_days(),
        orders_total=pl.col("orders_total").fill_null(0),
        orders_12m=pl.col("orders_12m").fill_null(0),
        net_revenue_total=pl.col("net_total").fill_null(0) - pl.col("refunds_total").fill_null(0),
        net_revenue_12m=pl.col("net_12m").fill_null(0) - pl.col("refunds_12m").fill_null(0),
        gross_margin_12m=pl.col("gross_margin_12m"),
        average_order_value=average.cast(pl.Int64),
        median_gap_days=pl.col("median_gap_days"),
        gaps=pl.col("gaps").fill_null(0),
        return_share=pl.when(pl.lit(has_returns) & (pl.col("net_total") > 0)).then(
            pl.min_horizontal(_units(pl.col("refunds_total").fill_null(0)) / _units(pl.col("net_total")), 1.0)
        ),
        full_price_share=pl.when(pl.col("gross") > 0).then(_units(pl.col("full_price")) / _units(pl.col("gross"))),
        discount_share=pl.when(pl.col("gross") > 0).then(_units(pl.col("discount")) / _units(pl.col("gross"))),
        support_contacts_12m=pl.when(has_support).then(pl.col("contacts").fill_null(0)),
        support_cost_12m=pl.col("support_cost_12m"),
        returns_cost_12m=pl.col("returns_cost_12m"),
        cost_to_serve_12m=pl.col("support_cost_12m") + pl.col("returns_cost_12m"),
        margin_after_service_12m=pl.col("gross_margin_12m")
        - pl.col("support_cost_12m").fill_null(0)
        - pl.col("returns_cost_12m").fill_null(0),
        is_loyalty_member=pl.when(_has(tables["stg_loyalty__members"])).then(pl.col("is_member").fill_null(False)),
        points_balance=pl.when(_has(tables["stg_loyalty__points"])).then(pl.col("points").fill_null(0)),
    )


def _sum_orders(tables, year_before: date) -> pl.LazyFrame:
    is_recent = pl.col("ordered_on") > year_before
    margin = _cents("gross_margin")
    is_known = (margin.is_not_null() | ~is_recent).all()
    return (
        _buying_orders(tables)
        .group_by("customer_id")
        .agg(
            orders_total=pl.len().cast(pl.Int64),
            orders_12m=is_recent.sum().cast(pl.Int64),
            first_order_on=pl.col("ordered_on").min(),
            last_order_on=pl.col("ordered_on").max(),
            net_total=_cents("net_sales").sum(),
            net_12m=_cents("net_sales").filter(is_recent).sum(),
            gross=_cents("gross_amount").sum(),
            discount=_cents("discount_amount").sum(),
            full_price=_cents("full_price_amount").sum(),
            margin_12m=margin.filter(is_recent).sum(),
            is_known=is_known,
        )
        .with_columns(margin_12m=pl.when(pl.col("is_known")).then(pl.col("margin_12m")))
        .drop("is_known")
    )


def _sum_refunds(tables, year_before: date) -> pl.LazyFrame:
    is_recent = pl.col("returned_on") > year_before
    return (
        tables["returns"]
        .filter(pl.col("customer_id").is_not_null())
        .group_by("customer_id")
        .agg(
            refunds_total=_cents("refund_amount").sum(),
            returns_12m=is_recent.sum().cast(pl.Int64),
            refunds_12m=_cents("refund_amount").filter(is_recent).sum(),
            margin_returned_12m=_cents("margin_lost").filter(is_recent).sum(),
        )
    )


def _sum_contacts(tables, year_before: date) -> pl.LazyFrame:
    minutes = _divide(pl.col("handling_minutes").to_physical().cast(pl.Int64), 10)
    return (
        tables["int_contacts_identified"]
        .filter(pl.col("customer_id").is_not_null() & (pl.col("opened_at").dt.date() > year_before))
        .group_by("customer_id")
        .agg(
            contacts=pl.len().cast(pl.Int64),
            minutes=pl.when(minutes.is_not_null().all()).then(minutes.sum()),
        )
    )


def _sum_points(tables) -> pl.LazyFrame:
    is_points = (pl.col("kind") == "points") & pl.col("customer_id").is_not_null()
    return (
        tables["interactions"]
        .filter(is_points)
        .group_by("customer_id")
        .agg(points=_divide(_cents("amount").sum(), 100))
    )


def _list_window_losses(tables, days: pl.LazyFrame, year_before: date) -> pl.LazyFrame:
    """The day the 12 months first move against a customer, and by how much."""
    purchases = days.filter(pl.col("ordered_on") > year_before).select(
        "customer_id", day="ordered_on", amount="net"
    )  # fmt: skip
    refunds = (
        tables["returns"]
        .filter(pl.col("customer_id").is_not_null() & (pl.col("returned_on") > year_before))
        .select("customer_id", day="returned_on", amount=-_cents("refund_amount"))
    )
    leaves = pl.max_horizontal(
        pl.col("day").dt.offset_by("12mo"),
        pl.col("day").dt.offset_by("-1d").dt.offset_by("12mo").dt.offset_by("1d"),
    )
    return (
        pl.concat([purchases, refunds])
        .group_by("customer_id", "day")
        .agg(pl.col("amount").sum())
        .with_columns(leaves_on=leaves)
        .sort("customer_id", "leaves_on", "day")
        .with_columns(lost=pl.col("amount").cum_sum().over("customer_id"))
        .group_by("customer_id", "leaves_on", maintain_order=True)
        .agg(pl.col("lost").last())
        .filter(pl.col("lost") > 0)
        .group_by("customer_id", maintain_order=True)
        .agg(loses_on=pl.col("leaves_on").first(), loses_amount=pl.col("lost").first())
    )


def _score(column: str) -> pl.Expr:
    return (5 * (pl.col(column).rank("max") / pl.len())).ceil().cast(pl.Int32)


def _rank(buyers: pl.DataFrame, bands: pl.DataFrame) -> pl.DataFrame:
    ranked = (
        buyers.lazy()
        .select(
            "customer_id",
            r_score=_score("last_order_on"),
            f_score=_score("orders_12m"),
            m_score=_score("net_revenue_12m"),
            value_12m=pl.coalesce("margin_after_service_12m", "net_revenue_12m"),
        )
        .sort("value_12m", "customer_id", descending=[True, False])
        .with_columns(place=pl.int_range(1, pl.len() + 1) / pl.len())
    )
    band = pl.lit(None, pl.String)
    for name, up_to in bands.sort("up_to_share", descending=True).iter_rows():
        band = pl.when(pl.col("place") <= up_to).then(pl.lit(name)).otherwise(band)
    band = pl.when(pl.col("value_12m") < 0).then(pl.lit("negative")).otherwise(band)
    return ranked.with_columns(value_band=band).drop("place").collect()


def _set_thresholds(buyers: pl.DataFrame, tiers: pl.DataFrame) -> list[tuple[str, int, int]]:
    """(tier, rank, cents), the lowest first; a share becomes what the last of that share has reached."""
    revenue = buyers.filter(pl.col("orders_12m") > 0)["net_revenue_12m"].sort(descending=True)
    found, below = [], None
    for tier, rank, kind, amount in tiers.sort("tier_rank").iter_rows():
        if kind == "share":
            threshold = revenue[min(math.ceil(amount * len(revenue)), len(revenue)) - 1]
        else:
            threshold = round(amount * 100)
        below = threshold if below is None else max(threshold, below)
        found.append((tier, rank, below))
    return found


def _assign(buyers: pl.DataFrame, tables, losses: pl.DataFrame, silence: tuple[int, int], rules: dict) -> pl.DataFrame:
    tiers = _set_thresholds(buyers, tables["tiers"].collect())
    dormant, churned = silence
    revenue, vip = pl.col("net_revenue_12m"), tiers[-1][2]
    tier, gap = pl.lit(tiers[0][0]), pl.lit(tiers[1][2]) - revenue
    for place, (name, _, threshold) in enumerate(tiers[1:], 1):
        is_reached = revenue >= threshold
        above = tiers[place + 1][2] - revenue if place + 1 < len(tiers) else pl.lit(None, pl.Int64)
        tier = pl.when(is_reached).then(pl.lit(name)).otherwise(tier)
        gap = pl.when(is_reached).then(above).otherwise(gap)
    was_at_risk = tables["int_customers_remembered"].filter("was_at_risk").select("customer_id", was_at_risk=True)
    scores = tables["churn_scores"].select("customer_id", "dormancy_probability")
    average = pl.col("average_order_value")
    least = pl.lit(rules["at_risk_cutoff"]) - pl.when("was_at_risk").then(rules["at_risk_margin"]).otherwise(0.0)
    judged = (
        buyers.lazy()
        .join(scores, on="customer_id", how="left")
        .join(was_at_risk, on="customer_id", how="left")
        .join(losses.lazy(), on="customer_id", how="left")
        .with_columns(was_at_risk=pl.col("was_at_risk").fill_null(False))
        .select(
            "customer_id",
            tier=tier,
            is_churned=pl.col("recency_days") >= churned,
            is_dormant=pl.col("recency_days") >= dormant,
            is_vip=revenue >= vip,
            is_near_vip=((revenue < vip) & (revenue + average >= vip)).fill_null(False),
            is_at_risk=((pl.col("recency_days") < dormant) & (pl.col("dormancy_probability") >= least)).fill_null(
                False
            ),
            was_at_risk=pl.col("was_at_risk"),
            tier_gap_amount=gap,
            tier_gap_orders=pl.when(average > 0).then((gap + average - 1) // average),
            vip_gap_amount=vip - revenue,
            vip_gap_widens_on=pl.when(revenue < vip).then(pl.col("loses_on")),
            vip_gap_widens_by=pl.when(revenue < vip).then(pl.col("loses_amount")),
        )
    )
    segment = pl.lit("regular")
    for name, _ in tables["segments"].sort("place", descending=True).select("segment", "place").collect().iter_rows():
        segment = pl.when(ALL if name == "regular" else pl.col(f"is_{name}")).then(pl.lit(name)).otherwise(segment)
    return judged.with_columns(segment=segment).collect()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
