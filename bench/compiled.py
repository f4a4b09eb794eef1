"""The project's own SQL, as dbt compiled it, run in one DuckDB process over facts in Parquet: a process of the bench.

`python -m bench.compiled PLAN OUT`. PLAN is JSON: `facts` (relation and Parquet file of each table that is read),
`models` (relation and SQL file, in the order in which they are built), `results` (name and relation of what to write).
"""

import json
import os
import sys
from pathlib import Path

import duckdb


def main(plan_file: Path, out: Path) -> None:
    """Build the models as tables and write the results as Parquet."""
    plan = json.loads(plan_file.read_text())
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": os.cpu_count() or 1, "temp_directory": str(out)}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("attach ':memory:' as warehouse")
        for schema in {relation.split(".")[1] for relation, _ in (*plan["facts"], *plan["models"])}:
            connection.execute(f"create schema if not exists warehouse.{schema}")
        for relation, file in plan["facts"]:
            connection.execute(f"create view {relation} as from read_parquet('{file}')")
        for relation, file in plan["models"]:
            connection.execute(f"create table {relation} as {Path(file).read_text()}")
        for name, relation in plan["results"]:
            connection.execute(f"copy {relation} to '{out / name}.parquet'")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
