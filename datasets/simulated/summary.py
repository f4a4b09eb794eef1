"""What was simulated, for a person: rows, money that ties out, and the truth in figures."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from datasets.drops import Drop
from datasets.simulated.landing import SOURCES, Landing
from datasets.simulated.retailer import Retailer
from pipeline.errors import RapportError
from pipeline.warehouse import quote_literal

VIP_SHARE = 0.10


@dataclass(frozen=True)
class Simulated:
    """A simulation in a landing folder, with its summary as text."""

    last_day: date
    landing: Path
    truth: Path
    drops: list[Drop]
    rows: dict[str, int]
    text: str


def summarise(
    connection: duckdb.DuckDBPyConnection, retailer: Retailer, landing: Landing, truth: Path, drops: list[Drop],
    others: list[Path], seconds: float, notes: list[str],
) -> Simulated:  # fmt: skip
    """Read the landed files back, prove that they hold what was simulated, and tell about it."""
    rows = {entity: _count(connection, drops, entity) for entity in SOURCES}
    parts = [
        _describe_files(landing, truth, drops, rows, seconds),
        _reconcile(connection, retailer, landing, drops, rows),
        _describe_truth(connection, retailer, truth),
    ]
    if others:
        notes = [
            *notes,
            f"The landing folder also holds {len(others):,} files that are not of this call (the first is "
            f"{others[0].relative_to(landing.folder)}): they stay, and a night would load them too.",
        ]
    parts += ["\n".join(["Worth knowing", *(f"  - {note}" for note in notes)])] if notes else []
    last_day = retailer.date_of(retailer.day - 1)
    return Simulated(last_day, landing.folder, truth, drops, rows, "\n\n".join(parts) + "\n")


def _describe_files(landing: Landing, truth: Path, drops: list[Drop], rows: dict[str, int], seconds: float) -> str:
    days = sorted({drop.day for drop in drops})
    span = f"dated {days[0]}" if len(days) == 1 else f"in {len(days):,} days, {days[0]} to {days[-1]}"
    new = sum(drop.is_new for drop in drops)
    lines = [
        f"simulated: {len(drops):,} drop files {span}, in {landing.folder}",
        f"{new:,} written, {len(drops) - new:,} already there with the same bytes; {seconds:.1f} seconds, "
        f"{rows['order_lines'] / max(seconds, 0.001):,.0f} order lines a second",
        f"the truth, which the pipeline never reads: {truth}",
    ]
    for entity, source in SOURCES.items():
        files = sum(drop.entity == entity for drop in drops)
        lines.append(
            f"  {source + '/' + entity:22}{rows[entity]:>12,} rows {files:>8,} {'file' if files == 1 else 'files'}"
        )
    return "\n".join(lines)


def _reconcile(connection, retailer: Retailer, landing: Landing, drops: list[Drop], rows: dict[str, int]) -> str:
    gross, discount = _sum(connection, drops, "order_lines", "quantity * unit_price", "discount_amount")
    (refunds,) = _sum(connection, drops, "returns", "refund_amount")
    simulated = {
        "lines at shelf prices": (gross, retailer.totals["gross"]),
        "- discounts": (discount, retailer.totals["discount"]),
        "- refunds": (refunds, landing.refunds),
    }
    for label, (landed, pence) in simulated.items():
        if landed != Decimal(pence) / 100:
            raise RapportError(
                f"The landed drops don't tie out: {label} are {landed:,} in the files, {pence / 100:,.2f} simulated."
            )
    for entity, count in rows.items():
        if count != landing.rows.get(entity, 0):
            raise RapportError(
                f"The files of {SOURCES[entity]}/{entity} hold {count:,} of {landing.rows.get(entity, 0):,} rows; "
                "does another process write there? Run the command again."
            )
    if rows["order_lines"] != retailer.totals["lines"]:
        raise RapportError(
            f"{rows['order_lines']:,} order lines were landed, but {retailer.totals['lines']:,} simulated."
        )
    lines = [f"  {label:44}{landed:>16,.2f}" for label, (landed, _) in simulated.items()]
    lines.append(f"  {'= net sales, cancelled orders included':44}{gross - discount - refunds:>16,.2f}")
    return "\n".join(["Reconciliation in GBP, to the penny: the landed files hold what was simulated", *lines])


def _describe_truth(connection: duckdb.DuckDBPyConnection, retailer: Retailer, truth: Path) -> str:
    people, orders = (f"read_parquet({quote_literal(truth / name)})" for name in ("people.parquet", "orders.parquet"))
    last = retailer.date_of(retailer.day - 1)
    everybody, buyers, left, two_refs = connection.execute(
        f"select count(*), count(*) filter (orders > 0), count(*) filter (not is_alive), (select count(*) from (select "
        f"person_id from read_parquet({quote_literal(truth / 'identifiers.parquet')}) where kind = 'customer_ref' "
        f"group by person_id having count(*) > 1)) from {people}"
    ).fetchone()
    causes = connection.execute(
        f"select cause, count(*) from {people} where not is_alive group by cause order by count(*) desc, cause"
    ).fetchall()
    line, vips, near = _find_vip_line(connection, orders, last)
    text = [
        "The truth in figures",
        f"  {everybody:,} people, {buyers:,} of them buyers; {two_refs:,} with two or more customer_refs",
        f"  {left:,} have left ({left / max(everybody, 1):.1%}): "
        + ", ".join(f"{cause} {count / left:.1%}" for cause, count in causes),
        f"  VIP line (top {VIP_SHARE:.0%} by 12 months' sales, before refunds): {line:,.2f}, {vips:,} above it, "
        f"{near:,} one ordinary order below",
    ]
    lifts = connection.execute(
        f"select count(*), min(lift), max(lift), min(antecedent_baskets) from read_parquet("
        f"{quote_literal(truth / 'associations.parquet')})"
    ).fetchone()
    text.append(
        f"  {lifts[0]} associations planted, of lift {lifts[1]:.1f} to {lifts[2]:.1f}, "
        f"each in at least {lifts[3]:,} baskets with the antecedents"
    )
    return "\n".join(text)


def _find_vip_line(connection, orders: str, last: date) -> tuple[Decimal, int, int]:
    """The least sales of 12 months among the top tenth; how many reach them, how many are one usual order short."""
    return connection.execute(
        f"""
        with spent as (
            select
                person_id,
                coalesce(sum(net_amount) filter (where ordered_on > date '{last}' - interval 12 month), 0) as year,
                avg(net_amount) as usual
            from {orders} where not is_cancelled group by person_id
        ),
        line as (
            select coalesce(min(year), 0) as amount from (
                select year, row_number() over (order by year desc, person_id) as place, count(*) over () as people
                from spent
            ) where place <= greatest(1, floor(people * {VIP_SHARE}))
        )
        select
            any_value(amount),
            count(*) filter (where year >= amount and year > 0),
            count(*) filter (where year < amount and year + usual >= amount)
        from line left join spent on true
        """
    ).fetchone()


def _files(drops: list[Drop], entity: str) -> list[str]:
    return [str(drop.path) for drop in drops if drop.entity == entity]


def _count(connection, drops: list[Drop], entity: str) -> int:
    files = _files(drops, entity)
    query = "select count(*) from read_parquet(?, hive_partitioning = false)"
    return connection.execute(query, [files]).fetchone()[0] if files else 0


def _sum(connection, drops: list[Drop], entity: str, *amounts: str) -> tuple[Decimal, ...]:
    files = _files(drops, entity)
    if not files:
        return (Decimal(0),) * len(amounts)
    sums = ", ".join(f"coalesce(sum({amount}), 0)::decimal(18, 2)" for amount in amounts)
    return connection.execute(f"select {sums} from read_parquet(?, hive_partitioning = false)", [files]).fetchone()
