"""What a night loaded, for the person who reads its summary: by entity, by reason, and file by file."""

import duckdb

from pipeline.errors import RapportError
from pipeline.landing.entities import ENTITIES

_MOST_REASONS, _MOST_MESSAGES = 3, 5


def describe_load(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    """Rows by entity, why rows were quarantined, and what blocked whole drops."""
    entities = connection.execute(
        """
        select source || '/' || entity, count(*), sum(rows_read), sum(rows_loaded), sum(rows_repeated),
            sum(rows_quarantined), sum(rows_waiting), count(*) filter (where status = 'blocked')
        from raw.landed_files where run_id = ? group by all order by 1
        """,
        [run_id],
    ).fetchall()
    if not entities:
        return ["Loaded", "  no new drops"]
    header = f"  {'':<22}{'files':>7}{'read':>12}{'loaded':>12}{'repeats':>10}{'quarantined':>13}{'waiting':>9}"
    rows = [
        f"  {name:<22}{count:>7,}{read:>12,}{loaded:>12,}{repeated:>10,}{quarantined:>13,}{waiting:>9,}"
        + (f"  {blocked} blocked" if blocked else "")
        for name, count, read, loaded, repeated, quarantined, waiting, blocked in entities
    ]
    return ["Loaded", header, *rows, *_describe_reasons(connection, run_id), *_describe_messages(connection, run_id)]


def describe_files(connection: duckdb.DuckDBPyConnection) -> str:
    """Every file that the last run loaded: where each of its rows ended, and the commonest reasons of bad ones.

    The run need not have published. RapportError when nothing has run yet.
    """
    try:
        run = connection.execute("select run_id, as_of_date from ops.runs order by started_at desc limit 1").fetchone()
    except duckdb.CatalogException:
        run = None
    if run is None:
        raise RapportError("nothing has run yet; run a night with: python -m pipeline nightly --date DATE")
    files = connection.execute(
        """
        select file, status, rows_read, rows_loaded, rows_repeated, rows_quarantined, rows_waiting, unknown_columns,
            message
        from raw.landed_files where run_id = ? order by source, entity, drop_on, file
        """,
        [run[0]],
    ).fetchall()
    if not files:
        return f"Run {run[0]}, as of {run[1]}, found no new drops."
    reasons: dict[str, list[str]] = {}
    for file, rule, count in connection.execute(_reasons_sql("file"), [run[0]]).fetchall():
        reasons.setdefault(file, []).append(f"{count:,} {rule}")
    lines = [
        f"Files of run {run[0]}, as of {run[1]}",
        f"  {'read':>12}{'loaded':>12}{'repeats':>10}{'quarantined':>13}{'waiting':>9}  file",
    ]
    for file, status, *counts, unknown, message in files:
        read, loaded, repeated, quarantined, waiting = counts
        lines.append(f"  {read:>12,}{loaded:>12,}{repeated:>10,}{quarantined:>13,}{waiting:>9,}  {file}")
        details = [
            f"{status}: {message}" if message else "",
            f"quarantined: {', '.join(reasons.get(file, [])[:_MOST_REASONS])}" if file in reasons else "",
            f"columns nobody declared: {unknown}" if unknown else "",
        ]
        lines += [f"  {'':>58}{detail}" for detail in details if detail]
    return "\n".join(lines)


def _describe_reasons(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    by_entity: dict[str, list[str]] = {}
    for path, rule, count in connection.execute(_reasons_sql("path"), [run_id]).fetchall():
        by_entity.setdefault(path, []).append(f"{count:,} {rule}")
    return [f"  quarantined: {path}: {', '.join(told)}" for path, told in by_entity.items()]


def _describe_messages(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    """The first drops that are blocked, one line each, and how many more there are."""
    found = connection.execute(
        "select any_value(status), source || '/' || entity, drop_on, min(message) from raw.landed_files "
        "where run_id = ? and message is not null group by source, entity, drop_on order by source, entity, drop_on",
        [run_id],
    ).fetchall()
    lines = [f"  {status}: {path} {drop_on}: {message}" for status, path, drop_on, message in found[:_MOST_MESSAGES]]
    more = len(found) - _MOST_MESSAGES
    return [*lines, f"  … and {more:,} more: python -m pipeline summary --files"] if more > 0 else lines


def _reasons_sql(grouped_by: str) -> str:
    """How many rows and files broke each rule, by entity's path or by file, among the files of a run."""
    found = " union all ".join(
        f"select {number} as place, '{entity.path}' as path, file, rule from quarantine.{entity.table}"
        for number, entity in enumerate(ENTITIES)
    )
    return (
        f"select {grouped_by}, rule, count(*) from ({found}) "
        "where file in (select file from raw.files where run_id = ?) "
        f"group by place, {grouped_by}, rule order by place, {grouped_by}, count(*) desc, rule"
    )
