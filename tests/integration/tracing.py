"""Customers traced by hand: rows shown as they landed, arithmetic written beside them, and checks of both.

A person is shown as text, one landed row a line, its fields parted by commas; `columns` of a test says which fields.
The lines of an order follow it as the sum they are: product, quantity*price-discount, the unit cost in brackets.

    order, 1001, 2024-06-22 18:37:50, completed, someone@shop.example:
        P00127 2*1.59-0.50 (1.03) + POST 1*3.95 (3.95) = 6.63 (6.01)
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import median
from textwrap import dedent

import pandas as pd
import pytest

from pipeline.settings import Settings
from pipeline.stages import run_stage
from pipeline.warehouse import open_for_reading, open_for_writing
from tests.dbt_project.conftest import ML_TABLES

# the landed entity of each kind of row, and the column that names the row
ENTITIES = {
    "order": ("sales/orders", "order_id"),
    "return": ("sales/returns", "return_id"),
    "contact": ("support/contacts", "contact_id"),
    "member": ("loyalty/members", "loyalty_id"),
    "points": ("loyalty/points", "entry_id"),
}

MONEY = {"tier_gap_amount", "vip_gap_amount", "vip_gap_widens_by"}
COUNTS = {"recency_days", "points_balance"}
DATES = {
    "as_of_date", "first_order_on", "last_order_on", "vip_gap_widens_on", "segment_since", "let_go_since",
    "keep_review_on", "dormant_unless_order_on",
}  # fmt: skip
# sums a person's rows lead to, written out beside them; with _12m: of the 12 months that end with the as-of date,
# left out where everything is
FIGURES = {
    "sales", "discounts", "full_price", "refunds", "sales_12m", "refunds_12m", "cost_12m", "returned_cost_12m",
    "minutes_12m", "returns_12m",
}  # fmt: skip
COST_PER_MINUTE, COST_PER_RETURN = Fraction("0.40"), Fraction("4.00")
# what a model says, or is to say; it is given where a rule needs it
FROM_MODELS = {
    *(f"churn_probability_{days}d" for days in (30, 60, 90, 180)), "dormancy_probability", "probability_alive",
    "dormancy_on", "dormancy_on_low", "dormancy_on_high", "contact_before", "next_order_on",
    *(f"next_order_on_{end}" for end in ("low50", "high50", "low80", "high80")),
    "expected_orders_12m", "clv_12m_revenue", "clv_12m_revenue_low", "clv_12m_revenue_high", "clv_12m_margin",
    "clv_12m_margin_low", "clv_12m_margin_high",
}  # fmt: skip

_LINE = re.compile(r"(\S+) ([\d.]+)\*([\d.]+)(?:-([\d.]+))?(?: \(([\d.]+)\))?")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Person:
    """Somebody shown: why they were chosen, their rows, and what is told of them: figures and columns."""

    why: str
    rows: str
    told: dict[str, object]


def run_nights(settings: Settings, nights: dict[date, dict[str, float]]) -> None:
    """Run the nights up to segments, without models: each is given probabilities of dormancy by the id of an order."""
    for as_of, probabilities in nights.items():
        for stage in ("begin", "load", "stage", "identify", "build"):
            run_stage(stage, settings, as_of)
        with open_for_writing(settings) as connection:
            connection.execute("drop schema if exists ml cascade")
            connection.execute(ML_TABLES)
            for order_id, probability in probabilities.items():
                connection.execute(
                    "insert into ml.churn_scores (customer_id, dormancy_probability)"
                    " select customer_id, ? from marts.orders where order_id = ?",
                    [probability, order_id],
                )
            # confidence counts gaps only on nights when there are lifetime models
            connection.execute(
                "insert into ml.lifetime_scores (customer_id, expected_orders_12m)"
                " select customer_id, 0 from intermediate.int_customer_facts where orders_total > 0"
            )
        run_stage("segment", settings, as_of)


@cache
def read_landed(landing: Path, entity: str) -> pd.DataFrame:
    """Every row that landed of an entity."""
    return pd.concat([pd.read_parquet(file) for file in sorted((landing / entity).glob("*/*.parquet"))])


def work_out(arithmetic: str | int) -> Fraction:
    """The exact value of a sum as one would type it: (3 * 9.99 - 2.00) / 4."""
    names = re.sub(r"\d+(\.\d+)?", r"Fraction('\g<0>')", str(arithmetic))
    return Fraction(eval(names, {"Fraction": Fraction, "__builtins__": {}}))


def to_money(value: Fraction) -> Decimal:
    """To the cent, halves away from zero."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_CENT, ROUND_HALF_UP)


def expect_columns(told: dict[str, object]) -> dict[str, object]:
    """The columns of `customers`: what is told as it is, and what follows from the figures and gaps."""
    sums = {name: work_out(told[name]) for name in FIGURES & told.keys()}
    columns = {name: _read_value(name, value) for name, value in told.items() if name not in FIGURES | {"gaps"}}
    if "sales" in sums:
        sums = {"sales_12m": sums["sales"], "refunds_12m": sums["refunds"]} | sums
        gross, revenue = sums["sales"] + sums["discounts"], sums["sales"] - sums["refunds"]
        columns |= {
            "net_revenue_total": to_money(revenue),
            "net_revenue_12m": to_money(sums["sales_12m"] - sums["refunds_12m"]),
            "average_order_value": to_money(revenue / told["orders_total"]),
            "full_price_share": pytest.approx(float(sums["full_price"] / gross), rel=1e-12),
            "discount_share": pytest.approx(float(sums["discounts"] / gross), rel=1e-12),
            "median_gap_days": median(told["gaps"]) if told["gaps"] else None,
            "confidence": "high" if len(told["gaps"]) >= 9 else "medium" if len(told["gaps"]) >= 2 else "low",
        }
    if "sales" in sums and "return_share" not in told:
        columns["return_share"] = pytest.approx(float(sums["refunds"] / sums["sales"]), rel=1e-12)
    if "cost_12m" in sums:
        # goods that come back are worth their cost again
        lost = sums["refunds_12m"] - sums["returned_cost_12m"]
        columns["gross_margin_12m"] = to_money(sums["sales_12m"] - sums["cost_12m"] - lost)
    if "minutes_12m" in sums:
        support, returns = sums["minutes_12m"] * COST_PER_MINUTE, sums["returns_12m"] * COST_PER_RETURN
        columns |= {"support_cost_12m": to_money(support), "returns_cost_12m": to_money(returns)}
        columns["cost_to_serve_12m"] = to_money(support + returns)
    return columns


def _read_value(column: str, value: object) -> object:
    if value is None:
        return None
    if column in MONEY:
        return to_money(work_out(value))
    if column in COUNTS:
        return int(work_out(value))
    return date.fromisoformat(value) if column in DATES else value


def read_customer(settings: Settings, person: Person) -> dict[str, object]:
    """The row of `customers` that holds everything shown of the person, without what models say.

    Whatever the timeline has of that customer must be shown too.
    """
    shown = [row.split(": ")[0].split(", ") for row in _join_rows(person.rows)]
    ids = {row[1] for row in shown if row[0] != "member"}
    with open_for_reading(settings) as connection:
        told = connection.execute(
            "select reference_id, customer_id from marts.interactions where kind not in ('exposure', 'redemption')"
            " and customer_id in (select customer_id from marts.interactions where list_contains(?, reference_id))",
            [sorted(ids)],
        ).fetchall()
        cursor = connection.execute("select * from marts.customers where customer_id = ?", [told[0][1]])
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    cancelled = {row[1] for row in shown if "cancelled" in row}
    assert Counter(told) == Counter((id_, told[0][1]) for id_ in ids - cancelled)
    assert len(rows) == 1
    customer = dict(zip(names, rows[0], strict=True))
    return {name: value for name, value in customer.items() if name not in {"customer_id", *FROM_MODELS}}


def check_rows(landing: Path, person: Person, columns: dict[str, tuple[str, ...]]) -> None:
    """What is shown is what landed: every row that carries an identifier of the person, and nothing else."""
    shown = {kind: Counter() for kind in columns}
    orders, identifiers = set(), set()
    for row in _join_rows(person.rows):
        kind, *fields = row.split(": ")[0].split(", ")
        fields += [""] * (len(columns[kind]) - len(fields))
        shown[kind][tuple(fields)] += 1
        named = dict(zip(columns[kind], fields, strict=True))
        identifiers |= _name_identifiers(named)
        if kind == "order":
            orders.add(named["order_id"])
            _check_lines(landing, named["order_id"], row)
    for kind, names in columns.items():
        landed = read_landed(landing, ENTITIES[kind][0]).reindex(columns=list(names)).astype(object)
        rows = [{name: _write(value) for name, value in row.items()} for row in landed.to_dict("records")]
        mine = [
            row
            for row in rows
            if _name_identifiers(row) & identifiers or (kind == "return" and row["order_id"] in orders)
        ]
        assert shown[kind] == Counter(tuple(row.values()) for row in mine), kind


def _join_rows(text: str) -> list[str]:
    """One line a row; what is indented belongs to the row above."""
    return [re.sub(r"\s*\n\s+", " ", row) for row in re.split(r"\n(?=\S)", dedent(text).strip())]


def _name_identifiers(row: dict[str, str]) -> set[tuple[str, str]]:
    """The identifiers of a row; a mailbox is the same in capitals, a telephone by its last ten figures."""
    normal = {"email": str.lower, "phone": lambda value: re.sub(r"\D", "", value)[-10:]}
    kinds = ("customer_ref", "loyalty_id", "email", "phone")
    return {(kind, normal.get(kind, str)(row[kind])) for kind in kinds if row.get(kind)}


def _write(value: object) -> str:
    return "" if pd.isna(value) else str(value)


def _check_lines(landing: Path, order_id: str, row: str) -> None:
    """The sum below an order is made of the lines that landed, and is right."""
    terms, total = row.split(": ")[1].split(" = ")
    lines = [_LINE.fullmatch(term).groups("0") for term in terms.split(" + ")]
    amounts = [[Decimal(figure) for figure in line[1:]] for line in lines]
    shown = Counter((line[0], *amount[:3]) for line, amount in zip(lines, amounts, strict=True))
    landed = read_landed(landing, "sales/order_lines").query("order_id == @order_id")
    names = ["product_id", "quantity", "unit_price", "discount_amount"]
    assert shown == Counter(
        (product, *(Decimal(str(figure)) for figure in figures)) for product, *figures in landed[names].to_numpy()
    )
    if {"unit_cost"} <= set(read_landed(landing, "sales/products").columns):
        costs = {(name, Decimal(str(cost))) for name, cost in _list_costs(landing)}
        assert {(line[0], amount[3]) for line, amount in zip(lines, amounts, strict=True)} <= costs
    net = sum((quantity * price).quantize(_CENT, ROUND_HALF_UP) - less for quantity, price, less, _ in amounts)
    cost = sum(quantity * unit_cost for quantity, _, _, unit_cost in amounts)
    assert total == (f"{net:.2f} ({cost:.2f})" if cost else f"{net:.2f}")


@cache
def _list_costs(landing: Path) -> list[tuple[str, object]]:
    return list(read_landed(landing, "sales/products")[["product_id", "unit_cost"]].itertuples(index=False, name=None))
