"""A tiny warehouse that passes every gate, made once and copied for each test that breaks it."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

HERE = Path(__file__).parent


@pytest.fixture
def as_of() -> date:
    """The night the sample warehouse is of."""
    return date(2020, 6, 30)


@pytest.fixture(scope="session")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """DuckDB options as the pipeline gives them."""
    return {
        "memory_limit": "512MiB",
        "threads": 1,
        "temp_directory": str(tmp_path_factory.mktemp("spill")),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]) -> dict[str, Path]:
    """The warehouse and the published file, in good order."""
    folder = tmp_path_factory.mktemp("pristine")
    warehouse, published = folder / "warehouse.duckdb", folder / "crm.duckdb"
    with duckdb.connect(str(warehouse), config=options) as connection:
        connection.execute((HERE / "sample_warehouse.sql").read_text())
    with duckdb.connect(str(published), config=options) as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute((HERE / "sample_published.sql").read_text())
    return {"warehouse": warehouse, "published": published}


@pytest.fixture
def prepare(pristine: dict[str, Path], options: dict[str, Any], tmp_path: Path) -> Callable[..., Path]:
    """A function that copies the file a gate looks at and changes the copy with SQL."""

    def copy_and_change(gate: str, change: str = "") -> Path:
        source = pristine["published" if gate == "published" else "warehouse"]
        copy = tmp_path / source.name
        shutil.copy(source, copy)
        if change:
            with duckdb.connect(str(copy), config=options) as connection:
                connection.execute(change)
        return copy

    return copy_and_change
