"""Tell a person what was landed, what was left out, and why."""

import textwrap
from decimal import Decimal

from datasets.landing import Landed

WIDTH = 110


def render_summary(landed: Landed) -> str:
    """The summary as text: files, rows for each entity, every kind of line with its reason, the reconciliation."""
    parts = [_render_files(landed), _render_kinds(landed), _render_totals(landed), _render_notes(landed)]
    return "\n\n".join(parts) + "\n"


def _render_files(landed: Landed) -> str:
    days = sorted({drop.day for drop in landed.drops})
    new = sum(drop.is_new for drop in landed.drops)
    span = f"dated {days[0]}" if len(days) == 1 else f"in {len(days):,} days, {days[0]} to {days[-1]}"
    lines = [
        f"{landed.prepared.name}: {len(landed.drops):,} drop files {span}, in {landed.landing}",
        f"{new:,} written, {len(landed.drops) - new:,} already there with the same bytes",
    ]
    for (source, entity), rows in landed.reconciliation.rows.items():
        files = sum((drop.source, drop.entity) == (source, entity) for drop in landed.drops)
        lines.append(f"  {source + '/' + entity:22}{rows:>12,} rows {files:>8,} {'file' if files == 1 else 'files'}")
    return "\n".join(lines)


def _render_kinds(landed: Landed) -> str:
    lines = ["What became of each kind of source line"]
    for total in landed.reconciliation.totals:
        fate = f"landed as {total.kind.lands_as}" if total.kind.lands_as else "left out"
        lines.append(f"  {total.kind.name:26}{total.lines:>12,} lines {_money(total.value)}  {fate}")
        lines.extend(textwrap.wrap(total.kind.reason, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
    return "\n".join(lines)


def _render_totals(landed: Landed) -> str:
    result = landed.reconciliation
    rows = (
        ("landed sales, net of discounts", result.landed_sales),
        ("- landed refunds", result.landed_refunds),
        ("+ left out", result.left_out),
        ("= source total", result.source_total),
    )
    heading = f"Reconciliation in {landed.prepared.currency}, to the cent ({result.source_lines:,} source lines)"
    return "\n".join([heading, *(f"  {label:44}{_money(amount)}" for label, amount in rows)])


def _render_notes(landed: Landed) -> str:
    notes = list(landed.prepared.notes)
    if landed.others:
        notes.append(
            f"The landing folder also holds {len(landed.others):,} files that are not of this call (the first is "
            f"{landed.others[0].relative_to(landed.landing)}): they stay, and a night would load them too."
        )
    wrapped = (textwrap.fill(note, WIDTH, initial_indent="  - ", subsequent_indent="    ") for note in notes)
    return "\n".join(["Worth knowing", *wrapped])


def _money(amount: Decimal) -> str:
    return f"{amount:>16,.2f}"
