"""What dbt builds for readers is under a contract that dbt enforces, with the types that docs/published.md promises."""

import pytest

from pipeline.publish.tables import TABLES
from pipeline.warehouse import open_for_reading
from tests.published_contract import promised_type


@pytest.fixture(scope="module")
def published_models(built_project) -> dict[str, dict]:
    """The models behind published tables, by the table's name."""
    nodes = built_project.manifest["nodes"].values()
    models = {f"{node['schema']}.{node['name']}": node for node in nodes if node["resource_type"] == "model"}
    return {table.name: models[table.source] for table in TABLES if table.source in models}


def test_every_published_table_of_dbt_has_an_enforced_contract(published_models):
    assert len(published_models) == len([table for table in TABLES if table.source.startswith("marts.")])
    loose = [name for name, node in published_models.items() if not node["config"]["contract"]["enforced"]]
    assert loose == []


def test_their_types_are_those_promised(published_models, built_project):
    sources = {table.name: table.source for table in TABLES}
    different = {}
    with open_for_reading(built_project.settings) as connection:
        for name in published_models:
            for column, found, *_ in connection.execute(f"describe {sources[name]}").fetchall():
                if found != promised_type(name, column):
                    different[f"{name}.{column}"] = found
    assert different == {}
