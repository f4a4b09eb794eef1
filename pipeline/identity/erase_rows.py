"""Taking erased people off the rows of raw and quarantine. Runs in the transaction of `erase`.

Reads the temporary table `erased_tokens` (token, erased_until, request_id) and identity.erased; notes in `touched`
(request_id, file, row_number, is_kept) which landed rows named somebody who asked to be forgotten; is_kept is NULL for
the requests themselves.
"""

import duckdb

from pipeline.landing.entities import Entity
from pipeline.landing.tables import repeats_table, touched_keys_table

# A shop must keep its sales, and that a request was made; without a person.
_IS_KEPT = {"sales/orders": "true", "sales/returns": "true", "privacy/erasures": "null"}


def erase_raw_rows(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Take the person off the rows that are kept, and remove the others."""
    table, names = f"raw.{entity.table}", _identifiers(entity)
    matches = " union all ".join(
        f"select came.rowid as _rowid, e.request_id from {table} as came join erased_tokens as e "
        f"on came.{name} = e.token and cast(came.{entity.event_column} as date) <= e.erased_until"
        for name in names
    )
    connection.execute(
        "create or replace temp table found as "
        f"select _rowid, min(request_id) as request_id from ({matches}) group by _rowid"
    )
    connection.execute(
        f"insert into touched select found.request_id, _file, _row, {_IS_KEPT.get(entity.path, 'false')} "
        f"from {table} as came join found on came.rowid = found._rowid"
    )
    connection.execute(
        f"insert into {touched_keys_table(entity)} select {', '.join(entity.key)} from {table} "
        "where rowid in (select _rowid from found)"
    )
    if entity.path in _IS_KEPT:
        nothing = ", ".join(f"{name} = null" for name in names)
        connection.execute(f"update {table} set {nothing} where rowid in (select _rowid from found)")
    else:
        _remove_repeats(connection, entity)
        connection.execute(f"delete from {table} where rowid in (select _rowid from found)")
    connection.execute("drop table found")


def erase_quarantined_rows(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Remove rows that name the person, whatever their day: what is wrong with them may be their day."""
    table = f"quarantine.{entity.table}"
    tokens = ", ".join(f"json_extract_string(row_json, '$.{name}')" for name in _identifiers(entity))
    connection.execute(
        f"create or replace temp table found as select _rowid, min(request_id) as request_id from ("
        f"select rowid as _rowid, unnest([{tokens}]) as token from {table} where row_json is not null) as q "
        "join (select token, request_id, null as fingerprint from erased_tokens union all "
        "select null, request_id, fingerprint from identity.erased) as e "
        "on q.token = e.token or sha256(q.token) = e.fingerprint group by _rowid"
    )
    connection.execute(
        "insert into touched select found.request_id, file, row_number, false "
        f"from {table} as q join found on q.rowid = found._rowid"
    )
    connection.execute(f"delete from {table} where rowid in (select _rowid from found)")
    connection.execute("drop table found")


def _remove_repeats(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Repeats of a removed row have nothing left to repeat, but their files still name the person."""
    repeats = repeats_table(entity)
    keys = ", ".join(entity.key)
    connection.execute(
        f"create or replace temp table gone as select {keys}, min(found.request_id) as request_id "
        f"from raw.{entity.table} as came join found on came.rowid = found._rowid group by {keys}"
    )
    connection.execute(
        f"insert into touched select request_id, _file, _row, false from {repeats} join gone using ({keys})"
    )
    same_key = " and ".join(f"again.{name} = gone.{name}" for name in entity.key)
    connection.execute(f"delete from {repeats} as again using gone where {same_key}")
    connection.execute("drop table gone")


def _identifiers(entity: Entity) -> list[str]:
    return [column.name for column in entity.columns if column.identifier]
