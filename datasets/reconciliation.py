"""Prove that nothing went missing: source total = landed sales - landed refunds + what was left out."""

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from datasets.drops import Drop
from datasets.prepared import LineKind, Prepared
from pipeline.errors import RapportError

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
    rows: dict[tuple[str, str], int]

    @property
    def left_out(self) -> Decimal:
        """The value of the source lines that were not landed."""
        return sum((total.value for total in self.totals if total.kind.lands_as is None), Decimal("0.00"))

    def check(self) -> None:
        """Raise RapportError unless every line and every cent is accounted for."""
        accounted = self.landed_sales - self.landed_refunds + self.left_out
        if accounted != self.source_total:
            raise RapportError(
                f"The landed drops don't tie out: the source holds {self.source_total:,}, but landed sales "
                f"{self.landed_sales:,} - refunds {self.landed_refunds:,} + left out {self.left_out:,} = {accounted:,}."
            )
        for lands_as, entity in ENTITY_OF.items():
            expected = sum(total.lines for total in self.totals if total.kind.lands_as == lands_as)
            landed = self.rows.get(("sales", entity), 0)
            if landed != expected:
                raise RapportError(f"sales/{entity} holds {landed:,} rows, but {expected:,} source lines belong there.")


def reconcile(connection: duckdb.DuckDBPyConnection, prepared: Prepared, drops: list[Drop]) -> Reconciliation:
    """Count the source by kind, read the landed files back, and check that both tell the same."""
    counted = connection.execute("select kind, count(*), sum(value) from source_lines group by kind").fetchall()
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
        landed_sales=_sum_landed(connection, drops, "order_lines", "round(quantity * unit_price, 2) - discount_amount"),
        landed_refunds=_sum_landed(connection, drops, "returns", "refund_amount"),
        rows=_count_rows(connection, drops),
    )
    _check_files_are_whole(connection, prepared, result.rows)
    result.check()
    return result


def _check_files_are_whole(
    connection: duckdb.DuckDBPyConnection, prepared: Prepared, rows: dict[tuple[str, str], int]
) -> None:
    for entity in prepared.entities:
        expected = connection.execute(f"select count(*) from {entity.table}").fetchone()[0]
        landed = rows.get((entity.source, entity.name), 0)
        if landed != expected:
            raise RapportError(
                f"The files of {entity.source}/{entity.name} hold {landed:,} of {expected:,} rows; "
                "does another process write there? Run the command again."
            )


def _sum_landed(connection: duckdb.DuckDBPyConnection, drops: list[Drop], entity: str, amount: str) -> Decimal:
    files = [str(drop.path) for drop in drops if (drop.source, drop.entity) == ("sales", entity)]
    if not files:
        return Decimal("0.00")
    return connection.execute(
        f"select coalesce(sum({amount}), 0)::decimal(18, 2) from read_parquet(?, hive_partitioning = false)", [files]
    ).fetchone()[0]


def _count_rows(connection: duckdb.DuckDBPyConnection, drops: list[Drop]) -> dict[tuple[str, str], int]:
    files: dict[tuple[str, str], list[str]] = {}
    for drop in drops:
        files.setdefault((drop.source, drop.entity), []).append(str(drop.path))
    query = "select count(*) from read_parquet(?, hive_partitioning = false)"
    return {key: connection.execute(query, [paths]).fetchone()[0] for key, paths in files.items()}
