"""What a row must be, as SQL made from the declarations: one expression a value, one CASE a row."""

from dataclasses import dataclass

from pipeline.identity.vault import token_sql
from pipeline.landing.entities import EARLIEST_EVENT, TEXT, Column, Entity
from pipeline.landing.masking import mask_sql

ORDER_MISSING = "line_without_order"
CONFLICT = "conflicting_key"
BLOCKED = "drop_blocked"

_NUMBERS = (
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
_TIMES = ("TIMESTAMP", "DATE")
# DuckDB also takes words (epoch, infinity) and offsets that no place on earth has for times.
_ISO_DATE = r"^\d{4}-\d\d-\d\d"
OFFSET = r":\d\d(\.\d+)?\s*(Z|z|[+-](0\d|1[0-4])(:?\d\d)?)$"
_ANY_OFFSET = r":\d\d(\.\d+)?\s*[+-]\d\d(:?\d\d)?$"
_WHOLE = r"[+-]?\d+(\.0*)?"


@dataclass(frozen=True)
class RowRule:
    """A rule with its name, when it is broken, and the sentence for a person; the last two are SQL.

    They speak of a column by its name (its value; NULL when what came can't be read) and `raw_<name>` (as it came).
    """

    rule: str
    is_broken: str | None
    sentence: str


def list_rules(entity: Entity) -> tuple[RowRule, ...]:
    """Every rule of the entity; a row is judged by the first it breaks. A rule's number is its place, from 1.

    Rules without a condition need more than the row itself; the load decides on them.
    """
    rules = [rule for column in entity.columns for rule in _column_rules(entity, column)]
    rules += [RowRule(check.rule, check.is_broken, check.sentence) for check in entity.checks]
    if entity.event_column:
        rules.append(_event_rule(entity.event_column))
    if entity.parent:
        rules.append(RowRule(ORDER_MISSING, None, _order_missing_sentence(entity)))
    rules.append(RowRule(CONFLICT, None, _conflict_sentence(entity)))
    rules.append(RowRule(BLOCKED, None, "'this row is fine, but its drop is blocked for what its other rows break'"))
    return tuple(rules)


def number_of(entity: Entity, rule: str) -> int:
    """The number of a rule that stands once in the entity's list."""
    return next(number for number, found in enumerate(list_rules(entity), 1) if found.rule == rule)


def judge_sql(entity: Entity) -> str:
    """The number of the first rule a row breaks, or NULL."""
    cases = [
        f"when {rule.is_broken} then {number}" for number, rule in enumerate(list_rules(entity), 1) if rule.is_broken
    ]
    return f"case {' '.join(cases)} end"


def parse_sql(column: Column, source_type: str) -> str:
    """The value of a column from what came; NULL when nothing came or it can't be read."""
    raw, text = f"raw_{column.name}", text_sql(column, source_type)
    if column.identifier:
        return token_sql(column.identifier, text)
    if column.codes:
        return f"case when lower({text}) in ({_list_codes(column)}) then lower({text}) end"
    if column.sql_type == TEXT:
        return mask_sql(text) if column.free_text else text
    if column.sql_type in _TIMES:
        return _parse_time(raw, text, source_type, column.sql_type)
    if column.sql_type in ("INTEGER", "BIGINT"):
        return _parse_whole(raw, text, source_type, column.sql_type)
    if column.sql_type == source_type:
        return raw
    return f"try_cast({raw if _is_number(source_type) and column.sql_type != 'BOOLEAN' else text} as {column.sql_type})"


def text_sql(column: Column, source_type: str) -> str:
    """What came, as text without blanks; 17850.0 becomes 17850, since frames with gaps make whole ids fractions."""
    raw = f"raw_{column.name}"
    if source_type == TEXT:
        # few values have blanks around them, and looking is cheaper than trimming
        has_blanks = f"starts_with({raw}, ' ') or ends_with({raw}, ' ') or {raw} = ''"
        return f"case when {has_blanks} then nullif(trim({raw}), '') else {raw} end"
    if source_type in ("DOUBLE", "FLOAT"):
        return (
            f"case when {raw} = trunc({raw}) and abs({raw}) < 1e15 "
            f"then cast(cast({raw} as bigint) as varchar) else cast({raw} as varchar) end"
        )
    return f"cast({raw} as varchar)"


def came_sql(column: Column, source_type: str) -> str:
    """Whether anything came in the column."""
    raw = f"raw_{column.name}"
    return f"coalesce(trim({raw}) <> '', false)" if source_type == TEXT else f"{raw} is not null"


def shown_sql(column: Column) -> str:
    """The value as it came, short enough for a sentence."""
    return f"left(cast(raw_{column.name} as varchar), 60)"


def _parse_time(raw: str, text: str, source_type: str, sql_type: str) -> str:
    """Wall time in the warehouse's time zone (the connection's): an offset that came is turned into it."""
    if source_type == "TIMESTAMP WITH TIME ZONE" or source_type.startswith(_TIMES):
        return f"try_cast({raw} as {sql_type})"
    return (
        f"cast(case when not regexp_matches({text}, '{_ISO_DATE}') then null "
        f"when regexp_matches({text}, '{OFFSET}') then try_cast(try_cast({text} as timestamptz) as timestamp) "
        f"when regexp_matches({text}, '{_ANY_OFFSET}') then null "
        f"else try_cast({text} as timestamp) end as {sql_type})"
    )


def _parse_whole(raw: str, text: str, source_type: str, sql_type: str) -> str:
    if _is_number(source_type):
        return f"case when {raw} = trunc({raw}) then try_cast({raw} as {sql_type}) end"
    return f"case when regexp_full_match({text}, '{_WHOLE}') then try_cast({text} as {sql_type}) end"


def _is_number(source_type: str) -> bool:
    return source_type.startswith(_NUMBERS)


def _column_rules(entity: Entity, column: Column) -> list[RowRule]:
    name, rules = column.name, []
    if column.required:
        state = "empty or names nobody" if column.identifier else "empty"
        is_text = column.sql_type == TEXT and not column.codes
        is_missing = f"{name} is null" if is_text else _came_sql(column, "false", "true", "= ''")
        rules.append(RowRule("missing_value", is_missing, f"'{name} is {state}; every row of {entity.path} needs it'"))
    if column.sql_type != TEXT:
        kind = _describe_type(column.sql_type)
        sentence = f"concat('{name} is \"', {shown_sql(column)}, '\", which is not {kind}')"
        rules.append(RowRule("does_not_parse", _came_sql(column, "false", "false", "<> ''"), sentence))
    limits = [("<", column.minimum, "at least"), ("<=", column.above, "above"), (">", column.maximum, "at most")]
    given = [(operator, limit, words) for operator, limit, words in limits if limit is not None]
    if given:
        is_broken = " or ".join(f"{name} {operator} {limit:g}" for operator, limit, _ in given)
        wanted = " and ".join(f"{words} {limit:g}" for _, limit, words in given)
        sentence = f"concat('{name} is ', {shown_sql(column)}, '; it must be {wanted}')"
        rules.append(RowRule("out_of_range", is_broken, sentence))
    if column.codes:
        sentence = f"concat('{name} is \"', {shown_sql(column)}, '\"; it must be one of {', '.join(column.codes)}')"
        rules.append(RowRule("unknown_code", _came_sql(column, "false", "false", "<> ''"), sentence))
    return rules


def _came_sql(column: Column, if_read: str, if_nothing: str, blank_test: str) -> str:
    """A truth about a value that could not be read; the CASE spares the test for all values that could."""
    raw = f"raw_{column.name}"
    return (
        f"case when {column.name} is not null then {if_read} when {raw} is null then {if_nothing} "
        f"else trim(cast({raw} as varchar)) {blank_test} end"
    )


def _list_codes(column: Column) -> str:
    return ", ".join(f"'{code}'" for code in column.codes)


def _event_rule(column: str) -> RowRule:
    is_broken = f"{column} < date '{EARLIEST_EVENT}' or cast({column} as date) > _drop_on + 1"
    sentence = (
        f"concat('{column} is ', {column}, '; it must lie between {EARLIEST_EVENT} "
        "and a day after the drop of ', _drop_on)"
    )
    return RowRule("event_out_of_range", is_broken, sentence)


def _order_missing_sentence(entity: Entity) -> str:
    return (
        f"concat('{entity.parent} holds no order ', order_id, '; send the order and this line is taken with it, "
        "or look why the order was quarantined')"
    )


def _conflict_sentence(entity: Entity) -> str:
    private = {column.name for column in entity.columns if column.identifier}
    told = (f"'{name} (hidden)'" if name in private else f"'{name} ', {name}" for name in entity.key)
    shown = ", ' ', ".join(told)
    return f"concat({shown}, ' is there more than once in this drop with different content; send the right one')"


def _describe_type(sql_type: str) -> str:
    if sql_type == "TIMESTAMP":
        return "a time in ISO 8601, such as 2024-03-31T14:05:00"
    if sql_type == "DATE":
        return "a date in ISO 8601, such as 2024-03-31"
    if sql_type == "BOOLEAN":
        return "true or false"
    return "a whole number" if sql_type in ("INTEGER", "BIGINT") else "a number"
