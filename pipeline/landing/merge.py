"""Bringing a batch's rows and the raw table together so that any order of loading ends in the same table.

The table holds, for every business key, one row a drop that changed it. Only keys that the batch shares with what is
there, or that stand in several of its drops, are compared; all others are fine where they are. Everything runs in the
caller's transaction: `set_aside` before the batch's rows are put into the raw table, `merge_rows` after.
"""

import duckdb

from pipeline.landing.batch import Batch
from pipeline.landing.entities import Entity
from pipeline.landing.tables import origin_columns, repeats_table, touched_keys_table


def set_aside(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Take what earlier loads of the batch's drops left out of the raw table, into the temporary table `replaced`.

    Notes for the next build which drops and rows are no longer what they were.
    """
    entity, key = batch.entity, ", ".join(batch.entity.key)
    connection.execute(f"create or replace temp table replaced as from raw.{entity.table} where {batch.in_batch}")
    connection.execute(f"delete from raw.{entity.table} where {batch.in_batch}")
    connection.execute(f"insert into {touched_keys_table(entity)} select {key} from replaced")
    connection.execute(
        "insert into touched.drops select ?, unnest(?::date[])",
        [entity.table, [drop.drop_on for drop in batch.drops]],
    )


def merge_rows(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Bring every touched key's history in order. Rows of the batch that stand in several drops are in `twins`."""
    entity = batch.entity
    if _find_shared_keys(connection, batch):
        _gather_versions(connection, batch)
        _compare_versions(connection, entity)
        _forget_repeats(connection, batch)
        _write_versions(connection, entity)
        _correct_ledger(connection, batch)
    else:
        _forget_repeats(connection, batch)
    for table in ("replaced", "shared_keys", "versions", "compared", "chained"):
        connection.execute(f"drop table if exists temp.{table}")


def _find_shared_keys(connection: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Keys to compare: those in several drops of the batch, in the batch and elsewhere, or in a drop being replaced."""
    key, raw = ", ".join(batch.entity.key), f"raw.{batch.entity.table}"
    queries = [f"select {key} from twins group by all having count(*) > 1"]
    if connection.execute("select count(*) > 0 from replaced").fetchone()[0]:
        queries.append(f"select {key} from replaced")
    if connection.execute(f"select count(*) > 0 from {raw} where not {batch.in_batch}").fetchone()[0]:
        inside = f"select {key} from {raw} where {batch.in_batch}"
        queries.append(
            f"select {key} from {raw} semi join ({inside}) as inside using ({key}) where not {batch.in_batch}"
        )
    connection.execute(f"create or replace temp table shared_keys as {' union '.join(queries)}")
    return connection.execute("select count(*) > 0 from shared_keys").fetchone()[0]


def _gather_versions(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """All versions of the shared keys: rows of raw, and repeats in other drops later than the batch's first.

    A repeat is the same as the row before it was, so its content is taken from there: from another drop's row, or from
    the row that the batch replaces.
    """
    entity, raw = batch.entity, f"raw.{batch.entity.table}"
    key, columns, origin = ", ".join(entity.key), ", ".join(entity.column_names), origin_columns(entity)
    first = min(drop.drop_on for drop in batch.drops)
    old = ", ".join(f"old.{name}" for name in entity.column_names)
    again = ", ".join(f"again.{name}" for name in origin)
    connection.execute(
        "create or replace temp table versions as "
        f"select {columns}, {', '.join(origin)}, _superseded_on, rowid as _raw_rowid, false as _was_repeat "
        f"from {raw} semi join shared_keys using ({key}) "
        f"union all select {old}, {again}, null, null, true "
        f"from (select * from {repeats_table(entity)} semi join shared_keys using ({key}) "
        f"where not {batch.in_batch} and _drop_on > date '{first}') as again "
        f"asof join (select {columns}, _drop_on from {raw} semi join shared_keys using ({key}) "
        f"where not {batch.in_batch} union all select {columns}, _drop_on from replaced) as old "
        f"on {_same_key(entity, 'again', 'old')} and again._drop_on >= old._drop_on"
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


def _forget_repeats(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    connection.execute(f"delete from {repeats_table(batch.entity)} where {batch.in_batch}")


def _write_versions(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Write what differs from what is there; rows in raw that stay as they are stay where they are."""
    raw, repeats, origin = f"raw.{entity.table}", repeats_table(entity), ", ".join(origin_columns(entity))
    key, columns = ", ".join(entity.key), ", ".join(entity.column_names)
    is_changed = "_superseded_on is distinct from _next_drop_on"
    connection.execute(
        f"delete from {raw} where rowid in ("
        "select _raw_rowid from compared where _says_again and _raw_rowid is not null "
        f"union all select _raw_rowid from chained where _raw_rowid is not null and {is_changed})"
    )
    connection.execute(
        f"insert into {raw} ({columns}, {origin}, _superseded_on) select {columns}, {origin}, _next_drop_on "
        f"from chained where _raw_rowid is null or {is_changed}"
    )
    connection.execute(
        f"delete from {repeats} as old using chained as c where c._was_repeat "
        f"and {_same_key(entity, 'c', 'old')} and c._drop_on = old._drop_on"
    )
    connection.execute(
        f"insert into {repeats} ({key}, {origin}) select {key}, {origin} from compared "
        "where _says_again and not _was_repeat"
    )


def _correct_ledger(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Files of other drops may have won or lost a row that stands for itself."""
    entity = batch.entity
    connection.execute(
        "update raw.files as f "
        "set rows_loaded = f.rows_loaded - moved.rows, rows_repeated = f.rows_repeated + moved.rows "
        "from (select _file, sum(case when _says_again then 1 else -1 end) as rows from compared "
        f"where not {batch.in_batch} and _says_again <> _was_repeat group by _file) as moved "
        f"where f.source = '{entity.source}' and f.entity = '{entity.name}' and f.file = moved._file"
    )


def _same_key(entity: Entity, left: str, right: str) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in entity.key)
