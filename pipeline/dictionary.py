"""The data dictionary: every published table and column in words, from what dbt knows about them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.dbt import run_dbt
from pipeline.publish.tables import LEDGERS, TABLES, PublishedTable
from pipeline.settings import PROJECT_ROOT, Settings

DICTIONARY = PROJECT_ROOT / "docs" / "data-dictionary.md"

_HEAD = """# Data dictionary

Every published table, what one row of it is, and its columns. Made by `python -m pipeline dictionary` from the
descriptions beside the dbt models, where they are edited. What is promised of them: [published.md](published.md).
"""

# dbt's word where it differs from the one readers of the published file see
_TYPES = {"string": "VARCHAR"}


def write_dictionary(settings: Settings, path: Path = DICTIONARY) -> int:
    """Write the dictionary; return how many tables it has. Needs no warehouse: dbt reads its own files only."""
    # any date will do: reading the project builds nothing
    run_dbt(settings, date.min, "parse")
    manifest = json.loads((settings.dbt_output / "target" / "manifest.json").read_text())
    path.write_text(describe_tables(manifest), encoding="utf-8")
    return len(TABLES) + len(LEDGERS)


def describe_tables(manifest: dict[str, Any]) -> str:
    """The dictionary as Markdown, from dbt's manifest."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    described = {f"{node['schema']}.{node['name']}": node for node in [*nodes, *manifest["sources"].values()]}
    readers = _find_readers(manifest)
    sections = [_describe_table(table, described[table.source], readers) for table in (*TABLES, *LEDGERS)]
    return "\n".join([_HEAD, *sections])


def _find_readers(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """The exposures that depend on each node, by the node's unique id."""
    readers: dict[str, list[str]] = {}
    for exposure in sorted(manifest["exposures"].values(), key=lambda exposure: exposure["label"]):
        for node in exposure["depends_on"]["nodes"]:
            readers.setdefault(node, []).append(exposure["label"])
    return readers


def _describe_table(table: PublishedTable, node: dict[str, Any], readers: dict[str, list[str]]) -> str:
    lines = [f"## {table.name}", "", _in_one_line(node["description"])]
    named = ", ".join(readers.get(node["unique_id"], ["nobody yet, see exposures.yml"]))
    lines += [f"Read by: {named}.", "", "| column | type | meaning |", "| --- | --- | --- |"]
    for column in node["columns"].values():
        lines.append(
            f"| `{column['name']}` | {_name_type(column['data_type'])} | {_in_one_line(column['description'])} |"
        )
    return "\n".join([*lines, ""])


def _name_type(declared: str) -> str:
    return _TYPES.get(declared, declared.upper().replace(", ", ","))


def _in_one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
