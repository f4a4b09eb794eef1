"""Files as they come: CSV dialects, Parquet types, files that can't be read, drops that are blocked."""

import gzip

import duckdb
import pytest

from pipeline.errors import RapportError
from tests.pipeline.landing.small_shop import LINE_HEADER, LINES, ORDER_HEADER, ORDERS


def test_csv_with_bom_crlf_and_quoted_newlines(shop):
    orders = b'order_id,ordered_at,store_id\r\no1,2024-01-01,"north\r\nside"\r\no2,2024-01-01,x\r\n'
    shop.drop("sales/orders", "2024-01-01", b"\xef\xbb\xbf" + orders)
    shop.drop("sales/order_lines", "2024-01-01", gzip.compress(LINES.encode()), "lines.csv.gz")
    assert shop.load().rows_loaded == 5
    assert shop.rows("select store_id, _row from raw.sales_orders order by _row") == [("north\r\nside", 1), ("x", 2)]


def test_parquet_types_are_brought_to_the_contract(shop):
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\n")
    path = shop.drop("sales/orders", "2024-01-01", b"", "orders.parquet")
    duckdb.execute(
        "copy (select 7::bigint as order_id, timestamptz '2024-01-01 10:00:00+00' as ordered_at, "
        "12.0::double as customer_ref, 3::smallint as store_id, ['a'] as channel, "
        "{'x': 1, 'y': {'z': 2}} as extra, 'cancelled' as status "
        f"union all select 8, timestamptz '2024-01-01 10:00:00+00', null, null, null, null, null) to '{path}'"
    )
    summary = shop.load()
    assert shop.rows("select order_id, ordered_at::varchar, store_id, status, _row from raw.sales_orders") == [
        ("8", "2024-01-01 10:00:00", None, "completed", 2)
    ]
    assert shop.reasons("sales/orders") == [(1, "unknown_code")]
    assert any("'extra'" in warning for warning in summary.warnings)


def test_whole_ids_that_a_frame_made_fractions_are_the_same_ids(shop):
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\n")
    for name, value in (("a", "12.0::double"), ("b", "'12'")):
        path = shop.drop("sales/orders", "2024-01-01", b"", f"{name}.parquet")
        row = f"select '{name}' as order_id, date '2024-01-01' as ordered_at, {value} as customer_ref"
        duckdb.execute(f"copy ({row}) to '{path}'")
    shop.load()
    assert shop.rows("select count(distinct customer_ref), count(*) from raw.sales_orders") == [(1, 2)]


BROKEN = {
    "cut.csv.gz": (gzip.compress(ORDERS.encode() * 50)[:-20], "unreadable_file", "gzip"),
    "no.csv.gz": (b"order_id,ordered_at\n", "unreadable_file", "can't be opened"),
    "latin.csv": (f"{ORDER_HEADER}\no9,2024-01-01,caf\xe9,,,,,,,\n".encode("latin-1"), "unreadable_file", "UTF-8"),
    "late.csv": ((ORDERS + "x,2024-01-01,,,,,,,,\n" * 9999 + "\xe9").encode("latin-1"), "unreadable_file", "UTF-8"),
    "short.csv": (f"{ORDER_HEADER}\no9,2024-01-01,secret@mail.example\n", "unreadable_file", "Line: 2"),
    "bad.parquet": (b"PAR1 nothing", "unreadable_file", "Parquet"),
    "empty.csv": (b"", "unreadable_file", "is empty"),
    "twice.csv": ("order_id,order_id,ordered_at\n1,2,2024-01-01\n", "unreadable_file", "more than once"),
    "missing.csv": ("order_id,channel\no9,web\n", "missing_column", "no column ordered_at"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_used_blocks_its_drop_only(shop, name):
    content, rule, words = BROKEN[name]
    shop.drop_sales()
    shop.drop_sales("2024-01-02", orders=f"{ORDER_HEADER}\no5,2024-01-02,,,,,,,,\n", lines=f"{LINE_HEADER}\n")
    shop.drop("sales/orders", "2024-01-02", content, name)
    told = []
    summary = shop.load(report=told.append)
    assert [(drop.entity, str(drop.drop_on)) for drop in summary.blocked] == [("sales/orders", "2024-01-02")]
    assert shop.rows("select distinct _drop_on::varchar from raw.sales_orders") == [("2024-01-01",)]
    found = shop.rows("select file, row_number, rule, message from quarantine.sales_orders")
    messages = {file: (row_number, rule, message) for file, row_number, rule, message in found}
    assert messages[f"sales/orders/2024-01-02/{name}"][:2] == (None, rule)
    assert words in messages[f"sales/orders/2024-01-02/{name}"][2]
    assert messages["sales/orders/2024-01-02/part.csv"][:2] == (None, "drop_blocked")
    assert any("2024-01-02: BLOCKED" in line for line in told)
    assert "secret@mail.example" not in str(shop.rows("select message from quarantine.sales_orders")) + str(told)


def test_a_repaired_file_unblocks_the_drop(shop):
    shop.drop_sales(orders=b"\xff\xfe")
    assert len(shop.load().blocked) == 1
    shop.drop("sales/orders", "2024-01-01", ORDERS)
    assert shop.load().blocked == ()
    assert shop.reasons("sales/orders") == []
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(3,)]


def test_too_many_bad_rows_block_the_drop_and_a_higher_limit_lets_it_in(shop):
    lines = f"{LINES}o1,9,p1,-1,1,\n"
    shop.drop_sales(lines=lines)
    summary = shop.load(max_bad_share=0.2)
    assert summary.rows_quarantined == 4
    assert "1 of its 4 rows (25.0%) are bad, mostly out_of_range" in summary.blocked[0].message
    assert shop.rows("select count(*) from raw.sales_order_lines") == [(0,)]
    fine = [(number, "drop_blocked") for number in (1, 2, 3)]
    assert shop.reasons("sales/order_lines") == [*fine, (4, "out_of_range")]
    assert shop.load(max_bad_share=0.2).files == ()
    assert shop.load(max_bad_share=0.25).rows_loaded == 3
    assert shop.reasons("sales/order_lines") == [(4, "out_of_range")]


def test_rows_are_numbered_in_their_own_file(shop):
    shop.drop_sales()
    for name, bad in (("a.csv", 2), ("b.csv", 1), ("c.csv.gz", 3)):
        rows = [f"{name}{n},{'never' if n == bad else '2024-01-01'}" for n in range(1, 4)]
        text = "\n".join(["order_id,ordered_at", *rows]) + "\n"
        shop.drop("sales/orders", "2024-01-02", gzip.compress(text.encode()) if name.endswith("gz") else text, name)
    shop.drop("sales/orders", "2024-01-02", "order_id,ordered_at\n", "bare.csv")
    shop.load()
    put_aside = shop.rows("select right(file, 8), row_number from quarantine.sales_orders order by file")
    assert put_aside == [("02/a.csv", 2), ("02/b.csv", 1), ("c.csv.gz", 3)]
    kept = shop.rows("select order_id, _row from raw.sales_orders where _drop_on = '2024-01-02' order by _file, _row")
    assert kept == [(f"{name}{n}", n) for name, n in (("a.csv", 1), ("a.csv", 3), ("b.csv", 2), ("b.csv", 3))] + [
        ("c.csv.gz1", 1),
        ("c.csv.gz2", 2),
    ]


def test_a_file_without_a_header_is_told_without_its_first_row(shop):
    shop.drop_sales()
    shop.drop("sales/orders", "2024-01-02", "o9,2024-01-02,Ada Lovelace\n")
    summary = shop.load()
    assert "is its first line a header?" in summary.blocked[0].message
    assert "Ada" not in str(shop.rows("select * from quarantine.sales_orders"))


def test_a_binary_column_is_text_like_any_other(shop):
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\n")
    path = shop.drop("sales/orders", "2024-01-01", b"", "orders.parquet")
    row = "'o1'::blob as order_id, 'ada@mail.example'::blob as status, date '2024-01-01' as ordered_at"
    duckdb.execute(f"copy (select {row}) to '{path}'")
    shop.load()
    found = shop.rows("select row_json, message from quarantine.sales_orders")
    assert '"status":"[e-mail]"' in found[0][0]
    assert '"order_id":"o1"' in found[0][0]


def test_a_parquet_file_with_a_broken_page_blocks_its_drop(shop):
    shop.drop_sales()
    path = shop.drop("sales/orders", "2024-01-02", b"", "orders.parquet")
    rows = "select 'o' || n as order_id, timestamp '2024-01-02' as ordered_at from range(5000) as t(n)"
    duckdb.execute(f"copy ({rows}) to '{path}' (compression zstd)")
    content = bytearray(path.read_bytes())
    content[100:4000] = b"?" * 3900
    path.write_bytes(bytes(content))
    shop.drop("sales/orders", "2024-01-02", f"{ORDER_HEADER}\no5,2024-01-02,,,,,,,,\n", "whole.csv")
    assert [str(drop.drop_on) for drop in shop.load().blocked] == ["2024-01-02"]
    rules = shop.rows("select right(file, 14), rule from quarantine.sales_orders order by file")
    assert rules == [("orders.parquet", "unreadable_file"), ("1-02/whole.csv", "drop_blocked")]


def test_names_that_are_no_drop_are_warned_about(shop):
    shop.drop_sales()
    shop.drop("sales/orders", "2024-13-01", ORDERS)
    shop.drop("sales/gifts", "2024-01-01", ORDERS)
    shop.drop("sales/orders", "2024-01-01", b"", "notes.txt")
    shop.drop("sales/orders", "2024-01-01", b"", "_SUCCESS")
    warnings = " ".join(shop.load().warnings)
    assert "2024-13-01 is not named for a date" in warnings
    assert "gifts is not an entity" in warnings
    assert "notes.txt is not a" in warnings
    assert "_SUCCESS" not in warnings


def test_paths_with_glob_characters_are_read_as_they_are(shop):
    shop.drop_sales()
    shop.drop("sales/orders", "2024-01-01", f"{ORDER_HEADER}\no7,2024-01-01,,,,,,,,\n", "it's [1]*.csv")
    assert shop.load().rows_loaded == 6


def test_an_empty_landing_folder_is_one_clear_sentence(shop):
    with pytest.raises(RapportError, match=r"there is no landing folder .*expected files like .*sales/orders/YYYY-M"):
        shop.load()
    shop.drop("sales/orders", "2024-01-01", ORDERS)
    with pytest.raises(RapportError, match=r"there is no drop of sales/order_lines in .*; expected files like"):
        shop.load()
    assert not shop.settings.home.exists()


def test_a_night_before_all_data_names_the_earliest_drop(shop):
    shop.drop_sales("2024-01-05")
    with pytest.raises(RapportError, match=r"earliest drop of sales/orders .* is dated 2024-01-05, after 2024-01-04"):
        shop.load("2024-01-04")
