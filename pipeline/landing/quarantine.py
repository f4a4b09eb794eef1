"""Rows and files that were kept out, each with its rule and a sentence a person can act on. No personal data."""

from datetime import date

import duckdb

from pipeline.landing.batch import Batch, list_dates
from pipeline.landing.entities import Entity
from pipeline.landing.masking import EMAIL_MASK, PHONE_MASK
from pipeline.landing.rules import BLOCKED, CONFLICT, ORDER_MISSING


def clear_quarantine(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Forget what an earlier load of the batch's drops put aside."""
    dates = list_dates(drop.drop_on for drop in batch.drops)
    connection.execute(f"delete from quarantine.{batch.entity.table} where drop_on in ({dates})")


def quarantine_rows(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Put the `bad_rows` of the batch aside."""
    connection.execute(
        f"insert into quarantine.{entity.table} select row_json, _file, _row, _drop_on, rule, message "
        "from bad_rows order by _drop_on, _file, _row"
    )


def quarantine_files(connection: duckdb.DuckDBPyConnection, batch: Batch, problems: dict[int, tuple[str, str]]) -> None:
    """One row a file for drops that hold a file that can't be used."""
    for number, (rule, sentence) in sorted(problems.items()):
        file = batch.files[number]
        connection.execute(
            f"insert into quarantine.{batch.entity.table} values (null, ?, null, ?, ?, ?)",
            [file.name, file.drop_on, rule, sentence],
        )


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
        queries.append(
            f"select _drop_on from raw.{entity.table} as line "
            f"where not exists (select 1 from {orders} as o where o.order_id = line.order_id)"
        )
        # the other two rules are only reached by a line whose order was there
        hang_on_orders = f"rule in ('{ORDER_MISSING}', '{CONFLICT}', '{BLOCKED}') and row_number is not null"
        if connection.execute(f"select count(*) > 0 from {table} where {hang_on_orders}").fetchone()[0]:
            order_id = "trim(json_extract_string(row_json, '$.order_id'))"
            queries.append(
                f"select drop_on from {table} where {hang_on_orders} "
                f"and not contains({order_id}, '{EMAIL_MASK}') and not contains({order_id}, '{PHONE_MASK}') "
                f"and (rule = '{ORDER_MISSING}') = ({order_id} in (select order_id from {orders}))"
            )
    return {row[0] for query in queries for row in connection.execute(f"select distinct * from ({query})").fetchall()}
