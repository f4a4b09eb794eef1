"""Putting the good rows of a batch into a raw table so that any order of loading ends in the same table.

The table holds, for every business key, one row a drop that changed it. Only keys that the batch shares with what is
there, or that stand in several of its drops, are compared; all others are just added. Everything runs in the caller's
transaction, on these temporary tables of the batch: `judged` (good rows have no _rule and are not _is_repeat) and
`batch_files` (_file_id, _drop_on, file).
"""

import duckdb

from pipeline.landing.entities import Entity
from pipeline.landing.tables import repeats_table

_GOOD = "judged where _rule is null and not _is_repeat"
_JOIN_FILES = "join (select _file_id, file from batch_files) as files using (_file_id)"
_IN_BATCH = "_drop_on in (select _drop_on from batch_files)"


def merge_rows(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Replace the batch's drops in the raw table by its good rows and bring every touched key's history in order."""
    has_shared = _find_shared_keys(connection, entity)
    if has_shared:
        _gather_versions(connection, entity)
        _compare_versions(connection, entity)
    connection.execute(f"delete from raw.{entity.table} where {_IN_BATCH}")
    connection.execute(f"delete from {repeats_table(entity)} where {_IN_BATCH}")
    columns = ", ".join(entity.column_names)
    unshared = f"anti join shared_keys using ({', '.join(entity.key)})" if has_shared else ""
    connection.execute(
        f"insert into raw.{entity.table} select {columns}, _drop_on, file, _row, null "
        f"from (select * from {_GOOD}) as good {unshared} {_JOIN_FILES}"
    )
    if has_shared:
        _write_versions(connection, entity)
        _correct_ledger(connection, entity)
    for table in ("shared_keys", "versions", "compared", "chained"):
        connection.execute(f"drop table if exists temp.{table}")


def _find_shared_keys(connection: duckdb.DuckDBPyConnection, entity: Entity) -> bool:
    """Keys to compare: those in several drops of the batch, in the batch and in raw, or in a drop being replaced."""
    key, raw = ", ".join(entity.key), f"raw.{entity.table}"
    queries = []
    if connection.execute("select count(distinct _drop_on) > 1 from batch_files").fetchone()[0]:
        queries.append(f"select {key} from {_GOOD} group by all having count(*) > 1")
    if connection.execute(f"select count(*) > 0 from {raw}").fetchone()[0]:
        queries.append(f"select {key} from {raw} semi join (select {key} from {_GOOD}) as good using ({key})")
        queries.append(f"select {key} from {raw} where {_IN_BATCH}")
    if not queries:
        return False
    connection.execute(f"create or replace temp table shared_keys as {' union '.join(queries)}")
    return connection.execute("select count(*) > 0 from shared_keys").fetchone()[0]


def _gather_versions(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """All versions of the shared keys: rows of raw, good rows of the batch, and repeats later than its first drop.

    A repeat is the same as the row before it, so its content is taken from there, while that row is still in place.
    """
    key, raw = ", ".join(entity.key), f"raw.{entity.table}"
    old = ", ".join(f"old.{name}" for name in entity.column_names)
    connection.execute(
        f"create or replace temp table versions as "
        f"select old.*, old.rowid as _raw_rowid, false as _was_repeat from {raw} as old "
        f"semi join shared_keys using ({key}) where not {_IN_BATCH} "
        f"union all select {', '.join(entity.column_names)}, _drop_on, file, _row, null, null, false "
        f"from (select * from {_GOOD}) as good {_JOIN_FILES} "
        f"semi join shared_keys using ({key}) "
        f"union all select {old}, again._drop_on, again._file, again._row, null, null, true "
        f"from (select * from {repeats_table(entity)} semi join shared_keys using ({key}) "
        f"where not {_IN_BATCH} and _drop_on > (select min(_drop_on) from batch_files)) as again "
        f"asof join {raw} as old on {_same_key(entity, 'again', 'old')} and again._drop_on >= old._drop_on"
    )


def _compare_versions(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Mark versions that say what the one before said, and date each of the others by the next of them."""
    key = ", ".join(entity.key)
    content = f"row({', '.join(name for name in entity.column_names if name not in entity.key)})"
    connection.execute(
        "create or replace temp table compared as select *, "
        f"lag(_drop_on) over by_drop is not null and {content} is not distinct from lag({content}) over by_drop "
        "as _says_again "
        f"from versions window by_drop as (partition by {key} order by _drop_on)"
    )
    connection.execute(
        "create or replace temp table chained as select *, "
        f"lead(_drop_on) over (partition by {key} order by _drop_on) as _next_drop_on "
        "from compared where not _says_again"
    )


def _write_versions(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Write what differs from what is there; rows in raw that stay as they are stay where they are."""
    key, raw, repeats = ", ".join(entity.key), f"raw.{entity.table}", repeats_table(entity)
    is_changed = "_superseded_on is distinct from _next_drop_on"
    connection.execute(
        f"delete from {raw} where rowid in ("
        "select _raw_rowid from compared where _says_again and _raw_rowid is not null "
        f"union all select _raw_rowid from chained where _raw_rowid is not null and {is_changed})"
    )
    connection.execute(
        f"insert into {raw} select {', '.join(entity.column_names)}, _drop_on, _file, _row, _next_drop_on "
        f"from chained where _raw_rowid is null or {is_changed}"
    )
    connection.execute(
        f"delete from {repeats} as old using chained as c where c._was_repeat "
        f"and {_same_key(entity, 'c', 'old')} and c._drop_on = old._drop_on"
    )
    connection.execute(
        f"insert into {repeats} select {key}, _drop_on, _file, _row from compared where _says_again and not _was_repeat"
    )


def _correct_ledger(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Files of other drops may have won or lost a row that stands for itself."""
    connection.execute(
        "update raw.files as f "
        "set rows_loaded = f.rows_loaded - moved.rows, rows_repeated = f.rows_repeated + moved.rows "
        "from (select _file, sum(case when _says_again then 1 else -1 end) as rows from compared "
        f"where not {_IN_BATCH} and _says_again <> _was_repeat group by _file) as moved "
        f"where f.source = '{entity.source}' and f.entity = '{entity.name}' and f.file = moved._file"
    )


def _same_key(entity: Entity, left: str, right: str) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in entity.key)
