"""Prove that nothing went missing: source total = landed sales - landed refunds + what was left out."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from datasets.drops import Drop
from datasets.prepared import LineKind, Prepared
from pipeline.errors import RapportError
from pipeline.landing.entities import MONEY, PRICE, QUANTITY
from pipeline.warehouse import quote_literal

ENTITY_OF = {"sale": "order_lines", "return": "returns"}


@dataclass(frozen=True)
class KindTotal:
    """How many source lines are of a kind, and what they are worth together."""

    kind: LineKind
    lines: int
    value: Decimal


@dataclass(frozen=True)
class Reconciliation:
    """The source beside what was landed, as read back from the files that were written."""

    totals: tuple[KindTotal, ...]
    source_lines: int
    source_total: Decimal
    landed_sales: Decimal
    landed_refunds: Decimal

    @property
    def left_out(self) -> Decimal:
        """The value of the source lines that were not landed."""
        return sum((total.value for total in self.totals if total.kind.lands_as is None), Decimal("0.00"))

    def check(self, rows: dict[tuple[str, str], int]) -> None:
        """Raise RapportError unless every cent, and every line of the entities in `rows`, is accounted for."""
        accounted = self.landed_sales - self.landed_refunds + self.left_out
        if accounted != self.source_total:
            raise RapportError(
                f"The drops don't tie out: the source holds {self.source_total:,}, but sales "
                f"{self.landed_sales:,} - refunds {self.landed_refunds:,} + left out {self.left_out:,} = {accounted:,}."
            )
        for lands_as, entity in ENTITY_OF.items():
            expected = sum(total.lines for total in self.totals if total.kind.lands_as == lands_as)
            landed = rows.get(("sales", entity))
            if landed is not None and landed != expected:
                raise RapportError(f"sales/{entity} holds {landed:,} rows, but {expected:,} source lines belong there.")


def count_landed(
    connection: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection, prepared: Prepared, drops: list[Drop]
) -> dict[tuple[str, str], int]:
    """The rows of each entity, read back from its files; raises RapportError unless they are all there."""
    counts = {}
    for entity in prepared.entities:
        expected = _count(connection, entity.table)
        files = _files_of(drops, entity.source, entity.name)
        landed = _count(reader, files) if files else 0
        if landed != expected:
            raise RapportError(
                f"The files of {entity.source}/{entity.name} hold {landed:,} of {expected:,} rows; "
                "does another process write there? Run the command again."
            )
        counts[entity.source, entity.name] = landed
    return counts


def reconcile_tables(connection: duckdb.DuckDBPyConnection, prepared: Prepared) -> Reconciliation:
    """Check, before anything is written, that the tables to land tell the same as the source."""
    tables = {(entity.source, entity.name): entity.table for entity in prepared.entities}
    return _reconcile(connection, connection, prepared, tables)


def reconcile(
    connection: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection, prepared: Prepared, drops: list[Drop]
) -> Reconciliation:
    """Read the landed files back with `reader`, and check that they tell the same as the source."""
    keys = [(entity.source, entity.name) for entity in prepared.entities]
    files = {key: relation for key in keys if (relation := _files_of(drops, *key))}
    return _reconcile(connection, reader, prepared, files)


def _reconcile(
    connection: duckdb.DuckDBPyConnection,
    reader: duckdb.DuckDBPyConnection,
    prepared: Prepared,
    landed: dict[tuple[str, str], str],
) -> Reconciliation:
    counted = connection.execute("select kind, count(*), sum(value) from landing.source_lines group by kind").fetchall()
    by_kind = {kind: (lines, value) for kind, lines, value in counted}
    unknown = {kind: by_kind[kind][0] for kind in by_kind if kind not in {known.name for known in prepared.kinds}}
    if unknown:
        raise RapportError(
            f"{prepared.name} holds {sum(unknown.values()):,} lines of a kind nobody has decided about "
            "(a missing or negative value); was the source file changed?"
        )
    nothing = (0, Decimal("0.00"))
    result = Reconciliation(
        totals=tuple(KindTotal(kind, *by_kind.get(kind.name, nothing)) for kind in prepared.kinds),
        source_lines=sum(lines for lines, _ in by_kind.values()),
        source_total=sum((value for _, value in by_kind.values()), Decimal("0.00")),
        landed_sales=_add_up(reader, landed.get(("sales", "order_lines")), _write_sales),
        landed_refunds=_add_up(reader, landed.get(("sales", "returns")), _write_refunds),
    )
    one_by_one = [(entity.source, entity.name) for entity in prepared.entities if not entity.gathers]
    result.check({key: _count(reader, landed[key]) if key in landed else 0 for key in one_by_one})
    return result


def _files_of(drops: list[Drop], source: str, entity: str) -> str | None:
    """The landed files of an entity as an SQL relation, or None."""
    files = [quote_literal(drop.path) for drop in drops if (drop.source, drop.entity) == (source, entity)]
    return f"read_parquet([{', '.join(files)}], hive_partitioning = false)" if files else None


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return connection.execute(f"select count(*) from {relation}").fetchone()[0]


def _add_up(
    reader: duckdb.DuckDBPyConnection, relation: str | None, write_amount: Callable[[list[str]], str]
) -> Decimal:
    if relation is None:
        return Decimal("0.00")
    columns = [row[0] for row in reader.execute(f"describe select * from {relation}").fetchall()]
    amount = write_amount(columns)
    return reader.execute(f"select coalesce(sum({amount}), 0)::decimal(18, 2) from {relation}").fetchone()[0]


def _write_sales(columns: list[str]) -> str:
    """SQL of what a line brings in, from values as they land, text or numbers. 38 digits hold any product."""
    gross = f"round(try_cast(quantity as {QUANTITY}) * try_cast(unit_price as {PRICE})::decimal(38, 8), 2)"
    discount = f" - coalesce(try_cast(discount_amount as {MONEY}), 0)" if "discount_amount" in columns else ""
    return gross + discount


def _write_refunds(columns: list[str]) -> str:
    return f"try_cast(refund_amount as {MONEY})"
