"""Runs a gate: the suites of one stage, asked of the DuckDB file itself by Great Expectations, in SQL.

A gate fails closed. A missing file, schema, table or column, a table without rows, a suite without rules, a rule that
raised or was never evaluated: each is a failure, as a broken rule is.
"""

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from expectations import docs
from expectations.contents import write_contents
from expectations.results import Check, first_line, make_check, make_problem
from expectations.rules import TableSuite
from expectations.translate import to_expectations
from expectations.warehouse import Warehouse

GATES = (
    *("raw", "staging", "marts", "features", "training", "scores", "segments", "recommendations", "offers"),
    "published",
)

# Great Expectations reads this while it is imported, which happens inside the functions below.
os.environ["GX_ANALYTICS_ENABLED"] = "false"


@dataclass(frozen=True)
class GateResult:
    """What a gate found. `failures` has one sentence for each check that failed."""

    gate: str
    passed: bool
    checks: list[Check]
    failures: list[str]
    data_docs: Path


def find_suites(gate: str) -> tuple[TableSuite, ...]:
    """The suites of a gate, or ValueError for a gate that does not exist."""
    if gate not in GATES:
        raise ValueError(f"there is no gate {gate!r}; the gates are: {', '.join(GATES)}")
    return importlib.import_module(f"expectations.{gate}").SUITES


def run_gate(
    gate: str, database: Path, run_id: str, as_of: date, output: Path, connect_options: dict[str, Any]
) -> GateResult:
    """Ask every rule of a gate of the file `database`, opened read-only; results and Data Docs go under `output`.

    No other connection of this process may be open on the file meanwhile: duckdb-engine adds its name to the options,
    and DuckDB takes one set of options for a file in a process. The file is released before this returns.
    """
    return run_suites(gate, find_suites(gate), database, run_id, as_of, output, connect_options)


def run_suites(
    gate: str,
    suites: Sequence[TableSuite],
    database: Path,
    run_id: str,
    as_of: date,
    output: Path,
    connect_options: dict[str, Any],
) -> GateResult:
    """As run_gate, with the suites given."""
    from great_expectations.core.run_identifier import RunIdentifier

    # The night's date and not the clock, so that a gate tried again replaces its own results.
    run = RunIdentifier(run_name=run_id, run_time=datetime.combine(as_of, time(), UTC))
    context = docs.open_context(output)
    warehouse = Warehouse(context, database, connect_options)
    checks: list[Check] = []
    keys: list[Any] = []
    try:
        for suite in suites:
            table_checks, key = _check_table(gate, suite, context, warehouse, run, as_of)
            checks += table_checks
            keys.append(key)
        if not suites:
            problem = f"the gate {gate} has no suites, so it has checked nothing"
            checks.append(make_problem(gate, "gate_has_suites", problem))
            keys.append(_store_problem(gate, gate, "gate", "has no suites", context, warehouse, run))
    finally:
        warehouse.close()
    index = docs.build_site(context, output, run_id, keys)
    write_contents(output, run_id)
    failures = [check.detail for check in checks if not check.success]
    return GateResult(gate, bool(checks) and not failures, checks, failures, index)


def _check_table(
    gate: str, suite: TableSuite, context: Any, warehouse: Warehouse, run: Any, as_of: date
) -> tuple[list[Check], Any]:
    problem, cause = _find_obstacle(suite, warehouse)
    if problem:
        check = make_problem(suite.name, "table_can_be_checked", f"{suite.name}: {problem}{cause}")
        sentence = f"{suite.name}: {problem}"
        return [check], _store_problem(gate, suite.schema, suite.table, sentence, context, warehouse, run)
    batches = warehouse.find_batches(suite)
    expectations = to_expectations(suite, as_of)
    result, key = _validate(f"{gate}.{suite.name}", batches, expectations, suite.key, context, run)
    return _read_checks(suite, result), key


def _find_obstacle(suite: TableSuite, warehouse: Warehouse) -> tuple[str | None, str]:
    """Why a table can't be asked at all, in fixed words, and what DuckDB said about it."""
    if not suite.rules:
        return "its suite has no rules, so nothing was checked", ""
    try:
        tables = warehouse.list_tables()
        if suite.name not in tables:
            return "the table does not exist", ""
        warehouse.find_batches(suite)
    except Exception as error:  # whatever stands in the way must read as a failure of this table, not as a pass
        return "the table can't be read", f" ({first_line(_find_root(error))})"
    return None, ""


def _validate(
    name: str, batches: Any, expectations: list[Any], key: tuple[str, ...], context: Any, run: Any
) -> tuple[Any, Any]:
    import great_expectations as gx
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = context.suites.add_or_update(gx.ExpectationSuite(name=name, expectations=expectations))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batches, suite=suite))
    # COMPLETE is the format that brings rows back; Warehouse bounds how many.
    result_format = {"result_format": "COMPLETE", "partial_unexpected_count": 20}
    if key:
        result_format["unexpected_index_column_names"] = list(key)
    result = definition.run(result_format=result_format, run_id=run)
    return result, ValidationResultIdentifier(ExpectationSuiteIdentifier(name=name), run, result.batch_id)


def _read_checks(suite: TableSuite, result: Any) -> list[Check]:
    """A check for each rule, in the suite's order; a rule that has no result gets a failed one."""
    by_position = {one.expectation_config.meta["position"]: one for one in result.results}
    rules = [*([] if suite.may_be_empty else [None]), *suite.rules]
    checks = []
    for position, rule in enumerate(rules):
        if position in by_position:
            checks.append(make_check(suite, rule, by_position[position]))
        else:
            sentence = rule.sentence if rule else "has rows"
            checks.append(make_problem(suite.name, "rule_is_evaluated", f"{suite.name}: {sentence}: was not evaluated"))
    return checks


def _store_problem(
    gate: str, schema: str, table: str, sentence: str, context: Any, warehouse: Warehouse, run: Any
) -> Any:
    """Put a failed page into Data Docs, so that the site is not all green when a table could not be asked."""
    from great_expectations import expectations as expect

    failing = expect.UnexpectedRowsExpectation(
        unexpected_rows_query="select * from {batch}", description=sentence, meta={"position": 0}
    )
    batches = warehouse.make_problem_batches(f"{schema}.{table}", sentence)
    return _validate(f"{gate}.{schema}.{table}", batches, [failing], (), context, run)[1]


def _find_root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
