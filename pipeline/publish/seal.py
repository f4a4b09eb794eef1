"""What makes a written version final: its manifest, and files that nobody may change."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.publish.versions import sync_file, sync_folder
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading


def seal(settings: Settings, folder: Path, about: dict[str, Any]) -> None:
    """Write manifest.json (`about`, and every table's rows, columns and sha256), then make all files read-only."""
    manifest = {**about, "tables": _describe_tables(settings, folder)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for path in [*folder.rglob("*.parquet"), folder / "crm.duckdb", folder / "manifest.json"]:
        sync_file(path)
        path.chmod(0o444)
    for path in (folder / "parquet", folder, folder.parent):
        sync_folder(path)


def read_about(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed version without its tables."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return {name: value for name, value in manifest.items() if name != "tables"}


def _describe_tables(settings: Settings, folder: Path) -> dict[str, Any]:
    tables = {}
    with open_for_reading(settings, folder / "crm.duckdb") as connection:
        for (name,) in connection.execute("select table_name from duckdb_tables() order by table_name").fetchall():
            columns = connection.execute(f"describe main.{name}").fetchall()
            tables[name] = {
                "rows": connection.execute(f"select count(*) from main.{name}").fetchone()[0],
                "columns": {column[0]: column[1] for column in columns},
                "sha256": _sha256(folder / "parquet" / f"{name}.parquet"),
            }
    return tables


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
