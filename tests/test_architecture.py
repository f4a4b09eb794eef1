"""The arrows between packages go one way, and each door has one keeper."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_NOT_IMPORT = {
    "ml": {"airflow", "duckdb", "os", "pipeline", "dags", "expectations", "datasets"},
    "expectations": {"airflow", "pipeline", "dags", "ml", "datasets"},
    "pipeline": {"airflow", "dags", "datasets"},
    "datasets": {"airflow", "dags", "ml", "expectations"},
    "dags": {"duckdb", "ml", "expectations", "datasets"},
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", MAY_NOT_IMPORT)
def test_arrows_go_one_way(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    allowed = {("ml", "os", "store.py")}  # fsync and rename when a model is saved; never os.environ
    for path in files:
        forbidden = {
            name for name in _imports(path) & MAY_NOT_IMPORT[package] if (package, name, path.name) not in allowed
        }
        assert not forbidden, f"{path.relative_to(ROOT)} imports {forbidden}"
        assert package != "ml" or "os.environ" not in path.read_text()


def test_only_the_warehouse_module_opens_duckdb():
    openers = [
        path.relative_to(ROOT).as_posix()
        for package in ("pipeline", "ml", "dags", "expectations", "datasets")
        for path in (ROOT / package).rglob("*.py")
        if "duckdb.connect(" in path.read_text()
    ]
    assert openers == ["pipeline/warehouse.py"]


def test_no_model_reads_the_clock():
    clocks = ("current_date", "current_timestamp", "now()", "today()", "utcnow")
    for path in [*(ROOT / "dbt_project").rglob("*.sql"), *(ROOT / "ml").rglob("*.py")]:
        text = path.read_text().lower()
        assert not [clock for clock in clocks if clock in text], path
