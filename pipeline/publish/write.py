"""Writing the tables of a new version, before anyone can see it."""

import shutil
from datetime import date
from pathlib import Path

from pipeline.progress import say
from pipeline.publish.tables import TABLES, PublishedTable
from pipeline.publish.versions import version_folder
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_writing, quote_literal


def write_version(settings: Settings, as_of: date, run_id: str) -> None:
    """Write crm.duckdb and a Parquet file a table into the run's own folder, from nothing."""
    folder = version_folder(settings, run_id)
    if folder.exists():
        shutil.rmtree(folder)
    make_folder(folder / "parquet")
    write_tables(settings, folder, TABLES)


def write_tables(settings: Settings, folder: Path, tables: tuple[PublishedTable, ...]) -> None:
    """Copy tables out of the warehouse, rows in the order of their key so that bytes don't change between runs."""
    with open_for_writing(settings, folder / "crm.duckdb") as connection:
        connection.execute(f"attach {quote_literal(settings.warehouse)} as warehouse (read_only)")
        for table in tables:
            connection.execute(
                f"create or replace table main.{table.name} as from warehouse.{table.source} order by {table.order_by}"
            )
            parquet = quote_literal(folder / "parquet" / f"{table.name}.parquet")
            connection.execute(f"copy main.{table.name} to {parquet} (format parquet, compression zstd)")
            rows = connection.execute(f"select count(*) from main.{table.name}").fetchone()[0]
            say(f"{table.name}: {rows:,} rows")
        connection.execute("detach warehouse")
