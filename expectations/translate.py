"""Each rule of a suite as a Great Expectations expectation."""

from datetime import date
from typing import Any

from expectations.results import HAS_ROWS
from expectations.rules import Between, NoRows, NoRowsWhere, NotNull, OneOf, Rule, TableSuite, Unique


def to_expectations(suite: TableSuite, as_of: date) -> list[Any]:
    """The suite's expectations, each with its position in `meta`; the first says that the table has rows."""
    from great_expectations import expectations as expect

    made: list[Any] = []
    if not suite.may_be_empty:
        made.append(expect.ExpectTableRowCountToBeBetween(min_value=1, description=HAS_ROWS, meta={"position": 0}))
    for position, rule in enumerate(suite.rules, start=len(made)):
        made.append(_translate(suite, rule, as_of, {"description": rule.sentence, "meta": {"position": position}}))
    return made


def _translate(suite: TableSuite, rule: Rule, as_of: date, words: dict[str, Any]) -> Any:
    from great_expectations import expectations as expect

    match rule:
        case NotNull(column):
            return expect.ExpectColumnValuesToNotBeNull(column=column, **words)
        case Unique((column,)):
            return expect.ExpectColumnValuesToBeUnique(column=column, **words)
        case Between(column, low, high):
            return expect.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, **words)
        case OneOf(column, values):
            return expect.ExpectColumnValuesToBeInSet(column=column, value_set=list(values), **words)
    query = _write_query(suite, rule).replace("{as_of}", f"date '{as_of:%Y-%m-%d}'")
    # Great Expectations names its {batch} only in queries without a join; a subquery takes a name in both cases.
    query = query.replace("{table}", "(select * from {batch})")
    return expect.UnexpectedRowsExpectation(unexpected_rows_query=query, **words)


def _write_query(suite: TableSuite, rule: Unique | NoRows | NoRowsWhere) -> str:
    """The SQL that finds a rule's bad rows."""
    match rule:
        case Unique(columns):
            # The expectation for several columns brings no sample rows back from a database; this does.
            names = ", ".join(columns)
            return f"select {names}, count(*) as in_rows from {{table}} group by {names} having count(*) > 1"
        case NoRowsWhere():
            shown = ", ".join(dict.fromkeys((*suite.key, *rule.columns))) or "*"
            return f"select {shown} from {{table}} as b where {rule.condition}"
    return rule.query
