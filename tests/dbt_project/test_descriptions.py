"""What the warehouse holds and what is written about it are the same."""

import pytest

from pipeline.publish.tables import TABLES
from pipeline.warehouse import open_for_reading


@pytest.fixture(scope="module")
def described(built_project) -> dict[str, dict]:
    """Models, seeds and sources that dbt describes, by schema and name."""
    nodes = [n for n in built_project.manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    nodes += built_project.manifest["sources"].values()
    return {f"{node['schema']}.{node['name']}": node for node in nodes}


@pytest.fixture(scope="module")
def columns(built_project) -> dict[str, set[str]]:
    """Columns of every table and view in the warehouse, by schema and name."""
    with open_for_reading(built_project.settings) as connection:
        rows = connection.execute(
            "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() "
            "where not internal group by 1"
        ).fetchall()
    return {name: set(names) for name, names in rows}


def test_every_model_and_seed_says_what_a_row_is(described):
    silent = [
        name
        for name, node in described.items()
        if node["resource_type"] != "source" and not node["description"].startswith("One row per ")
    ]
    assert silent == []


def test_every_column_of_a_model_or_seed_is_described_and_no_other(described, columns):
    differences = {}
    for name, node in described.items():
        if node["resource_type"] == "source":
            continue
        written = {column for column, said in node["columns"].items() if said["description"]}
        if written != columns[name]:
            differences[name] = {"not described": columns[name] - written, "not there": written - columns[name]}
    assert differences == {}


def test_every_published_column_is_described(described, columns):
    undescribed = {}
    for table in TABLES:
        if table.source not in columns:
            continue  # the tables that only training writes have no dbt model
        written = {column for column, said in described[table.source]["columns"].items() if said["description"]}
        if columns[table.source] - written:
            undescribed[table.name] = columns[table.source] - written
    assert undescribed == {}
