"""The stage that tells who is who: every identifier's person, the evidence, and the ids that people go by.

A customer_id is the beginning of the token of the person's eldest identifier. It needs no memory: the same rows give
the same ids, and when two people turn out to be one, the elder id lives. What an id was before is told by
identity.aliases; that needs the ids of the nights before, which identity.known_ids keeps.
"""

from datetime import date

import duckdb

from pipeline.dbt import build_layers
from pipeline.identity.erase import create_erasure_tables, erase_people
from pipeline.identity.overrides import check_decisions, find_decisions, read_overrides
from pipeline.identity.people import find_people
from pipeline.identity.sightings import cut_shared, list_links, number_identifiers, plain_token
from pipeline.identity.vault_sweep import sweep_vault
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing

ID_LENGTH = 20

_TABLES = """
    create schema if not exists identity;
    -- one row per identifier, numbered by age: whose it is; customer_id is NULL where it identifies nobody
    create table if not exists identity.identifiers (
        node integer, kind varchar, token varchar, customer_id varchar, first_landed_on date, sightings bigint);
    -- one row per pair of identifiers that came together on rows; identity.links tells them by name
    create table if not exists identity.node_links (
        node integer, other integer, sightings bigint, first_landed_on date);
    -- one row per identifier that identifies nobody, and why
    create table if not exists identity.cut_identifiers (kind varchar, token varchar, sharers bigint, reason varchar);
    -- one row per token that a customer_id was ever made of
    create table if not exists identity.known_ids (token varchar, first_night date);
    -- one row per such token that came to identify nobody: another identifier of those it had been one person with
    create table if not exists identity.successors (token varchar, successor varchar, noticed_on date);
    create table if not exists identity.aliases (old_customer_id varchar, customer_id varchar, since date);
    -- the evidence of every merge. is_used: both identifiers are one person's
    create or replace view identity.links as
        select one.kind, one.token, other.kind as other_kind, other.token as other_token, one.customer_id,
            coalesce(one.customer_id = other.customer_id, false) as is_used, links.sightings, links.first_landed_on
        from identity.node_links as links
        inner join identity.identifiers as one on links.node = one.node
        inner join identity.identifiers as other on links.other = other.node;
"""


def create_identity_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, so that dbt finds its sources before the first night."""
    connection.execute(_TABLES)
    create_erasure_tables(connection)


def identify(settings: Settings, as_of: date, run_id: str) -> None:
    """Resolve every identifier seen by the end of `as_of` to a person, and forget the people who asked for it."""
    overrides = read_overrides(settings)
    with open_for_writing(settings) as connection:
        create_identity_tables(connection)
        resolve(connection, settings, as_of, overrides)
        erased = erase_people(connection, as_of)
        sweep_vault(connection, settings)
    if erased.requests:
        say(
            f"erasure requests looked at: {erased.requests:,}; {erased.rows_kept:,} rows kept without a person, "
            f"{erased.rows_removed:,} removed"
        )
    if erased.changed_rows:
        build_layers(settings, as_of, "stg_identity__sightings")
        with open_for_writing(settings) as connection:
            resolve(connection, settings, as_of, overrides)
    with open_for_reading(settings) as connection:
        told = connection.execute(_COUNTS).fetchone()
    say(f"{told[0]:,} identifiers are {told[1]:,} people; {told[2]:,} identify nobody; {told[3]:,} former ids")


_COUNTS = """
    select count(*), count(distinct customer_id), (select count(*) from identity.cut_identifiers),
        (select count(*) from identity.aliases)
    from identity.identifiers
"""


def resolve(connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date, overrides: list) -> None:
    """As `identify`, on an open warehouse. One transaction: readers see the old answer or the new one."""
    size = number_identifiers(connection)
    decisions = find_decisions(connection, settings, overrides)
    for line in decisions.unseen_lines:
        say(f"warning: {settings.identity_overrides}, line {line}: names somebody who was never seen; not used")
    cut_shared(connection, size, settings.most_sharers)
    list_links(connection)
    find_people(connection, size, decisions.joined, decisions.parted)
    check_decisions(connection, settings, decisions)
    connection.execute("begin")
    _find_successors(connection, as_of)
    _write_identifiers(connection)
    _write_aliases(connection, as_of)
    connection.execute("commit")
    for table in ("nodes", "seen", "cut", "links", "persons"):
        connection.execute(f"drop table if exists temp.{table}")


def _customer_id(token: str) -> str:
    """SQL of the id that people go by whose eldest identifier has the token."""
    return f"'c_' || left({token}, {ID_LENGTH})"


def _write_identifiers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create or replace table identity.identifiers as "
        f"select nodes.node, nodes.kind, {plain_token('nodes.token')} as token, "
        f"{_customer_id(plain_token('eldest.token'))} as customer_id, "
        "nodes.first_landed_on, nodes.sightings from nodes left join persons using (node) "
        "left join nodes as eldest on eldest.node = persons.person"
    )
    connection.execute("create or replace table identity.node_links as from links")
    connection.execute(
        "create or replace table identity.cut_identifiers as "
        "select kind, token, sharers, reason from cut join identity.identifiers using (node)"
    )


def _find_successors(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Where an id's own identifier came to identify nobody, remember who the rest of the person is.

    Only the night before knows who that was: hence before its identifiers are replaced.
    """
    connection.execute("delete from identity.successors where noticed_on > ?", [as_of])
    named = f"select {plain_token('token')} as token from nodes join persons using (node)"
    connection.execute(
        "insert into identity.successors select gone.token, arg_max(rest.token, (rest.sightings, rest.token)), ? "
        "from (select token from identity.known_ids anti join identity.successors using (token) "
        f"anti join ({named}) using (token)) as gone join identity.identifiers as rest "
        f"on rest.customer_id = {_customer_id('gone.token')} and rest.token <> gone.token group by gone.token",
        [as_of],
    )


def _write_aliases(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Tell what became of ids that were told on a night before; an id that lives again is no alias any more."""
    connection.execute("delete from identity.known_ids where first_night >= ?", [as_of])
    connection.execute("delete from identity.aliases where since >= ?", [as_of])
    connection.execute(
        f"create or replace temp table former as select {_customer_id('known.token')} as old_customer_id, "
        "coalesce(own.customer_id, other.customer_id) as now_id from identity.known_ids as known "
        "left join identity.identifiers as own on own.token = known.token "
        "left join identity.successors as s on s.token = known.token "
        "left join identity.identifiers as other on other.token = s.successor where old_customer_id <> now_id"
    )
    connection.execute("delete from identity.aliases where old_customer_id not in (select old_customer_id from former)")
    connection.execute(
        "update identity.aliases as a set customer_id = f.now_id from former as f "
        "where a.old_customer_id = f.old_customer_id and a.customer_id <> f.now_id"
    )
    connection.execute(
        "insert into identity.aliases select old_customer_id, now_id, ? from former "
        "where old_customer_id not in (select old_customer_id from identity.aliases)",
        [as_of],
    )
    connection.execute(
        "insert into identity.known_ids select token, ? from identity.identifiers "
        "anti join identity.known_ids using (token) where node in (select person from persons)",
        [as_of],
    )
    connection.execute("drop table former")
