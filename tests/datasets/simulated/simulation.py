"""A simulated retailer to ask questions in SQL."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from datasets.simulated.landing import SOURCES
from datasets.simulated.summary import Simulated
from pipeline.settings import Settings


def make_settings(home: Path) -> Settings:
    return Settings(
        home=home,
        landing=home / "landing",
        timezone="UTC",
        max_bad_share=0.2,
        keep_versions=7,
        offer_budget=None,
        control_share=0.1,
        memory="1GB",
        threads=2,
        secret="a secret for tests",
    )


@dataclass(frozen=True)
class Simulation:
    """A simulated retailer to ask: landed entities by their names, truth files as truth_<name>."""

    settings: Settings
    result: Simulated
    connection: duckdb.DuckDBPyConnection

    def ask(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def ask_one(self, query: str):
        return self.ask(query)[0][0]


def open_simulation(settings: Settings, result: Simulated) -> Simulation:
    connection = duckdb.connect()
    for entity, source in SOURCES.items():
        files = f"{result.landing}/{source}/{entity}/*/*.parquet"
        connection.execute(f"create view {entity} as from read_parquet('{files}', hive_partitioning = false)")
    for path in sorted(result.truth.glob("*.parquet")):
        connection.execute(f"create view truth_{path.stem} as from read_parquet('{path}')")
    return Simulation(settings, result, connection)
