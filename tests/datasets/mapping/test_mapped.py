"""A mapping from end to end: what it writes, that the landing takes all of it, and that it is the same each time."""

import hashlib
from dataclasses import replace
from datetime import date

import duckdb
import pytest

from datasets.landing import land_mapping, locate_mapping
from datasets.mapping.mapped import DropDates
from pipeline.errors import UsageError
from pipeline.landing import load_drops
from pipeline.warehouse import open_for_reading


def list_files(landing):
    files = sorted(path for path in landing.rglob("*") if path.is_file())
    return {str(path.relative_to(landing)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_landing_takes_every_row_of_a_one_file_shop(shop):
    landed = land_mapping(shop.settings, shop.path, shop.landing)
    assert landed.warnings == []
    settings = replace(shop.settings, landing=shop.landing)
    load_drops(settings, landed.last_day, "run", lambda _: None)
    with open_for_reading(settings) as warehouse:
        files = "select source || '/' || entity, rows_read, rows_loaded, rows_quarantined from raw.files order by 1"
        assert warehouse.execute(files).fetchall() == [
            ("sales/order_lines", 3, 3, 0),
            ("sales/orders", 2, 2, 0),
            ("sales/returns", 1, 1, 0),
        ]
        orders = "select order_id, ordered_at::varchar, currency from raw.sales_orders order by 1"
        assert warehouse.execute(orders).fetchall() == [
            ("1001", "2024-03-01 09:12:00", "GBP"),
            ("1002", "2024-03-01 11:40:00", "GBP"),
        ]


def test_a_drop_is_dated_the_last_event_or_as_told(shop):
    land_mapping(shop.settings, shop.path, shop.landing)
    assert {name.split("/")[2] for name in list_files(shop.landing)} == {"2024-03-04"}
    land_mapping(shop.settings, shop.path, shop.folder / "told", DropDates(day=date(2024, 3, 9)))
    assert {name.split("/")[2] for name in list_files(shop.folder / "told")} == {"2024-03-09"}


def test_split_writes_a_drop_for_each_day(shop):
    land_mapping(shop.settings, shop.path, shop.landing, DropDates(split=True))
    assert list(list_files(shop.landing)) == [
        "sales/order_lines/2024-03-01/order_lines.parquet",
        "sales/orders/2024-03-01/orders.parquet",
        "sales/returns/2024-03-04/returns.parquet",
    ]


def test_two_mappings_land_side_by_side_when_each_names_its_files(shop):
    land_mapping(shop.settings, shop.path, shop.landing)
    shop.replace("name: corner_shop\n", "name: web_shop\nfile_name: web-shop\n")
    land_mapping(shop.settings, shop.path, shop.landing)
    orders = sorted(path.name for path in (shop.landing / "sales/orders/2024-03-04").iterdir())
    assert orders == ["orders.parquet", "web-shop.parquet"]


@pytest.mark.parametrize("split", [False, True])
def test_the_same_rows_give_the_same_bytes_whatever_their_order(shop, split):
    shop.add_rows(*(f"{2000 + n},1,2024-03-0{n % 9 + 1} 10:00:00,C-{n},A1,1,1.00" for n in range(500)))
    shop.add_rows("2001,1,2024-03-02 10:00:00,C-1,A2,1,9.00", "2001,1,2024-03-02 10:00:00,C-1,A2,1,9.00")
    land_mapping(shop.settings, shop.path, shop.landing, DropDates(split=split))
    first = list_files(shop.landing)
    header, *rows = shop.till.read_text().splitlines()
    shop.till.write_text("\n".join([header, *reversed(rows)]) + "\n")
    other = replace(shop.settings, threads=1)
    landed = land_mapping(other, shop.path, shop.landing, DropDates(split=split))
    assert list_files(shop.landing) == first
    assert not any(drop.is_new for drop in landed.drops)


def test_notes_are_queries_that_give_a_text(shop):
    shop.add(
        "notes:\n  - select format('{:,} cards', count(distinct Card)) from till\n"
        "  - select case when count(*) > 9 then 'many orders' end from landing.sales_orders\n"
    )
    assert land_mapping(shop.settings, shop.path, shop.landing).prepared.notes == ("1 cards",)


def test_a_wrong_note_refuses_before_anything_is_written(shop):
    shop.add("notes: select 1 from nowhere\n")
    with pytest.raises(UsageError, match="notes: select 1 from nowhere: there is no source or table nowhere"):
        land_mapping(shop.settings, shop.path, shop.landing)
    assert not shop.landing.exists()


def test_a_missing_mapping_is_told_in_a_sentence(shop):
    with pytest.raises(UsageError, match=r"The mapping .*none.yml can't be read \(No such file"):
        land_mapping(shop.settings, shop.folder / "none.yml", shop.landing)


def test_sources_may_lie_elsewhere_than_the_mapping(shop):
    exports = shop.folder / "exports"
    exports.mkdir()
    shop.till.rename(exports / "till.csv")
    landed = land_mapping(shop.settings, shop.path, shop.landing, folder=exports)
    assert landed.rows["sales", "orders"] == 2


def test_the_mapping_of_a_real_data_set_can_be_run_as_anybodys(shop):
    land_mapping(shop.settings, locate_mapping("online_retail"), shop.landing)
    lines = duckdb.execute(f"select count(*) from '{shop.landing}/sales/order_lines/2011-12-09/order_lines.parquet'")
    assert lines.fetchone() == (530_143,)


def test_a_mapping_too_big_for_memory_spills_to_disk(shop):
    shop.till.write_text(shop.till.read_text().splitlines()[0] + "\n")
    with shop.till.open("a") as handle:
        for start in range(0, 400_000, 1000):
            handle.writelines(
                f"{start + n},1,2024-03-01 10:00:00,customer-number-{start + n},a-rather-long-article-{n},1,1.00\n"
                for n in range(1000)
            )
    small = replace(shop.settings, memory="120MiB", threads=2)
    assert land_mapping(small, shop.path, shop.landing).rows["sales", "order_lines"] == 400_000
