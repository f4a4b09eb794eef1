"""A second look at the files that hold bad rows: which rows those are, what is wrong with each, and how it came.

Fills the temporary table `bad_rows`. E-mails and phones in it are masked, identifiers are tokens.
"""

from collections.abc import Sequence
from datetime import date

import duckdb

from pipeline.landing.batch import Batch, list_dates
from pipeline.landing.entities import TEXT, Column, Entity
from pipeline.landing.judging import judged_sql, loaded_sql
from pipeline.landing.masking import mask_sql
from pipeline.landing.reading import Part, keep_files, number_rows
from pipeline.landing.rules import BLOCKED, CONFLICT, ORDER_MISSING, list_rules, number_of, text_sql


def gather_bad_rows(
    connection: duckdb.DuckDBPyConnection, batch: Batch, parts: Sequence[Part], files: set[str], blocked: set[date]
) -> None:
    """Gather the bad rows of `files` (of drops that are `blocked`: all rows) with rule, sentence and JSON."""
    entity = batch.entity
    connection.execute(
        "create or replace temp table bad_rows (_file varchar, _drop_on date, _row bigint, "
        "row_json varchar, rule varchar, message varchar, content ubigint)"
    )
    for part in parts:
        with_bad = keep_files(part, files)
        if with_bad:
            _gather_from_part(connection, batch, number_rows(connection, with_bad), blocked)
    _settle_conflicts(connection, entity, blocked)


def name_commonest_rules(connection: duckdb.DuckDBPyConnection) -> dict[date, str]:
    """For each drop the rule that most of its bad rows break."""
    query = (
        f"select _drop_on, rule from bad_rows where rule <> '{BLOCKED}' group by _drop_on, rule "
        "qualify row_number() over (partition by _drop_on order by count(*) desc, rule) = 1"
    )
    return dict(connection.execute(query).fetchall())


def _gather_from_part(connection: duckdb.DuckDBPyConnection, batch: Batch, part: Part, blocked: set[date]) -> None:
    entity, rules = batch.entity, list_rules(batch.entity)
    names = " ".join(f"when {number} then '{rule.rule}'" for number, rule in enumerate(rules, 1))
    sentences = " ".join(f"when {number} then {rule.sentence}" for number, rule in enumerate(rules, 1))
    verdict = f"coalesce(_rule, {_later_rules_sql(connection, entity, blocked)})"
    content = f"hash({', '.join(loaded_sql(column) for column in entity.columns)})"
    came = judged_sql(entity, part, is_numbered=True)
    judged = f"select *, {verdict} as _verdict, {content} as _content from ({came})"
    connection.execute(
        f"insert into bad_rows select _file, _drop_on, _row, {_row_json_sql(entity, part)}, "
        f"case _verdict {names} end, case _verdict {sentences} end, _content "
        f"from (select * replace ({_masked_columns(entity, part)}) from ({judged}) where _verdict is not null)"
    )


def _later_rules_sql(connection: duckdb.DuckDBPyConnection, entity: Entity, blocked: set[date]) -> str:
    """The rules that need more than the row: what `orders_missing`, `conflicts` and the blocked drops tell of it.

    Those that hold nothing are not asked, for asking them of every row takes longer than reading the file.
    """
    key = ", ".join(("_drop_on", *entity.key))
    cases = []
    if entity.parent and _has_rows(connection, "orders_missing"):
        number = number_of(entity, ORDER_MISSING)
        cases.append(f"when order_id in (select order_id from orders_missing) then {number}")
    if _has_rows(connection, "conflicts"):
        cases.append(f"when ({key}) in (select ({key}) from conflicts) then {number_of(entity, CONFLICT)}")
    cases.append(f"when _drop_on in ({list_dates(blocked)}) then {number_of(entity, BLOCKED)}")
    return f"case {' '.join(cases)} end"


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"select count(*) > 0 from {table}").fetchone()[0]


def _settle_conflicts(connection: duckdb.DuckDBPyConnection, entity: Entity, blocked: set[date]) -> None:
    """Of equal rows among those that contradict each other one is bad, the others say it again."""
    again = (
        f"select rowid from bad_rows where rule = '{CONFLICT}' "
        f"qualify row_number() over (partition by _drop_on, content order by _file, _row) > 1"
    )
    sentence = list_rules(entity)[number_of(entity, BLOCKED) - 1].sentence
    connection.execute(
        f"update bad_rows set rule = '{BLOCKED}', message = {sentence} "
        f"where _drop_on in ({list_dates(blocked)}) and rowid in ({again})"
    )
    connection.execute(f"delete from bad_rows where rowid in ({again})")


def _masked_columns(entity: Entity, part: Part) -> str:
    """Every text that may hold what it should not; what came as a number, a time or a truth can't."""
    masked = [
        f"{mask_sql(f'raw_{column.name}', column.is_id)} as raw_{column.name}"
        for column in entity.columns
        if part.types.get(column.name, TEXT) == TEXT and not column.identifier
    ]
    masked += [
        f"{mask_sql(column.name, column.is_id)} as {column.name}"
        for column in entity.columns
        if column.sql_type == TEXT and not column.identifier and not column.codes
    ]
    # an identifier as it came is personal; its token stands for it
    masked += [f"null as raw_{column.name}" for column in entity.columns if column.identifier]
    return ", ".join(masked)


def _row_json_sql(entity: Entity, part: Part) -> str:
    """The row as it came, without columns nobody declared: they are in the vault, for nobody knows whom they name."""
    present = [column for column in entity.columns if column.name in part.types]
    pairs = (f"'{column.name}', {_value_sql(column, part.types[column.name])}" for column in present)
    return f"json_object({', '.join(pairs)})"


def _value_sql(column: Column, source_type: str) -> str:
    if column.identifier:
        return column.name
    is_number_as_id = column.sql_type == TEXT and source_type != TEXT
    return text_sql(column, source_type) if is_number_as_id else f"raw_{column.name}"
