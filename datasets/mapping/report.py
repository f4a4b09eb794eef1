"""What --check shows: the first rows of every entity as they would land, and everything that was found."""

import duckdb

from datasets.mapping.findings import count_things
from datasets.mapping.mapped import Mapped
from datasets.prepared import Entity

SHOWN_ROWS = 5
WIDEST = 30
PERSONAL = ("email", "phone")


def render_check(mapped: Mapped) -> str:
    """The report as text."""
    findings = mapped.findings
    parts = []
    for entity in mapped.prepared.entities if mapped.prepared else ():
        parts.append(_render_entity(mapped.connection, entity))
    if mapped.left_out:
        counted = (f"  {count_things(rows, 'row')} of {kind.origin}: {kind.reason}" for kind, rows in mapped.left_out)
        parts.append("\n".join(["Left out", *counted]))
    if findings.warnings:
        parts.append(_render_list("Worth knowing (these land all the same)", findings.warnings))
    if findings.problems:
        parts.append(_render_list("Problems (nothing lands before these are mended)", findings.problems))
    verdict = count_things(len(findings.problems), "problem") if findings.problems else "no problem"
    warned = count_things(len(findings.warnings), "warning") if findings.warnings else "no warning"
    parts.append(f"{mapped.path}: {verdict}, {warned}; nothing was written.")
    return "\n\n".join(parts) + "\n"


def _render_entity(connection: duckdb.DuckDBPyConnection, entity: Entity) -> str:
    rows, first, last = connection.execute(f"select count(*), min(_day), max(_day) from {entity.table}").fetchone()
    span = f", {first} to {last}" if first else ""
    cursor = connection.execute(
        f"select * exclude (_day) from {entity.table} "
        f"order by {', '.join(('_day', *entity.order_by))} limit {SHOWN_ROWS}"
    )
    names = [column[0] for column in cursor.description]
    table = [
        names,
        *([_show(name, value) for name, value in zip(names, row, strict=True)] for row in cursor.fetchall()),
    ]
    widths = [max(len(line[place]) for line in table) for place in range(len(names))]
    lines = (
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )
    return "\n".join([f"{entity.source}/{entity.name}: {count_things(rows, 'row')}{span}", *lines])


def _show(name: str, value: object) -> str:
    """A value for a table; mail addresses and phone numbers are shown in part only, for outputs are kept in logs."""
    if value is None:
        return "-"
    text = " ".join(str(value).split())
    if name in PERSONAL:
        return f"{text[:3]}..."
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def _render_list(heading: str, sentences: list[str]) -> str:
    return "\n".join([heading, *(f"  {number}. {sentence}" for number, sentence in enumerate(sentences, 1))])
