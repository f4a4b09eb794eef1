"""From Great Expectations' results to checks a ledger can keep and sentences a person can act on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from expectations.rules import Between, NotNull, OneOf, Rule, TableSuite

SAMPLES = 3

HAS_ROWS = "has at least one row"


@dataclass(frozen=True)
class Check:
    """One rule asked of one table, and the answer. `detail` names table, column, rule, count and samples on failure."""

    table_name: str
    expectation: str
    column_name: str | None
    success: bool
    observed: str | None
    detail: str


def make_check(suite: TableSuite, rule: Rule | None, result: Any) -> Check:
    """The check for one result. `rule` None stands for the rule every table has: that it has rows."""
    column = columns_of(rule)
    noun = "columns" if column and ", " in column else "column"
    subject = f"{suite.name}, {noun} {column}" if column else suite.name
    sentence = rule.sentence if rule else HAS_ROWS
    error = _find_error(result)
    # Anything but a plain success without an exception counts as a failure.
    success = error is None and bool(result.success)
    observed, found = _observe(rule, result)
    if error:
        detail = f"{subject}: {sentence}: could not be checked: {error}"
    elif success:
        detail = sentence
    else:
        detail = f"{subject}: {sentence}: {found}"
    return Check(suite.name, result.expectation_config.type, column, success, None if error else observed, detail)


def make_problem(table_name: str, expectation: str, sentence: str) -> Check:
    """The failed check for something that stood in the way of asking at all."""
    return Check(table_name, expectation, None, False, None, sentence)


def columns_of(rule: Rule | None) -> str | None:
    """The column or columns a rule is about, as the ledger writes them."""
    if rule is None:
        return None
    if isinstance(rule, (NotNull, Between, OneOf)):
        return rule.column
    return ", ".join(rule.columns) or None


def first_line(error: object) -> str:
    """What an error says, without the SQL and links that libraries add below."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _find_error(result: Any) -> str | None:
    """The message of the exception inside a result; it lies flat, or one level down under each metric's name."""
    info = result.exception_info or {}
    for one in (info, *info.values()):
        if isinstance(one, Mapping) and one.get("raised_exception"):
            return first_line(one.get("exception_message") or "an exception without a message")
    return None


def _observe(rule: Rule | None, result: Any) -> tuple[str | None, str]:
    """What was seen, short for the ledger and with samples for a message."""
    content = result.result or {}
    if rule is None:
        rows = content.get("observed_value")
        return f"{rows} rows", f"it has {rows} rows"
    if "unexpected_count" in content:
        count = content["unexpected_count"] or 0
        of = f" of {content.get('element_count')}"
        samples = content.get("unexpected_index_list") or content.get("partial_unexpected_list") or []
    else:
        count, of = content.get("observed_value"), ""
        samples = content.get("details", {}).get("unexpected_rows") or []
    rows = "row" if count == 1 and not of else "rows"
    shown = "; ".join(_show(sample) for sample in samples[:SAMPLES])
    return f"{count}{of} bad {rows}", f"{count}{of} bad {rows}, such as {shown or 'no sample'}"


def _show(sample: object) -> str:
    if isinstance(sample, Mapping):
        return " ".join(f"{name}={value}" for name, value in sample.items())
    return str(sample)
