"""Who is one person: which accounts, cards, mailboxes and phones belong together.

An account (customer_ref) and the card (loyalty_id) it was used with are one group, as long as the account knows one
card only. A mailbox or a phone that no account or card uses is a group of its own. All other mailboxes and phones are
witnesses: they say that the groups which use them may be one person. Groups become one person when

- both hold a card: at least two witnesses agree (two cards are two people until more than one link says otherwise);
- else: they share a mailbox and a phone; or one of them, and don't each give the other kind, all different; or an
  account was used with the card. A witness that two cards claim joins nobody else.

No person holds two cards that two witnesses did not join, and no pair that a person parted by hand. A witness that
several people claim in the end belongs to none of them. Works on the temporary tables of `sightings` and leaves
`persons` (node, person), where person is the smallest node of each; rows are added to `cut`.
"""

from collections.abc import Sequence

import duckdb
import numpy as np

from pipeline.identity.graph import find_components, join_within_limits
from pipeline.identity.sightings import register_labels

_WITNESSES_OF_TWO_CARDS = 2

# How much a link weighs where not all can be followed; a shared phone weighs 1.
_MAILBOX = 2
_ACCOUNT_WITH_CARD = 4


def find_people(
    connection: duckdb.DuckDBPyConnection,
    size: int,
    joined: Sequence[tuple[int, int]] = (),
    parted: Sequence[tuple[int, int]] = (),
) -> None:
    """Make `persons`. `joined` and `parted` are pairs of nodes that a person decided about."""
    _make_groups(connection, size, parted)
    _make_witnesses(connection, parted)
    _mark_parted(connection)
    _join_by_hand(connection, size, joined)
    while _join_cards(connection, size):
        pass
    _join_groups(connection, size)
    _give_witnesses_to_people(connection)
    for table in ("grouped", "witnesses", "parted_groups", "edges", "card_groups"):
        connection.execute(f"drop table if exists {table}")


def _make_groups(connection: duckdb.DuckDBPyConnection, size: int, parted: Sequence[tuple[int, int]]) -> None:
    """`grouped` (node, grp): accounts and cards; mailboxes that neither uses; phones that nothing else came with."""
    connection.execute("create or replace temp table parted_nodes (node integer, other integer)")
    if parted:
        connection.executemany("insert into parted_nodes values (?, ?), (?, ?)", [(a, b, b, a) for a, b in parted])
    edges = connection.execute(
        "select card.node as card, card.other as account from links as card "
        "join nodes as c on c.node = card.node and c.kind = 'loyalty_id' "
        "join nodes as r on r.node = card.other and r.kind = 'customer_ref' "
        "where not exists (select 1 from parted_nodes as p where p.node = card.node and p.other = card.other) "
        "qualify count(*) over (partition by card.other) = 1"
    ).fetchnumpy()
    register_labels(connection, "labels", find_components(size, edges["card"], edges["account"]))
    connection.execute(
        "create or replace temp table grouped as select node, label as grp, kind from labels join nodes using (node) "
        "where node not in (select node from cut) and (rank < 2 or not exists ("
        # a mailbox needs an account or card, a phone any of the three, to be a witness and no group of its own
        "select 1 from links join nodes as stronger using (node) "
        "where links.other = labels.node and stronger.rank < nodes.rank))"
    )


def _make_witnesses(connection: duckdb.DuckDBPyConnection, parted: Sequence[tuple[int, int]]) -> None:
    """`witnesses` (witness, kind, grp): which groups use a mailbox or a phone; a phone also through a mailbox."""
    connection.execute(
        "create or replace temp table witnesses as select distinct links.other as witness, w.kind, g.grp "
        "from links join grouped as g on g.node = links.node "
        "join nodes as w on w.node = links.other and w.rank >= 2 "
        "anti join grouped as own on own.node = links.other"
    )
    connection.execute(
        "insert into witnesses select distinct phone.other, 'phone', owner.grp "
        "from (select witness, min(grp) as grp from witnesses where kind = 'email' group by witness "
        "having count(*) = 1) as owner join links as phone on phone.node = owner.witness "
        "where not exists (select 1 from witnesses as w where w.witness = phone.other and w.grp = owner.grp)"
    )
    if parted:
        connection.execute(
            "delete from witnesses as w using parted_nodes as p, grouped as g "
            "where w.witness = p.node and p.other = g.node and w.grp = g.grp"
        )
        # one that was parted from everybody is somebody else's
        connection.execute(
            "insert into grouped select node, node, kind from nodes where node in (select node from parted_nodes) "
            "and node not in (select node from grouped) and node not in (select witness from witnesses)"
        )


def _join_by_hand(connection: duckdb.DuckDBPyConnection, size: int, joined: Sequence[tuple[int, int]]) -> None:
    if not joined:
        return
    connection.execute("create or replace temp table joined_nodes (node integer, other integer)")
    connection.executemany("insert into joined_nodes values (?, ?)", joined)
    # a mailbox or phone stands for the one group that uses it; one that several use, or nobody, gets a group now
    connection.execute(
        "insert into grouped select n.node, n.node, n.kind from nodes as n "
        "where n.node in (select node from joined_nodes union select other from joined_nodes) "
        "and n.node not in (select node from grouped) "
        "and (select count(*) from witnesses where witness = n.node) <> 1"
    )
    connection.execute("delete from witnesses where witness in (select node from grouped)")
    connection.execute("delete from cut where node in (select node from grouped)")
    group_of = (
        "coalesce((select grp from grouped where node = {0}), "
        "(select any_value(grp) from witnesses where witness = {0}))"
    )
    edges = connection.execute(
        f"select {group_of.format('j.node')} as one, {group_of.format('j.other')} as other from joined_nodes as j"
    ).fetchnumpy()
    _rename_groups(connection, find_components(size, edges["one"], edges["other"]))


def _mark_parted(connection: duckdb.DuckDBPyConnection) -> None:
    """`parted_groups` (one, other): groups that a person said are two people."""
    connection.execute(
        "create or replace temp table parted_groups as select distinct a.grp as one, b.grp as other from parted_nodes "
        "join grouped as a on a.node = parted_nodes.node join grouped as b on b.node = parted_nodes.other "
        "where a.grp <> b.grp"
    )


def _join_cards(connection: duckdb.DuckDBPyConnection, size: int) -> bool:
    """Join groups with cards on which enough witnesses agree; whether any were joined."""
    connection.execute(
        "create or replace temp table card_groups as select distinct grp from grouped where kind = 'loyalty_id'"
    )
    edges = connection.execute(
        "with claims as (select witness, grp from witnesses semi join card_groups using (grp) union all "
        # an account used with several cards is a witness too
        "select account.grp, card.grp from links join grouped as card on card.node = links.node "
        "and card.kind = 'loyalty_id' join grouped as account on account.node = links.other "
        "and account.kind = 'customer_ref' and account.grp <> card.grp) "
        "select a.grp as one, b.grp as other from claims as a join claims as b "
        "on a.witness = b.witness and a.grp < b.grp anti join parted_groups as p on p.one = a.grp and p.other = b.grp "
        f"group by a.grp, b.grp having count(distinct a.witness) >= {_WITNESSES_OF_TWO_CARDS} "
        "order by count(distinct a.witness) desc, one, other"
    ).fetchnumpy()
    if not len(edges["one"]):
        return False
    apart = connection.execute("select one, other from parted_groups").fetchall()
    if apart:
        together = join_within_limits(zip(*(edges[n].tolist() for n in ("one", "other")), strict=True), set(), apart)
        if all(node == label for node, label in together.items()):
            return False
        labels = _spread(size, together)
    else:
        labels = find_components(size, edges["one"], edges["other"])
    _rename_groups(connection, labels)
    return True


def _join_groups(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Join what one link is enough for; the strongest first where that would put together what must stay apart."""
    _make_edges(connection)
    edges = connection.execute("select one, other from edges").fetchnumpy()
    labels = find_components(size, edges["one"], edges["other"])
    register_labels(connection, "labels", labels)
    contested = connection.execute(
        "select label from card_groups as c join labels on labels.node = c.grp group by label having count(*) > 1 "
        "union select a.label from parted_groups as p join labels as a on a.node = p.one "
        "join labels as b on b.node = p.other where a.label = b.label"
    ).fetchnumpy()["label"]
    if len(contested):
        _untangle(connection, labels, contested)
    _rename_groups(connection, labels)


def _make_edges(connection: duckdb.DuckDBPyConnection) -> None:
    """`edges` (one, other, weight): pairs of groups, at most one of them with a card, that one link joins."""
    connection.execute(
        "create or replace temp table edges as "
        "with claimed as (select witness from witnesses semi join card_groups using (grp) "
        "group by witness having count(*) > 1), "
        "usable as (select * from witnesses anti join claimed using (witness)), "
        "users as (select kind, grp from witnesses union select kind, grp from grouped), "
        "shared as (select a.grp as one, b.grp as other, count(*) filter (a.kind = 'email') as mailboxes, "
        "count(*) filter (a.kind = 'phone') as phones from usable as a join usable as b "
        "on a.witness = b.witness and a.grp < b.grp group by all), "
        "used_together as (select least(card.grp, account.grp) as one, greatest(card.grp, account.grp) as other, "
        "sum(links.sightings) as times "
        "from links join grouped as card on card.node = links.node and card.kind = 'loyalty_id' "
        "join grouped as account on account.node = links.other and account.kind = 'customer_ref' "
        "where card.grp <> account.grp group by all), "
        f"weighed as (select one, other, {_MAILBOX} * mailboxes + phones as weight, 0 as times from shared "
        f"where mailboxes > 0 and phones > 0 or mailboxes > 0 and not ({_both_use('phone')}) "
        f"or phones > 0 and not ({_both_use('email')}) "
        f"union all select one, other, {_ACCOUNT_WITH_CARD}, times from used_together) "
        "select one, other, sum(weight) as weight, sum(times) as times from weighed "
        "where not (one in (select grp from card_groups) and other in (select grp from card_groups)) "
        "and not exists (select 1 from parted_groups as p where p.one = weighed.one and p.other = weighed.other) "
        "group by one, other"
    )


def _both_use(kind: str) -> str:
    """Both groups give an identifier of the kind; sharing none of them, they contradict being one person."""
    using = f"(select grp from users where kind = '{kind}')"
    return f"one in {using} and other in {using}"


def _untangle(connection: duckdb.DuckDBPyConnection, labels: np.ndarray, contested: np.ndarray) -> None:
    """Join anew, link by link, inside the components that hold what must stay apart. Writes into `labels`."""
    inside = np.isin(labels, contested)
    edges = connection.execute("select one, other from edges order by weight desc, times desc, one, other").fetchnumpy()
    chosen = inside[edges["one"]]
    cards = connection.execute("select grp from card_groups").fetchnumpy()["grp"]
    apart = connection.execute("select one, other from parted_groups").fetchall()
    together = join_within_limits(
        zip(edges["one"][chosen].tolist(), edges["other"][chosen].tolist(), strict=True),
        set(cards[inside[cards]].tolist()),
        apart,
    )
    labels[inside] = np.flatnonzero(inside)
    labels[list(together)] = list(together.values())


def _give_witnesses_to_people(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create or replace temp table claims as "
        "select witness, min(grp) as grp, count(distinct grp) as people from witnesses group by witness"
    )
    connection.execute(
        "insert into cut select witness, people, 'claimed by several people' from claims where people > 1 "
        "and witness not in (select node from cut)"
    )
    connection.execute(
        "create or replace temp table persons as select node, min(node) over (partition by grp) as person from ("
        "select node, grp from grouped union all select witness, grp from claims where people = 1)"
    )
    connection.execute("drop table claims")


def _rename_groups(connection: duckdb.DuckDBPyConnection, labels: np.ndarray) -> None:
    """Give every group the label of its component."""
    moved = np.flatnonzero(labels != np.arange(len(labels)))
    if not len(moved):
        return
    register_labels(connection, "labels", labels[moved], moved)
    for table, columns in (("grouped", "came.node, {} as grp, kind"), ("witnesses", "witness, kind, {} as grp")):
        label = "coalesce(labels.label, came.grp)"
        connection.execute(
            f"create or replace temp table {table} as select distinct {columns.format(label)} "
            f"from {table} as came left join labels on labels.node = came.grp"
        )
    connection.execute(
        "update parted_groups set one = coalesce((select label from labels where labels.node = one), one), "
        "other = coalesce((select label from labels where labels.node = other), other)"
    )
    connection.execute("drop table labels")


def _spread(size: int, together: dict[int, int]) -> np.ndarray:
    labels = np.arange(size)
    labels[list(together)] = list(together.values())
    return labels
