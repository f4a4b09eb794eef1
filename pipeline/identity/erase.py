"""Forgetting who asked to be forgotten (privacy/erasures): from raw, quarantine, history and the vault.

Orders and returns stay, without a person; every other row about the person goes. It holds for all that happened up to
the day the request landed, in drops of that day or of any later one: a hash of each erased token is remembered, so that
a file that lands again brings nobody back. What happens after that day is a new acquaintance.

Everything in the warehouse is one transaction. The vault (`pipeline.identity.vault_sweep`) and the published versions
(`pipeline.publish.redact`) follow what is remembered here, so a run killed between is mended by the next one.
"""

from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.identity.erase_rows import erase_quarantined_rows, erase_raw_rows
from pipeline.identity.sightings import plain_token
from pipeline.landing.entities import ENTITIES

_WITH_IDENTIFIERS = tuple(e for e in ENTITIES if any(column.identifier for column in e.columns))
_REQUESTS = next(entity for entity in ENTITIES if entity.path == "privacy/erasures")

# What the nights before said, and tonight builds on. All else follows the rows that are taken out here.
_HISTORY = ("customers", "segment_history", "int_decision_spells")

_TABLES = """
    create schema if not exists identity;
    -- one row per erased identifier: a hash of its token, and the day up to which rows that hold it are forgotten
    create table if not exists identity.erased (fingerprint varchar, erased_until date, request_id varchar);
    -- one row per request that was looked at, which is done once a landing; note: why nobody was found
    create table if not exists identity.erasures (
        request_id varchar, landed_on date, erased_on date, people bigint, rows_kept bigint, rows_removed bigint,
        note varchar);
    -- one row per landed file that named an erased person, with the bytes it then had
    create table if not exists identity.erasure_files (request_id varchar, file varchar, sha256 varchar);
    -- one row per landed row that named an erased person, until the vault has forgotten it too
    create table if not exists identity.erased_rows (file varchar, row_number bigint);
    -- one row per published id of an erased person, until no kept version holds it
    create table if not exists identity.erased_ids (customer_id varchar);
"""

_NOBODY_YET = "nobody by these identifiers was seen; rows that land and name them will be forgotten"
_SHARED = "names only an identifier that several people share: nobody was forgotten; send another one of this person"


@dataclass(frozen=True)
class Erased:
    """What one run forgot: landed rows that were kept without a person, and rows that were removed."""

    requests: int
    rows_kept: int
    rows_removed: int

    @property
    def changed_rows(self) -> bool:
        """Whether what was built from the rows must be built again."""
        return self.rows_kept + self.rows_removed > 0


def create_erasure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing."""
    connection.execute(_TABLES)


def erase_people(connection: duckdb.DuckDBPyConnection, as_of: date) -> Erased:
    """Honour every new request that landed by `as_of`, and forget again what landed again.

    Works on identity.identifiers as it stands before."""
    _find_requests(connection, as_of)
    _find_tokens(connection)
    ever, now = connection.execute(
        "select (select count(*) from identity.erased), (select count(*) from requests)"
    ).fetchone()
    if not ever and not now:
        return Erased(0, 0, 0)
    connection.execute("begin")
    connection.execute(
        "create or replace temp table touched (request_id varchar, file varchar, row_number bigint, is_kept boolean)"
    )
    has_tokens = connection.execute("select count(*) > 0 from erased_tokens").fetchone()[0]
    for entity in _WITH_IDENTIFIERS:
        if has_tokens:
            erase_raw_rows(connection, entity)
        erase_quarantined_rows(connection, entity)
    _forget_history(connection)
    done = _remember(connection, as_of)
    connection.execute("commit")
    for table in ("requests", "erased_people", "erased_tokens", "touched"):
        connection.execute(f"drop table {table}")
    return done


def _find_requests(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """`requests` (request_id, token, landed_on, erased_until): what new requests ask for, one row an identifier.

    None is looked at twice: an identifier that several people share tonight may name one of them tomorrow, who never
    asked.
    """
    tokens = " union all ".join(
        f"select request_id, requested_at, _drop_on, {column.name} as token from raw.privacy_erasures"
        for column in _REQUESTS.columns
        if column.identifier
    )
    connection.execute(
        "create or replace temp table requests as "
        "select request_id, token, max(_drop_on) as landed_on, "
        "max(greatest(cast(requested_at as date), _drop_on)) as erased_until "
        f"from ({tokens}) as r where token is not null and _drop_on <= ? and cast(requested_at as date) <= ? "
        "and not exists (select 1 from identity.erasures as known "
        "where known.request_id = r.request_id and known.landed_on >= r._drop_on) group by all",
        [as_of, as_of],
    )


def _find_tokens(connection: duckdb.DuckDBPyConnection) -> None:
    """`erased_tokens` (token, erased_until, request_id): every identifier of the people asked for, or landed again.

    An identifier that several people share names none of them, and so can't ask for one of them.
    """
    connection.execute(
        "create or replace temp table erased_people as select i.customer_id, min(r.request_id) as request_id, "
        "max(r.erased_until) as erased_until from requests as r join identity.identifiers as i using (token) "
        "where i.customer_id is not null group by i.customer_id"
    )
    connection.execute(
        "create or replace temp table erased_tokens as "
        "select token, max(erased_until) as erased_until, min(request_id) as request_id from ("
        "select i.token, p.erased_until, p.request_id from identity.identifiers as i "
        "join erased_people as p using (customer_id) union all "
        "select token, erased_until, request_id from requests "
        "where token not in (select token from identity.identifiers) union all "
        "select s.token, e.erased_until, e.request_id from ("
        f"select {plain_token('unnest([loyalty_id, customer_ref, email, phone])')} as token, first_seen_on "
        "from staging.stg_identity__sightings where (select count(*) from identity.erased) > 0) as s "
        "join identity.erased as e on e.fingerprint = sha256(s.token) where s.first_seen_on <= e.erased_until"
        ") group by token"
    )


def _forget_history(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into identity.erased_ids select customer_id from erased_people")
    connection.execute(
        "insert into identity.erased_ids select old_customer_id from identity.aliases semi join erased_people "
        "using (customer_id)"
    )
    ids = "(select customer_id from identity.erased_ids)"
    connection.execute("delete from identity.known_ids where token in (select token from erased_tokens)")
    connection.execute(
        "delete from identity.successors where token in (select token from erased_tokens) "
        "or successor in (select token from erased_tokens)"
    )
    connection.execute(f"delete from identity.aliases where customer_id in {ids} or old_customer_id in {ids}")
    built = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    for (name,) in built:
        if name in _HISTORY:
            connection.execute(f"delete from marts.{name} where customer_id in {ids}")


def _remember(connection: duckdb.DuckDBPyConnection, as_of: date) -> Erased:
    connection.execute(
        "insert into identity.erased select sha256(token), erased_until, request_id from erased_tokens as t "
        "where not exists (select 1 from identity.erased as e "
        "where e.fingerprint = sha256(t.token) and e.erased_until >= t.erased_until)"
    )
    connection.execute(
        "insert into identity.erasure_files select distinct t.request_id, t.file, f.sha256 from touched as t "
        "join (select distinct file, sha256 from raw.files) as f using (file) "
        "anti join identity.erasure_files as known "
        "on known.request_id = t.request_id and known.file = t.file and known.sha256 = f.sha256"
    )
    connection.execute("insert into identity.erased_rows select distinct file, row_number from touched")
    connection.execute("delete from identity.erasures where request_id in (select request_id from requests)")
    connection.execute(
        "insert into identity.erasures select r.request_id, max(r.landed_on), ?, count(distinct i.customer_id), "
        "(select count(*) from touched where is_kept and request_id = r.request_id), "
        "(select count(*) from touched where not is_kept and request_id = r.request_id), "
        "case when count(i.customer_id) > 0 then null when count(i.token) > 0 then ? else ? end "
        "from requests as r left join identity.identifiers as i using (token) group by r.request_id order by 1",
        [as_of, _SHARED, _NOBODY_YET],
    )
    counts = (
        "(select count(distinct request_id) from requests), count(*) filter (is_kept), count(*) filter (not is_kept)"
    )
    return Erased(*connection.execute(f"select {counts} from touched").fetchone())
