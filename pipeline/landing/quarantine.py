"""Rows and files that were kept out, each with its rule and a sentence a person can act on. No personal data."""

from collections.abc import Sequence
from datetime import date

import duckdb

from pipeline.landing.entities import TEXT, Column, Entity
from pipeline.landing.reading import Part
from pipeline.landing.rules import BLOCKED, CONFLICT, ORDER_MISSING, list_rules, text_sql


def quarantine_rows(connection: duckdb.DuckDBPyConnection, entity: Entity, parts: Sequence[Part]) -> None:
    """Put every judged row of the batch aside as it came, with tokens where it names a person."""
    bad = connection.execute("select count(*) from judged where _rule is not null").fetchone()[0]
    if not bad:
        return
    rules = list_rules(entity)
    names = " ".join(f"when {number} then '{rule.rule}'" for number, rule in enumerate(rules, 1))
    sentences = " ".join(f"when {number} then {rule.sentence}" for number, rule in enumerate(rules, 1))
    for part in parts:
        connection.execute(
            f"insert into quarantine.{entity.table} "
            f"select {_row_json_sql(entity, part)}, file, _row, _drop_on, "
            f"case _rule {names} end, case _rule {sentences} end "
            f"from {part.relation} as came "
            "join (select * from judged where _rule is not null) as bad using (_file_id, _row) "
            "join (select _file_id, file from batch_files) using (_file_id)"
        )


def quarantine_files(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """One row a file for drops whose files can't be used."""
    connection.execute(
        f"insert into quarantine.{entity.table} "
        "select null, file, null, _drop_on, rule, message from batch_files where rule is not null"
    )


def clear_quarantine(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Forget what an earlier load of the batch's drops put aside."""
    connection.execute(f"delete from quarantine.{entity.table} where drop_on in (select _drop_on from batch_files)")


def find_drops_to_judge_again(connection: duckdb.DuckDBPyConnection, entity: Entity, max_bad_share: float) -> set[date]:
    """Dates of loaded drops whose verdict would differ today though their files are the same.

    A blocked drop may now be within the allowed share; a line's order may have come since, or have gone from its drop.
    """
    table = f"quarantine.{entity.table}"
    queries = [
        f"select drop_on from {table} group by drop_on having count(row_number) filter (rule = '{BLOCKED}') > 0 "
        f"and count(*) filter (rule <> '{BLOCKED}') <= cast({max_bad_share!r} as double) * count(*)"
    ]
    if entity.parent:
        orders = f"raw.{entity.parent.replace('/', '_')}"
        queries += [
            # the other two rules are only reached by a line whose order was there
            f"select drop_on from {table} where rule in ('{ORDER_MISSING}', '{CONFLICT}', '{BLOCKED}') "
            "and row_number is not null "
            f"and (rule = '{ORDER_MISSING}') = (trim(json_extract_string(row_json, '$.order_id')) in "
            f"(select order_id from {orders}))",
            f"select _drop_on from raw.{entity.table} as line "
            f"where not exists (select 1 from {orders} as o where o.order_id = line.order_id)",
        ]
    return {row[0] for query in queries for row in connection.execute(f"select distinct * from ({query})").fetchall()}


def _row_json_sql(entity: Entity, part: Part) -> str:
    """The row as it came. Columns outside the contract are left out: nobody knows whether they name a person."""
    present = [column for column in entity.columns if column.name in part.types]
    pairs = (f"'{column.name}', {_value_sql(column, part.types[column.name])}" for column in present)
    return f"json_object({', '.join(pairs)})"


def _value_sql(column: Column, source_type: str) -> str:
    if column.identifier:
        return column.name
    is_number_as_id = column.sql_type == TEXT and source_type != TEXT
    return text_sql(column, source_type) if is_number_as_id else f"raw_{column.name}"
