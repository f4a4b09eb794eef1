"""What the night's report says about who is who and about who was forgotten. Counts and file names, no values."""

from pathlib import Path

import duckdb

_MOST_FILES = 20


def describe_people(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """How many identifiers became how many people, and how much of what happened has a known person."""
    identifiers, people, merged = connection.execute(
        "select sum(identifiers), count(customer_id), count(customer_id) filter (accounts > 1 or cards > 1) from ("
        "select customer_id, count(*) as identifiers, count(*) filter (kind = 'customer_ref') as accounts, "
        "count(*) filter (kind = 'loyalty_id') as cards from identity.identifiers group by customer_id)"
    ).fetchone()
    lines = [
        f"  {identifiers or 0:,} identifiers are {people:,} people, {merged:,} of them with several accounts or cards "
        "of one kind"
    ]
    cut = connection.execute(
        "select kind, reason, count(*), max(sharers) from identity.cut_identifiers group by all order by all"
    ).fetchall()
    lines += [
        f"  {kind}: {count:,} {reason} (up to {sharers:,}) and so identify nobody"
        for kind, reason, count, sharers in cut
    ]
    tied = connection.execute(
        "select source, count(*), count(customer_id) / count(*) from marts.interactions group by source order by source"
    ).fetchall()
    lines += [f"  {source}: {share:.1%} of {count:,} interactions have a known person" for source, count, share in tied]
    unknown, share = connection.execute(
        "select coalesce(sum(net_revenue) filter (customer_id is null), 0), "
        "coalesce(sum(net_revenue) filter (customer_id is null) / nullif(sum(net_revenue), 0), 0) from marts.orders"
    ).fetchone()
    lines.append(f"  {unknown:,} of net revenue ({share:.1%}) has no known buyer")
    former = connection.execute("select count(*) from identity.aliases").fetchone()[0]
    return ["Who is who", *lines, *([f"  {former:,} former ids are told in customer_aliases"] if former else [])]


def describe_erasures(connection: duckdb.DuckDBPyConnection, landing: Path, run_as_of: object) -> list[str]:
    """Tonight's erasures, requests that could not be honoured, and landed files that still name erased people."""
    requests, people, kept, removed = connection.execute(
        "select count(*), coalesce(sum(people), 0), coalesce(sum(rows_kept), 0), coalesce(sum(rows_removed), 0) "
        "from identity.erasures where erased_on = ? and note is null",
        [run_as_of],
    ).fetchone()
    lines = []
    if requests:
        lines.append(
            f"  {requests:,} erasure request{'s' if requests > 1 else ''}: {people:,} people forgotten, "
            f"{kept:,} rows kept without a person, {removed:,} removed"
        )
    notes = connection.execute(
        "select request_id, note from identity.erasures where note is not null order by request_id"
    ).fetchall()
    lines += [f"  request {request_id}: {note}" for request_id, note in notes]
    lines += _name_files(connection, landing)
    return ["Forgotten", *lines] if lines else []


def _still_there(connection: duckdb.DuckDBPyConnection, landing: Path) -> list[str]:
    """A file that was replaced by other bytes, or removed, is off the list."""
    files = connection.execute(
        "select distinct e.file from identity.erasure_files as e join raw.files as f "
        "on f.file = e.file and f.sha256 = e.sha256 order by 1"
    ).fetchall()
    return [file for (file,) in files if (landing / file).exists()]


def _name_files(connection: duckdb.DuckDBPyConnection, landing: Path) -> list[str]:
    files = _still_there(connection, landing)
    if not files:
        return []
    more = [f"    … and {len(files) - _MOST_FILES:,} more: identity.erasure_files"] if len(files) > _MOST_FILES else []
    told = [f"    {file}" for file in files[:_MOST_FILES]]
    return [f"  {len(files):,} landed files still name forgotten people; remove or export them anew:", *told, *more]
