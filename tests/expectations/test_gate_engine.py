"""A gate fails closed, names what is wrong, lets go of the file, and keeps its pages."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import docs
from expectations.engine import GateResult, run_suites
from expectations.rules import Between, NoRowsWhere, TableSuite, key_of

ORDERS = TableSuite("marts", "orders", key=("order_id",), rules=key_of("order_id"))


@pytest.fixture
def check(
    prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path
) -> Callable[..., GateResult]:
    """A function that runs suites over the sample warehouse, changed by SQL."""

    def run(*suites: TableSuite, change: str = "", run_id: str = "run") -> GateResult:
        return run_suites("marts", suites, prepare("marts", change), run_id, as_of, tmp_path / "validation", options)

    return run


def test_a_passing_gate_lists_its_checks(check: Callable[..., GateResult]) -> None:
    result = check(ORDERS)
    assert result.passed
    assert [check.expectation for check in result.checks] == [
        "expect_table_row_count_to_be_between",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_unique",
    ]
    assert result.checks[1].table_name == "marts.orders"
    assert result.checks[1].column_name == "order_id"
    assert result.checks[1].observed == "0 of 6 bad rows"


def test_a_failure_names_table_column_rule_count_and_sample(check: Callable[..., GateResult]) -> None:
    suite = TableSuite("marts", "orders", ("order_id",), (Between("net_sales", 0, 100, because="a reason"),))
    result = check(suite)
    assert result.failures == [
        "marts.orders, column net_sales: net_sales lies between 0 and 100 (a reason): 1 of 6 bad rows,"
        " such as order_id=O2 net_sales=500.00"
    ]


def test_at_most_three_samples_are_shown(check: Callable[..., GateResult]) -> None:
    suite = TableSuite("marts", "orders", ("order_id",), (NoRowsWhere("nothing is sold", "lines > 0", ("lines",)),))
    message = check(suite).failures[0]
    assert "5 bad rows" in message
    assert message.count("order_id=") == 3


def test_an_exception_in_a_rule_fails_the_gate_and_the_other_rules_are_still_asked(
    check: Callable[..., GateResult],
) -> None:
    suite = TableSuite("marts", "orders", ("order_id",), (NoRowsWhere("breaks", "cast('x' as int) = 1"), *ORDERS.rules))
    result = check(suite)
    assert not result.passed
    assert len(result.failures) == 1
    assert "breaks: could not be checked: " in result.failures[0]
    assert "Conversion Error" in result.failures[0]
    assert [check.success for check in result.checks] == [True, False, True, True]


@pytest.mark.parametrize("rule", [Between("absent", 0, 1), NoRowsWhere("absent is above 0", "absent <= 0")])
def test_a_column_that_does_not_exist_fails_the_gate(check: Callable[..., GateResult], rule: Any) -> None:
    result = check(TableSuite("marts", "orders", ("order_id",), (rule,)))
    assert not result.passed
    assert "absent" in result.failures[0]
    assert "could not be checked" in result.failures[0]


def test_a_key_column_that_does_not_exist_fails_the_gate(check: Callable[..., GateResult]) -> None:
    result = check(TableSuite("marts", "orders", ("absent",), ORDERS.rules))
    assert not result.passed


@pytest.mark.parametrize(("schema", "table"), [("marts", "absent"), ("absent", "orders")])
def test_a_missing_table_fails_the_gate(check: Callable[..., GateResult], schema: str, table: str) -> None:
    result = check(TableSuite(schema, table, (), ORDERS.rules), ORDERS)
    assert not result.passed
    assert result.failures == [f"{schema}.{table}: the table does not exist"]


def test_a_table_of_the_same_name_in_another_schema_does_not_stand_in(check: Callable[..., GateResult]) -> None:
    change = "create table main.orders as select * from marts.orders; drop table marts.orders"
    assert check(ORDERS, change=change).failures == ["marts.orders: the table does not exist"]


def test_a_table_without_rows_fails_the_gate(check: Callable[..., GateResult]) -> None:
    result = check(ORDERS, change="delete from marts.orders")
    assert result.failures == ["marts.orders: has at least one row: it has 0 rows"]


def test_a_table_that_may_be_empty_passes_without_rows(check: Callable[..., GateResult]) -> None:
    suite = TableSuite("marts", "orders", ("order_id",), ORDERS.rules, may_be_empty="a shop that has just opened")
    result = check(suite, change="delete from marts.orders")
    assert result.passed
    assert len(result.checks) == 2


def test_a_suite_without_rules_fails_the_gate(check: Callable[..., GateResult]) -> None:
    result = check(TableSuite("marts", "orders", ("order_id",), ()))
    assert not result.passed
    assert "marts.orders: its suite has no rules" in result.failures[0]


def test_a_gate_without_suites_fails(check: Callable[..., GateResult]) -> None:
    result = check()
    assert not result.passed
    assert "has no suites" in result.failures[0]


def test_a_file_that_does_not_exist_fails_the_gate_and_is_not_made(
    as_of: date, options: dict[str, Any], tmp_path: Path
) -> None:
    missing = tmp_path / "missing.duckdb"
    result = run_suites("marts", (ORDERS,), missing, "run", as_of, tmp_path / "validation", options)
    assert not result.passed
    assert "marts.orders: the table can't be read" in result.failures[0]
    assert "does not exist" in result.failures[0]
    assert not missing.exists()


def test_a_file_that_is_no_database_fails_the_gate(as_of: date, options: dict[str, Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"not a database" * 1000)
    result = run_suites("marts", (ORDERS,), broken, "run", as_of, tmp_path / "validation", options)
    assert not result.passed


def test_a_rule_that_gets_no_result_fails_the_gate(
    check: Callable[..., GateResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    import expectations.engine as engine

    asked = engine.to_expectations
    monkeypatch.setattr(engine, "to_expectations", lambda suite, as_of: asked(suite, as_of)[:-1])
    result = check(ORDERS)
    assert result.failures == ["marts.orders: order_id is unique: was not evaluated"]


@pytest.mark.parametrize("passes", [True, False])
def test_the_file_is_released(
    prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path, passes: bool
) -> None:
    database = prepare("marts")
    suite = ORDERS if passes else TableSuite("absent", "absent", (), ORDERS.rules)
    run_suites("marts", (suite,), database, "run", as_of, tmp_path / "validation", options)
    with duckdb.connect(str(database), config=options) as connection:
        connection.execute("create table main.written as select 1 as one")
    # Another process may take it too, which it could not while a connection is left open here.
    command = f"import duckdb; duckdb.connect({str(database)!r}).execute('drop table written')"
    subprocess.run([sys.executable, "-c", command], check=True)


def test_pages_of_all_gates_of_a_run_are_in_one_site(
    check: Callable[..., GateResult], as_of: date, options: dict[str, Any], prepare: Callable[..., Path], tmp_path: Path
) -> None:
    result = check(ORDERS, TableSuite("marts", "absent", (), ORDERS.rules))
    lines = TableSuite("marts", "order_lines", ("order_id", "line_no"), key_of("order_id", "line_no"))
    run_suites("staging", (lines,), prepare("staging"), "run", as_of, tmp_path / "validation", options)
    index = result.data_docs.read_text()
    assert result.data_docs == tmp_path / "validation" / "data_docs" / "index.html"
    site = result.data_docs.parent
    for table in ("marts/marts/orders", "marts/marts/absent", "staging/marts/order_lines"):
        assert f"validations/{table}/run/" in index
        assert list((site / "validations" / table / "run").rglob("*.html"))
        assert (site / "expectations" / f"{table}.html").is_file()
    contents = (tmp_path / "validation" / "index.html").read_text()
    links = re.findall(r'href="([^"]+)"', contents)
    assert len(links) == 4  # a page for each of the three tables, and the site
    assert not [link for link in links if not (tmp_path / "validation" / link).is_file()]
    assert contents.count('class="failed"') == 1
    assert "<script" not in contents


def test_folders_may_have_any_name(
    prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "a b%41?é$HOME"
    folder.mkdir()
    database = prepare("marts").rename(folder / "w.duckdb")
    result = run_suites("marts", (ORDERS,), database, "run", as_of, folder / "validation", options)
    assert result.passed
    assert result.data_docs.is_file()


def test_a_gate_writes_nothing_on_the_screen(check: Callable[..., GateResult], capfd: pytest.CaptureFixture) -> None:
    check(TableSuite("marts", "orders", ("order_id",), (*ORDERS.rules, NoRowsWhere("nothing is sold", "lines > 0"))))
    assert capfd.readouterr() == ("", "")


def test_a_gate_tried_again_replaces_its_results(check: Callable[..., GateResult], tmp_path: Path) -> None:
    for _ in range(2):
        check(ORDERS)
    assert len(list((tmp_path / "validation" / "validations").rglob("*.json"))) == 1


def test_results_of_old_runs_are_dropped(
    check: Callable[..., GateResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "KEEP_RUNS", 2)
    for run in ("run 3", "run 2", "run 1"):
        result = check(ORDERS, run_id=run)
    kept = {path.name for path in (tmp_path / "validation" / "validations").glob("*/*/*/*")}
    pages = {path.name for path in (tmp_path / "validation" / "data_docs" / "validations").glob("*/*/*/*")}
    assert kept == pages == {"run 1", "run 2"}
    assert "run 3" not in result.data_docs.read_text()


def test_reading_the_suites_imports_neither_great_expectations_nor_the_pipeline() -> None:
    command = (
        "import sys, expectations.engine as e; [e.find_suites(g) for g in e.GATES];"
        " sys.exit(any(m in sys.modules for m in ('great_expectations', 'sqlalchemy', 'pipeline', 'ml', 'dags')))"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", command], check=True, cwd=root)
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
