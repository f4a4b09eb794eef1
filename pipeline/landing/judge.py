"""From rows as they came to rows with typed values and a verdict: the temporary table `judged` of a batch."""

from collections.abc import Sequence
from datetime import date

import duckdb

from pipeline.landing.entities import TEXT, Entity
from pipeline.landing.reading import Part
from pipeline.landing.rules import (
    BLOCKED,
    CONFLICT,
    ORDER_MISSING,
    came_sql,
    judge_sql,
    list_rules,
    number_of,
    parse_sql,
)


def judge_rows(
    connection: duckdb.DuckDBPyConnection, entity: Entity, parts: Sequence[Part], max_bad_share: float
) -> dict[date, str]:
    """Type and judge every row of the batch's usable drops; return the drops to block, each with the reason."""
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in entity.columns)
    connection.execute(
        "create or replace temp table judged "
        f"(_drop_on date, _file_id integer, _row bigint, {columns}, _rule utinyint, _is_repeat boolean)"
    )
    if "currency" in entity.column_names:
        _settle_currency(connection, entity, parts)
    for part in parts:
        connection.execute(f"insert into judged {_judged_sql(entity, part)}")
    if entity.parent:
        _find_missing_orders(connection, entity)
    _find_doubles(connection, entity)
    return _block_bad_drops(connection, entity, max_bad_share)


def _judged_sql(entity: Entity, part: Part) -> str:
    parsed, came, values = [], [], []
    for column in entity.columns:
        source_type = part.types.get(column.name, TEXT)
        parsed.append(f"{parse_sql(column, source_type)} as {column.name}")
        if column.sql_type != TEXT:
            came.append(f"{came_sql(column, source_type)} as has_{column.name}")
        has_default = column.default is not None
        values.append(f"coalesce({column.name}, '{column.default}')" if has_default else column.name)
    return (
        f"select _drop_on, _file_id, _row, {', '.join(values)}, {judge_sql(entity)}, false from ("
        f"select _drop_on, _file_id, _row, {', '.join(parsed + came)} from {part.relation} "
        "join (select _file_id, _drop_on from batch_files where rule is null) using (_file_id))"
    )


def _settle_currency(connection: duckdb.DuckDBPyConnection, entity: Entity, parts: Sequence[Part]) -> None:
    """The warehouse's currency is that of its orders; at first, the commonest of the earliest drop that names one."""
    with_currency = [part for part in parts if "currency" in part.types]
    found = connection.execute(f"select max(upper(currency)) from raw.{entity.table}").fetchone()[0]
    if found is None and with_currency:
        came = " union all ".join(
            f"select _file_id, nullif(upper(trim(cast(raw_currency as varchar))), '') as currency from {part.relation}"
            for part in with_currency
        )
        row = connection.execute(
            f"select currency from ({came}) join batch_files using (_file_id) where currency is not null "
            "and rule is null group by _drop_on, currency order by _drop_on, count(*) desc, currency limit 1"
        ).fetchone()
        found = row[0] if row else None
    connection.execute("set variable warehouse_currency = ?", [found])


def _find_missing_orders(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    orders = f"raw.{entity.parent.replace('/', '_')}"
    connection.execute(
        f"update judged set _rule = {number_of(entity, ORDER_MISSING)} where _rule is null "
        f"and not exists (select 1 from {orders} as o where o.order_id = judged.order_id)"
    )


def _find_doubles(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Inside one drop the first of equal rows stays; of rows that differ under one key none, for which is right?"""
    key = ", ".join(("_drop_on", *entity.key))
    connection.execute(
        f"create or replace temp table doubles as select {key} from judged where _rule is null "
        "group by all having count(*) > 1"
    )
    if not connection.execute("select count(*) from doubles").fetchone()[0]:
        return
    everything = ", ".join(("_drop_on", *entity.column_names))
    connection.execute(
        "create or replace temp table verdicts as select judged.rowid as _rowid, "
        f"row_number() over (partition by {everything} order by _file_id, _row) > 1 as _is_repeat, "
        f"count(*) over (partition by {everything}) <> count(*) over (partition by {key}) as _is_conflict "
        f"from judged semi join doubles using ({key}) where _rule is null"
    )
    connection.execute(
        "update judged set _is_repeat = v._is_repeat, "
        f"_rule = case when v._is_conflict and not v._is_repeat then {number_of(entity, CONFLICT)} end "
        "from verdicts as v where judged.rowid = v._rowid and (v._is_repeat or v._is_conflict)"
    )


def _block_bad_drops(connection: duckdb.DuckDBPyConnection, entity: Entity, max_bad_share: float) -> dict[date, str]:
    """Block drops with too many bad rows: then all their rows are put aside."""
    blocked = {}
    counts = connection.execute(
        "select _drop_on, count(*), count(_rule), mode(_rule) from judged group by _drop_on "
        "having count(_rule) > ? * count(*) order by _drop_on",
        [max_bad_share],
    ).fetchall()
    rules = list_rules(entity)
    for drop_on, rows, bad, commonest in counts:
        blocked[drop_on] = (
            f"{bad:,} of its {rows:,} rows ({bad / rows:.1%}) are bad, mostly {rules[commonest - 1].rule}; "
            f"RAPPORT_MAX_BAD_SHARE allows {max_bad_share:.1%}"
        )
    if blocked:
        connection.execute(
            f"update judged set _rule = coalesce(_rule, {number_of(entity, BLOCKED)}), _is_repeat = false "
            "where _drop_on in (select unnest(?))",
            [list(blocked)],
        )
    return blocked
