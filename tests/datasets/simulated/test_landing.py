"""What is landed keeps the landing contract, whole and by day."""

from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest

from datasets.simulated import simulate
from datasets.simulated.landing import SOURCES
from pipeline.landing import load_drops
from pipeline.landing.entities import ENTITIES
from tests.datasets.simulated.simulation import make_settings, open_simulation

CONTRACT = {entity.path: entity for entity in ENTITIES}


@pytest.mark.parametrize("entity", SOURCES)
def test_every_entity_lands_with_the_columns_of_the_contract(simulation, entity):
    path = f"{SOURCES[entity]}/{entity}"
    (file,) = (simulation.result.landing / path).glob("*/*.parquet")
    table = pq.read_table(file, partitioning=None)
    assert tuple(table.column_names) == CONTRACT[path].column_names
    assert len(table) > 0
    for name in CONTRACT[path].required_names:
        assert table[name].null_count == 0, name
    empty = [name for name in table.column_names if table[name].null_count == len(table)]
    assert empty == []


def test_everything_loads_and_nothing_is_quarantined(simulation):
    summary = load_drops(simulation.settings, simulation.result.last_day, "a run", lambda line: None)
    read = {result.entity: result.rows_read for result in summary.files}
    assert {path.split("/")[1]: rows for path, rows in read.items()} == simulation.result.rows
    assert sum(result.rows_quarantined + result.rows_repeated + result.rows_waiting for result in summary.files) == 0
    assert not summary.warnings


def land(folder, split):
    settings = make_settings(folder)
    return open_simulation(settings, simulate(settings, settings.landing, folder / "truth", 150, 75, split=split))


def test_a_drop_a_day_holds_the_same_as_one_first_load(tmp_path):
    whole, split = land(tmp_path / "whole", False), land(tmp_path / "split", True)
    # a contact lands again when it is closed, a product when its price changes: the later one counts
    again = {"contacts": "contact_id", "products": "product_id"}
    for entity in SOURCES:
        rows = f"from {entity} order by all"
        if entity not in again:
            assert whole.ask(rows) == split.ask(rows), entity
            continue
        files = f"{split.result.landing}/{SOURCES[entity]}/{entity}/*/*.parquet"
        latest = (
            f"from read_parquet('{files}', filename = true, hive_partitioning = false) "
            f"qualify row_number() over (partition by {again[entity]} order by filename desc) = 1"
        )
        assert len(split.ask(rows)) > len(whole.ask(rows))
        assert whole.ask(rows) == split.ask(f"select * exclude (filename) from ({latest}) order by all"), entity
    for truth in ("people", "orders", "identifiers", "exposures", "associations"):
        assert whole.ask(f"from truth_{truth} order by all") == split.ask(f"from truth_{truth} order by all"), truth


def test_rows_land_on_their_day_or_the_day_they_were_known(tmp_path):
    settings = make_settings(tmp_path)
    simulate(settings, tmp_path / "landing", tmp_path / "truth", 100, 60, split=True)
    files = f"{tmp_path}/landing/support/contacts/*/*.parquet"
    early = duckdb.sql(
        "select count(*) from (select *, split_part(filename, '/', -2)::date as landed_on "
        f"from read_parquet('{files}', filename = true)) where greatest(opened_at, resolved_at)::date > landed_on"
    )
    assert early.fetchone()[0] == 0
    summary = load_drops(settings, date(2024, 12, 31), "a run", lambda line: None)
    assert sum(result.rows_quarantined + result.rows_waiting for result in summary.files) == 0


def test_a_second_call_writes_nothing_anew_and_removes_what_no_longer_belongs(tmp_path):
    settings = make_settings(tmp_path)
    call = (settings, tmp_path / "landing", tmp_path / "truth", 50, 40)
    first = simulate(*call)
    assert all(drop.is_new for drop in first.drops)
    stale = first.drops[0].path.with_name(f"{first.drops[0].entity}-002.parquet")
    stale.write_bytes(b"part of a larger simulation")
    assert not any(drop.is_new for drop in simulate(*call).drops)
    assert not stale.exists()
    assert list((tmp_path / "landing").glob(".*")) == []
