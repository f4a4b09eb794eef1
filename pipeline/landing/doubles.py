"""Keys that stand more than once in a batch, found by their hashes, and what to do about them inside one drop.

Equal keys have equal hashes, so that only rows that share a hash with another need be compared as they are. Sorting
hashes as an array takes a third of the time of grouping by keys.
"""

import duckdb
import numpy as np

from pipeline.landing.batch import Batch


def find_twins(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Gather in `twins` the rows of the batch whose key may stand there more than once."""
    key, table = ", ".join(batch.entity.key), f"raw.{batch.entity.table}"
    hashes = connection.execute(f"select hash({key}) as h from {table} where {batch.in_batch}").fetchnumpy()["h"]
    hashes.sort()
    doubled = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    has_doubled = f"hash({key}) in (select column0 from doubled)" if doubled.size else "false"
    connection.execute(
        f"create or replace temp table twins as select *, rowid as _rowid from {table} "
        f"where {batch.in_batch} and {has_doubled}"
    )


def settle_doubles(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, tuple[int, int]]:
    """Inside one drop the first of equal rows stays; of rows that differ under one key none, for which is right?

    Takes out the others. `conflicts` lists the keys of rows that differ. Returns for each file how many rows say again
    what the drop has said, and how many contradict it.
    """
    entity, raw = batch.entity, f"raw.{batch.entity.table}"
    key = ", ".join(("_drop_on", *entity.key))
    everything = ", ".join(("_drop_on", *entity.column_names))
    connection.execute(
        "create or replace temp table verdicts as select *, "
        f"row_number() over (partition by {everything} order by _file, _rowid) > 1 as _is_repeat, "
        f"count(*) over (partition by {everything}) <> count(*) over (partition by {key}) as _is_conflict "
        f"from twins qualify _is_repeat or _is_conflict"
    )
    connection.execute(
        f"create or replace temp table conflicts as select distinct {key} from verdicts where _is_conflict"
    )
    counts = connection.execute(
        "select _file, count(*) filter (_is_repeat), count(*) filter (not _is_repeat) from verdicts group by _file"
    ).fetchall()
    if counts:
        connection.execute(f"delete from {raw} where rowid in (select _rowid from verdicts)")
        connection.execute("delete from twins where _rowid in (select _rowid from verdicts)")
    connection.execute("drop table verdicts")
    return {name: (repeated, bad) for name, repeated, bad in counts}
