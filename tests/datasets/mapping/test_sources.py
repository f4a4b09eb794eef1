"""Reading exports as they come: many files, other signs and encodings, and files that can't be read."""

import gzip

import duckdb
import pytest

from datasets.mapping.mapped import DropDates, open_mapping

UNREADABLE = {
    "missing": (lambda shop: shop.till.unlink(), "till.csv is not there"),
    "no match": (lambda shop: shop.replace("path: till.csv", "path: export-*.csv"), "no file is like"),
    "folder": (lambda shop: shop.replace("path: till.csv", "path: ."), "is a folder; name its files"),
    "no known ending": (lambda shop: shop.replace("path: till.csv", "path: shop.yml"), "shop.yml ends in none of .csv"),
    "too few columns": (
        lambda shop: shop.add_rows("1,2,3"),
        "till.csv line 6 can't be read: it has 3 columns where the header has 7",
    ),
    "open quote": (lambda shop: shop.add_rows('1004,1,"2024,C,A1,1,1'), "till.csv line 6 can't be read: a quote is"),
    "not UTF-8": (
        lambda shop: shop.till.write_bytes(shop.till.read_bytes() + b"1004,1,2024-03-01,Caf\xe9,A1,1,1\n"),
        "till.csv is not UTF-8; set encoding",
    ),
    "unknown encoding": (
        lambda shop: shop.replace("path: till.csv", "path: till.csv\n    encoding: utf-9"),
        "the encoding utf-9 is not known",
    ),
    "wrong encoding": (
        lambda shop: (
            shop.replace("path: till.csv", "path: till.csv\n    encoding: ascii"),
            shop.add_rows("1004,1,2024-03-01,Café,A1,1,1"),
        ),
        "till.csv is not written in ascii",
    ),
    "semicolons": (
        lambda shop: shop.till.write_text(shop.till.read_text().replace(",", ";")),
        "the header of till.csv is one column; set delimiter: ';'",
    ),
    "empty": (lambda shop: shop.till.write_text(""), "till.csv is empty"),
    "column twice": (
        lambda shop: shop.replace("Card", "time", shop.till),
        "till.csv has the column Time more than once",
    ),
    "kept name": (lambda shop: shop.replace("Card", "_row", shop.till), "a column _row, a name the mapping keeps"),
    "no Parquet": (
        lambda shop: (
            shop.replace("path: till.csv", "path: till.parquet"),
            (shop.folder / "till.parquet").write_text("nonsense, longer than a footer"),
        ),
        "till.parquet can't be read",
    ),
    "gzip cut short": (
        lambda shop: (
            shop.replace("path: till.csv", "path: till.csv.gz"),
            (shop.folder / "till.csv.gz").write_bytes(gzip.compress(shop.till.read_bytes())[:-12]),
        ),
        "till.csv.gz is a gzip that ends too early",
    ),
    "files that differ": (
        lambda shop: (
            shop.replace("path: till.csv", "path: till*.csv"),
            (shop.folder / "till2.csv").write_text("Receipt,Line\n1,1\n"),
        ),
        "till.csv has the column Article and till2.csv lacks it",
    ),
    "unknown type": (lambda shop: shop.replace("decimal(18,2)", "money"), "money is no type"),
    "type of no column": (
        lambda shop: shop.replace("{Qty:", "{Qyt:"),
        "Qyt is no column of its files; did you mean Qty?",
    ),
    "value of another type": (
        lambda shop: shop.add_rows("1004,1,2024-03-01 10:00:00,C,A1,two,1"),
        "Qty is not decimal(18,3) in 1 row, the first being 'two' in till.csv row 5",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_source_that_can_not_be_read_is_told_in_one_sentence(shop, case):
    damage, told = UNREADABLE[case]
    damage(shop)
    problems = shop.find().problems
    assert any(told in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def read_till(shop, query):
    with open_mapping(shop.settings, shop.path, DropDates()) as mapped:
        assert mapped.findings.problems == []
        return mapped.connection.execute(query).fetchall()


def test_a_windows_export_is_read_with_its_encoding_delimiter_and_dates(shop):
    shop.till.write_bytes(
        "Receipt;Line;Time;Card;Article;Qty;Price\r\n1001;1;31/03/2024 14:05;Café;007;1;2\r\n".encode("cp1252")
    )
    shop.replace("path: till.csv", "path: till.csv\n    delimiter: ';'\n    encoding: cp1252")
    shop.replace("types: {", 'types: {Time: "timestamp %d/%m/%Y %H:%M", ')
    found = read_till(shop, "select Card, Article, Time::varchar, Qty from till")
    assert [(card, article, time) for card, article, time, _ in found] == [("Café", "007", "2024-03-31 14:05:00")]


def test_many_files_are_one_source_with_rows_numbered_through(shop):
    header, *rows = shop.till.read_text().splitlines()
    shop.till.unlink()
    (shop.folder / "till-1.csv").write_text("\n".join([header, *rows[:3]]) + "\n")
    order = [6, 5, 4, 3, 2, 1, 0]
    turned = [",".join([line.split(",")[place] for place in order]) for line in (header, rows[3])]
    (shop.folder / "till-2.csv.gz").write_bytes(gzip.compress("\n".join(turned).encode()))
    shop.replace("path: till.csv", "path: till-*.csv*")
    found = read_till(shop, "select Receipt, _file, _row from till order by _row")
    assert found == [
        ("1001", "till-1.csv", 1),
        ("1001", "till-1.csv", 2),
        ("1002", "till-1.csv", 3),
        ("1003", "till-2.csv.gz", 4),
    ]


def test_a_problem_names_the_row_in_its_own_file(shop):
    header = shop.till.read_text().splitlines()[0]
    (shop.folder / "till2.csv").write_text(f"{header}\n2001,1,2024-03-05,C,A1,1,1\n2002,1,2024-03-05,C,A1,0,1\n")
    shop.replace("path: till.csv", "path: till*.csv")
    assert "the first is till2.csv row 2 (Receipt 2002" in shop.find().problems[0]


def test_parquet_keeps_its_types(shop):
    duckdb.execute(f"copy (from read_csv('{shop.till}')) to '{shop.folder}/till.parquet'")
    shop.till.unlink()
    shop.replace("path: till.csv", "path: till.parquet")
    assert read_till(shop, "select typeof(Time), typeof(Line) from till limit 1") == [("TIMESTAMP", "BIGINT")]


def test_a_column_without_a_type_stays_text(shop):
    shop.replace("1001,1,", "0042,1,", shop.till)
    assert read_till(shop, "select Receipt from till where _row = 1") == [("0042",)]
