"""What a load does to a landing folder as a whole: once, again, changed, and in any order."""

import os
import random
from datetime import date

import pytest

from pipeline.landing import load
from pipeline.warehouse import open_for_writing
from tests.pipeline.landing.small_shop import LINE_HEADER, LINES, ORDER_HEADER, ORDERS

CONTENTS = (
    "select * exclude (_superseded_on), _superseded_on from raw.sales_products order by all",
    "select * from landing.sales_products_repeats order by all",
    "select file, rows_read, rows_loaded, rows_repeated, rows_quarantined from raw.files "
    "where entity = 'products' order by all",
)


def test_first_load_accounts_for_every_row(shop):
    shop.drop_sales()
    told = []
    summary = shop.load(report=told.append)
    assert (summary.rows_read, summary.rows_loaded, summary.rows_quarantined) == (5, 5, 0)
    assert told[0] == "sales/orders 2024-01-01: 2 rows read, 2 loaded"
    columns = "order_id, line_no, discount_amount, _drop_on, _file"
    lines = shop.rows(f"select {columns} from raw.sales_order_lines order by all")
    assert lines[1] == ("o1", "2", 0, date(2024, 1, 1), "sales/order_lines/2024-01-01/part.csv")
    assert shop.rows("select order_id, _row from raw.sales_orders order by all") == [("o1", 1), ("o2", 2)]


def test_unchanged_files_are_never_opened(shop):
    shop.drop_sales()
    shop.load()
    for path in shop.settings.landing.rglob("*.csv"):
        before = path.stat()
        path.write_bytes(b"x" * before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.load().files == ()
    orders = f"{ORDER_HEADER}\no3,2024-01-02,,,,,,,,\n"
    shop.drop_sales("2024-01-02", orders=orders, lines=f"{LINE_HEADER}\no3,1,p,1,1,0\n")
    assert [file.file for file in shop.load().files] == [
        "sales/orders/2024-01-02/part.csv",
        "sales/order_lines/2024-01-02/part.csv",
    ]
    assert shop.rows("select count(*) from raw.sales_orders") == [(3,)]


def test_a_file_that_was_only_touched_is_not_loaded_again(shop):
    shop.drop_sales()
    shop.load()
    os.utime(shop.settings.landing / "sales/orders/2024-01-01/part.csv", ns=(1, 1))
    assert shop.load().files == ()
    assert shop.rows("select mtime_ns from raw.files where entity = 'orders'") == [(1,)]


def test_a_changed_drop_replaces_its_rows_whole(shop):
    shop.drop_sales()
    shop.load()
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\no1,1,p1,5,1.50,0.50\n")
    assert shop.load().rows_loaded == 1
    assert shop.rows("select quantity from raw.sales_order_lines") == [(5,)]
    assert shop.rows("select count(*) from raw.files") == [(2,)]


def test_a_file_that_went_is_archived_unless_another_came(shop):
    shop.drop_sales()
    extra = shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\no2,7,p7,1,1,0\n", "extra.csv")
    shop.load()
    extra.unlink()
    assert shop.load().files == ()
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(4,)]
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\no2,8,p8,1,1,0\n", "other.csv")
    shop.load()
    products = shop.rows("select product_id from raw.sales_order_lines order by all")
    assert products == [("p1",), ("p1",), ("p2",), ("p8",)]


def test_exact_repeats_in_one_drop_are_counted_and_dropped(shop):
    shop.drop_sales(lines=LINES + LINES.split("\n", 1)[1])
    summary = shop.load()
    assert (summary.rows_loaded, summary.rows_repeated) == (5, 3)
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(3,)]


def test_the_same_rows_in_a_later_drop_are_repeats(shop):
    shop.drop_sales("2024-01-01")
    shop.load("2024-01-01")
    shop.drop_sales("2024-01-02")
    summary = shop.load("2024-01-02")
    assert (summary.rows_read, summary.rows_loaded, summary.rows_repeated) == (5, 0, 5)
    found = shop.rows("select distinct _drop_on::varchar, _superseded_on from raw.sales_orders")
    assert found == [("2024-01-01", None)]


def test_a_later_drop_updates_a_key(shop):
    shop.drop_sales("2024-01-01")
    shop.drop_sales("2024-01-03", orders=ORDERS.replace("s1,EUR,", "s1,EUR,cancelled"))
    shop.load()
    columns = "order_id, status, _drop_on::varchar, _superseded_on::varchar"
    assert shop.rows(f"select {columns} from raw.sales_orders order by all") == [
        ("o1", "cancelled", "2024-01-03", None),
        ("o1", "completed", "2024-01-01", "2024-01-03"),
        ("o2", "completed", "2024-01-01", None),
    ]


def test_a_night_takes_drops_up_to_its_date_only(shop):
    shop.drop_sales("2024-01-01")
    shop.drop_sales("2024-01-02")
    assert {file.drop_on for file in shop.load("2024-01-01").files} == {date(2024, 1, 1)}


def test_rows_dated_after_the_night_wait(shop):
    shop.drop_sales(orders=f"{ORDERS}o3,2024-01-02T08:00:00,,,,,,,,\n", lines=f"{LINES}o3,1,p1,1,1,0\no3,2,p1,1,1,0\n")
    summary = shop.load("2024-01-01")
    assert (summary.rows_read, summary.rows_loaded, summary.rows_waiting) == (8, 5, 3)
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(5,)]
    assert shop.rows("select rows_loaded, rows_waiting from raw.files where entity = 'order_lines'") == [(3, 2)]


def test_waiting_rows_become_due_on_a_later_night(shop):
    shop.drop_sales(orders=f"{ORDERS}o3,2024-01-02T08:00:00,,,,,,,,\n", lines=f"{LINES}o3,1,p1,1,1,0\n")
    shop.load("2024-01-01")
    waiting = "select entity, rows_loaded, rows_waiting from raw.files order by entity"
    assert shop.rows(waiting) == [("order_lines", 3, 1), ("orders", 2, 1)]
    assert shop.load("2024-01-02").files == ()
    assert shop.rows(waiting) == [("order_lines", 4, 0), ("orders", 3, 0)]


def test_a_drop_may_be_late_and_hold_years(shop):
    orders = f"{ORDER_HEADER}\no1,1990-01-01,,,,,,,,\no2,2023-12-29,,,,,,,,\no3,2024-01-01,,,,,,,,\n"
    shop.drop_sales("2024-01-01", orders=orders, lines=f"{LINE_HEADER}\no1,1,p,1,1,0\n")
    shop.load("2024-01-01")
    shop.drop("sales/order_lines", "2023-12-31", f"{LINE_HEADER}\no2,1,p,1,1,0\n")
    assert shop.load("2024-01-02").rows_loaded == 1
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(2,)]


def test_a_repeat_in_another_file_of_the_drop_counts_there(shop):
    shop.drop_sales()
    shop.drop("sales/order_lines", "2024-01-01", LINES, "z.csv")
    summary = shop.load()
    counts = {file.file[-8:]: (file.rows_loaded, file.rows_repeated) for file in summary.files}
    assert counts["01/z.csv"] == (0, 3)
    assert counts["part.csv"] == (3, 0)


def _products(day: int, seed: int) -> str:
    """A small list of products: few names, so that a product often stays the same, changes and changes back."""
    chance = random.Random(seed * 100 + day)
    rows = [f"p{number},{chance.choice('AB')}" for number in range(6) if chance.random() < 0.7]
    return "product_id,name\n" + "\n".join(rows) + "\n"


def _contents(shop) -> list:
    return [shop.rows(query) for query in CONTENTS]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_drops_gives_the_same_tables(shop, seed):
    shop.drop_sales()
    found = []
    for order in ((4, 3, 2, 1), (2, 4, 1, 3), (1, 3, 4, 2), (3, 1, 2, 4)):
        for path in (shop.settings.landing / "sales/products").rglob("*.csv"):
            path.unlink()
        _forget_products(shop)
        for day in order:
            shop.drop("sales/products", f"2024-01-0{day}", _products(day, seed))
            shop.load()
        found.append(_contents(shop))
    assert all(contents == found[0] for contents in found)
    _forget_products(shop)
    shop.load()
    assert _contents(shop) == found[0]


@pytest.mark.parametrize("seed", range(2))
def test_changing_drops_ends_as_if_they_had_come_so(shop, seed):
    shop.drop_sales()
    for day in range(1, 6):
        shop.drop("sales/products", f"2024-01-0{day}", _products(day, seed))
    shop.load()
    for day in (1, 3, 5, 2):
        shop.drop("sales/products", f"2024-01-0{day}", _products(day, seed + 50))
        shop.load()
    changed = _contents(shop)
    _forget_products(shop)
    shop.load()
    assert changed == _contents(shop)


def _forget_products(shop) -> None:
    if not shop.settings.warehouse.exists():
        return
    with open_for_writing(shop.settings) as connection:
        connection.execute("delete from raw.sales_products; delete from landing.sales_products_repeats")
        connection.execute("delete from raw.files where entity = 'products'")


def test_one_drop_a_batch_gives_what_one_batch_gives(shop, monkeypatch):
    shop.drop_sales()
    for day in range(1, 6):
        shop.drop("sales/products", f"2024-01-0{day}", _products(day, 1))
    shop.load()
    together = _contents(shop)
    _forget_products(shop)
    monkeypatch.setattr(load, "BATCH_BYTES", 1)
    shop.load()
    assert _contents(shop) == together


def test_a_line_is_taken_as_soon_as_its_order_comes(shop):
    shop.drop_sales(orders=f"{ORDERS.splitlines()[0]}\n{ORDERS.splitlines()[1]}\n")
    shop.load("2024-01-01")
    assert shop.reasons("sales/order_lines") == [(3, "line_without_order")]
    shop.drop("sales/orders", "2024-01-02", ORDERS)
    shop.load("2024-01-02")
    assert shop.reasons("sales/order_lines") == []
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(3,)]


def test_lines_go_when_a_changed_drop_takes_their_order_away(shop):
    shop.drop_sales()
    shop.load()
    shop.drop("sales/orders", "2024-01-01", f"{ORDERS.splitlines()[0]}\n{ORDERS.splitlines()[1]}\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == [(3, "line_without_order")]
    assert shop.load().files == ()


def test_a_load_that_dies_before_its_end_leaves_nothing_and_ends_the_same(shop, monkeypatch):
    shop.drop_sales("2024-01-01")
    shop.load()
    shop.drop_sales("2024-01-02", lines=LINES.replace("p2", "p3"))
    with monkeypatch.context() as patch:

        def die(*arguments):
            raise KeyboardInterrupt

        patch.setattr(load, "write_ledger", die)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    columns = "product_id, _drop_on::varchar, _superseded_on::varchar"
    lines = f"select {columns} from raw.sales_order_lines where line_no = '2'"
    assert shop.rows(lines) == [("p2", "2024-01-01", None)]
    shop.load()
    assert shop.rows(f"{lines} order by all") == [("p2", "2024-01-01", "2024-01-02"), ("p3", "2024-01-02", None)]


def test_every_table_of_the_contract_is_there_from_the_first_night(shop):
    shop.drop_sales()
    shop.load()
    found = shop.rows("select table_name from information_schema.tables where table_schema = 'raw'")
    assert {"support_contacts", "loyalty_points", "privacy_erasures", "files"} <= {name for (name,) in found}
