"""The data dictionary, the readers and dbt's own docs say what is there."""

import json

import pytest

from pipeline.cli import main
from pipeline.dictionary import DICTIONARY, write_dictionary
from pipeline.publish.tables import LEDGERS, TABLES
from tests.dbt_project.conftest import AS_OF


@pytest.fixture(scope="module")
def published(built_project) -> dict[str, dict]:
    """dbt's node of each published table, by the table's name."""
    nodes = [*built_project.manifest["nodes"].values(), *built_project.manifest["sources"].values()]
    by_source = {f"{node['schema']}.{node['name']}": node for node in nodes}
    return {table.name: by_source[table.source] for table in (*TABLES, *LEDGERS)}


def test_the_committed_dictionary_is_the_one_generated(built_project, tmp_path):
    fresh = tmp_path / "data-dictionary.md"
    assert write_dictionary(built_project.settings, fresh) == len(TABLES) + len(LEDGERS)
    assert DICTIONARY.read_text() == fresh.read_text(), "run: python -m pipeline dictionary"


def test_every_published_table_says_its_grain_and_each_column_its_type(published):
    assert [name for name, node in published.items() if not node["description"].startswith("One row per ")] == []
    columns = [(name, column) for name, node in published.items() for column in node["columns"].values()]
    assert [(name, c["name"]) for name, c in columns if not (c["description"] and c["data_type"])] == []


def test_readers_read_what_is_published_and_every_table_has_one(published, built_project):
    read = {node for one in built_project.manifest["exposures"].values() for node in one["depends_on"]["nodes"]}
    assert read == {node["unique_id"] for node in published.values()}


def test_dbt_docs_are_built(built_project, monkeypatch):
    monkeypatch.setenv("RAPPORT_HOME", str(built_project.settings.home))
    monkeypatch.setenv("RAPPORT_MEMORY", "1GB")
    assert main(["dbt", "--date", AS_OF.isoformat(), "--", "docs", "generate"]) == 0
    target = built_project.settings.dbt_output / "target"
    assert (target / "index.html").stat().st_size > 100_000
    catalog = json.loads((target / "catalog.json").read_text())
    assert catalog["nodes"]["model.rapport.customers"]["columns"]["net_revenue_12m"]["type"] == "DECIMAL(18,2)"
    assert "source.rapport.landing.landed_files" in catalog["sources"]
