"""Tell a person what was landed, what was left out, and why."""

import textwrap
from decimal import Decimal

from datasets.landing import Landed
from datasets.mapping.findings import count_things
from datasets.reconciliation import Reconciliation

WIDTH = 110


def render_summary(landed: Landed) -> str:
    """The summary as text: files, rows for each entity, every kind of line with its reason, the reconciliation."""
    parts = [_render_files(landed)]
    if landed.reconciliation:
        parts += [_render_kinds(landed.reconciliation), _render_totals(landed.reconciliation, landed.prepared.currency)]
    elif landed.left_out:
        parts.append(_render_left_out(landed))
    notes = _list_notes(landed)
    if notes:
        parts.append(_render_list("Worth knowing", notes))
    return "\n\n".join(parts) + "\n"


def _render_files(landed: Landed) -> str:
    days = sorted({drop.day for drop in landed.drops})
    new = sum(drop.is_new for drop in landed.drops)
    span = f"dated {days[0]}" if len(days) == 1 else f"in {len(days):,} days, {days[0]} to {days[-1]}"
    lines = [
        f"{landed.prepared.name}: {len(landed.drops):,} drop files {span}, in {landed.landing}",
        f"{new:,} written, {len(landed.drops) - new:,} already there with the same bytes",
    ]
    for (source, entity), rows in landed.rows.items():
        files = sum((drop.source, drop.entity) == (source, entity) for drop in landed.drops)
        lines.append(f"  {source + '/' + entity:22}{rows:>12,} rows {files:>8,} {'file' if files == 1 else 'files'}")
    return "\n".join(lines)


def _render_kinds(reconciliation: Reconciliation) -> str:
    lines = ["What became of each kind of source line"]
    for total in reconciliation.totals:
        fate = f"landed as {total.kind.lands_as}" if total.kind.lands_as else "left out"
        lines.append(f"  {total.kind.name:26}{total.lines:>12,} lines {_money(total.value)}  {fate}")
        lines.extend(textwrap.wrap(total.kind.reason, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    return "\n".join(lines)


def _render_totals(result: Reconciliation, currency: str) -> str:
    rows = (
        ("landed sales, net of discounts", result.landed_sales),
        ("- landed refunds", result.landed_refunds),
        ("+ left out", result.left_out),
        ("= source total", result.source_total),
    )
    of = f" in {currency}" if currency else ""
    heading = f"Reconciliation{of}, to the cent ({result.source_lines:,} source lines)"
    return "\n".join([heading, *(f"  {label:44}{_money(amount)}" for label, amount in rows)])


def _render_left_out(landed: Landed) -> str:
    told = (f"{count_things(rows, 'row')} of {kind.origin}: {kind.reason}" for kind, rows in landed.left_out)
    return _render_list("Left out", list(told))


def _list_notes(landed: Landed) -> list[str]:
    notes = [*landed.prepared.notes, *landed.warnings]
    if landed.others:
        notes.append(
            f"The landing folder also holds {len(landed.others):,} files that are not of this call (the first is "
            f"{landed.others[0].relative_to(landed.landing)}): they stay, and a night would load them too."
        )
    return notes


def _render_list(heading: str, texts: list[str]) -> str:
    wrapped = (textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    ") for text in texts)
    return "\n".join([heading, *wrapped])


def _money(amount: Decimal) -> str:
    return f"{amount:>16,.2f}"
