"""The file that readers open is what docs/published.md promises and docs/data-dictionary.md describes."""

import re

import duckdb
import pytest

from pipeline.publish.tables import LEDGERS, TABLES
from tests.integration.conftest import ROOT
from tests.published_contract import promised_type, read_columns


@pytest.fixture(scope="module")
def found(first_night) -> dict[str, dict[str, str]]:
    """The type of every column of every table in the published file."""
    home, _ = first_night
    columns: dict[str, dict[str, str]] = {}
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as connection:
        for table, column, kind in connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() where not internal"
        ).fetchall():
            columns.setdefault(table, {})[column] = kind
    return columns


def test_every_table_is_there_and_no_other(found):
    assert set(found) == {table.name for table in (*TABLES, *LEDGERS)}


def test_every_column_has_the_type_promised(found):
    different = {
        f"{table}.{column}": kind
        for table, columns in found.items()
        for column, kind in columns.items()
        if kind != promised_type(table, column)
    }
    assert different == {}


def test_every_column_listed_is_there(found):
    listed = read_columns()
    assert {"customers", "interactions", "value_bridge", "runs"} <= listed.keys()
    missing = {table: set(listed[table]) - set(columns) for table, columns in found.items() if table in listed}
    assert {table: names for table, names in missing.items() if names} == {}


def test_parquet_files_have_the_same_types(found, first_night):
    home, _ = first_night
    for table, columns in found.items():
        path = home.current / "parquet" / f"{table}.parquet"
        described = duckdb.sql(f"describe from '{path}'").fetchall()
        assert {name: kind for name, kind, *_ in described} == columns


def test_the_dictionary_has_every_column_in_its_place(found):
    page = (ROOT / "docs/data-dictionary.md").read_text()
    written = {
        section.split("\n")[0]: dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
        for section in page.split("\n## ")[1:]
    }
    assert {table: list(columns.items()) for table, columns in written.items()} == {
        table: list(columns.items()) for table, columns in found.items()
    }
