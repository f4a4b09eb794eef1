"""From sightings to numbers: which identifiers there are, which came together, and which are shared by too many.

Identifiers are numbered by age, the eldest first: the smallest number of a person's identifiers is the eldest.
Temporary tables left behind:
  nodes      one row per identifier: node, kind, rank, token, first_landed_on, sightings
  seen       one row per combination: loyalty_id, customer_ref, email, phone (nodes or NULL), sightings, first_landed_on
  cut        one row per identifier that identifies nobody: node, sharers, reason
Tables in the warehouse are read from staging.stg_identity__sightings.
"""

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.identity.graph import find_components

# The kinds, strongest first: an account or a card is made for one person, a mailbox or a phone is often shared.
KINDS = ("loyalty_id", "customer_ref", "email", "phone")
_STRONG = KINDS[:2]

# Nobody comes back to the shop this often on that many days; a mailbox that does is the till's.
_BUSY_DAYS = 3

_PAIRS = [(one, other) for place, one in enumerate(KINDS) for other in KINDS[place + 1 :]]


def plain_token(token: str) -> str:
    """SQL of a token as the rest of the warehouse writes it. Here tokens are UUIDs: numbers of 128 bits join faster."""
    return f"replace(cast({token} as varchar), '-', '')"


def number_identifiers(connection: duckdb.DuckDBPyConnection) -> int:
    """Make `nodes` and `seen`; return how many identifiers there are."""
    occurrences = " union all ".join(
        f"select '{kind}' as kind, {rank} as rank, {kind} as token, first_landed_on, first_seen_on, sightings "
        f"from staging.stg_identity__sightings where {kind} is not null"
        for rank, kind in enumerate(KINDS)
    )
    connection.execute(
        "create or replace temp table nodes as "
        "select cast(row_number() over (order by first_landed_on, first_seen_on, rank, token) - 1 as integer) as node, "
        "kind, rank, token, first_landed_on, sightings from ("
        "select kind, any_value(rank) as rank, token, min(first_landed_on) as first_landed_on, "
        "min(first_seen_on) as first_seen_on, cast(sum(sightings) as bigint) as sightings "
        f"from ({occurrences}) group by kind, token having sum(sightings) > 0)"
    )
    numbered = ", ".join(f"{kind}_nodes.node as {kind}" for kind in KINDS)
    joins = " ".join(
        f"left join nodes as {kind}_nodes on {kind}_nodes.kind = '{kind}' and {kind}_nodes.token = came.{kind}"
        for kind in KINDS
    )
    connection.execute(
        f"create or replace temp table seen as select {numbered}, came.sightings, came.first_landed_on "
        f"from staging.stg_identity__sightings as came {joins} where came.sightings > 0"
    )
    return connection.execute("select count(*) from nodes").fetchone()[0]


def cut_shared(connection: duckdb.DuckDBPyConnection, size: int, most_sharers: int) -> None:
    """Make `cut`: identifiers used by more than `most_sharers` people, who then are told apart without them."""
    connection.execute("create or replace temp table cut (node integer, sharers bigint, reason varchar)")
    for one, other in (_STRONG, _STRONG[::-1]):
        connection.execute(
            f"insert into cut select {one}, count(distinct {other}), 'shared by too many' from seen "
            f"where {one} is not null group by {one} having count(distinct {other}) > ?",
            [most_sharers],
        )
    _number_accounts(connection, size)
    for weak, partner in (("email", "phone"), ("phone", "email")):
        connection.execute(
            # people without account or card are told apart by the other identifier they gave
            f"insert into cut select {weak}, greatest(count(distinct account), "
            f"count(distinct {partner}) filter (account is null)) as sharers, 'shared by too many' "
            f"from seen_accounts where {weak} is not null group by {weak} having sharers > ?",
            [most_sharers],
        )
    connection.execute("drop table seen_accounts")
    _cut_busy(connection, most_sharers)


def _cut_busy(connection: duckdb.DuckDBPyConnection, most_orders: int) -> None:
    """Cut mailboxes and phones that stand alone on more orders a day than one person makes, again and again."""
    for weak in KINDS[2:]:
        connection.execute(
            f"insert into cut select node, most, 'on too many orders a day' from ("
            f"select cast({weak} as uuid) as token, max(orders) as most from ("
            f"select {weak}, ordered_on, count(*) as orders from staging.stg_sales__orders "
            f"where {weak} is not null and loyalty_id is null and customer_ref is null group by all) "
            f"where orders > ? group by {weak} having count(*) >= {_BUSY_DAYS}) "
            f"join nodes using (token) where node not in (select node from cut)",
            [most_orders],
        )


def list_links(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `links`: pairs of identifiers that came together and are not cut, the stronger kind first."""
    pairs = " union all ".join(
        f"select {one} as node, {other} as other, sightings, first_landed_on from seen "
        f"where {one} is not null and {other} is not null"
        for one, other in _PAIRS
    )
    connection.execute(
        "create or replace temp table links as "
        "select node, other, sum(sightings) as sightings, min(first_landed_on) as first_landed_on "
        f"from ({pairs}) as pairs anti join cut on cut.node = pairs.node "
        "where other not in (select node from cut) group by node, other"
    )


def register_labels(
    connection: duckdb.DuckDBPyConnection, name: str, labels: np.ndarray, nodes: np.ndarray | None = None
) -> None:
    """Make the temporary table `name` (node, label) from one label a node; the nodes are 0, 1, … unless given."""
    nodes = np.arange(len(labels)) if nodes is None else nodes
    rows = pa.table({"node": nodes.astype(np.int32), "label": labels.astype(np.int32)})
    connection.register("incoming_labels", rows)
    connection.execute(f"create or replace temp table {name} as from incoming_labels")
    connection.unregister("incoming_labels")


def _number_accounts(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """`seen_accounts`: seen, with the account each row is of: cards and references that came together are one."""
    edges = connection.execute(
        "select distinct loyalty_id, customer_ref from seen where loyalty_id is not null and customer_ref is not null "
        "and loyalty_id not in (select node from cut) and customer_ref not in (select node from cut)"
    ).fetchnumpy()
    register_labels(connection, "account_labels", find_components(size, edges["loyalty_id"], edges["customer_ref"]))
    connection.execute(
        "create or replace temp table seen_accounts as "
        "select seen.email, seen.phone, coalesce(a.label, b.label) as account from seen left join account_labels as a "
        "on seen.loyalty_id = a.node and a.node not in (select node from cut) "
        "left join account_labels as b on seen.customer_ref = b.node and b.node not in (select node from cut) "
        "where seen.email is not null or seen.phone is not null"
    )
    connection.execute("drop table account_labels")
