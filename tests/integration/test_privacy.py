"""Personal data stays in the vault, and who asks to be forgotten is gone from everything the nights wrote."""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Home
from tests.integration.small_retailer import LAST_DAY, land_small_retailer

NEXT_DAY = "2024-07-19"
PERSONAL = re.compile(rb"planted\.example|\+44700000\d{4}|0700 0\d{5}|REF-77\d{4}|CARD-88\d{4}")

# One person's identifiers; the request gives the mailbox only.
PERSON = (b"person12@planted", b"+447000000012", b"0700 000012", b"REF-770012", b"CARD-880012")

# Rows that will be quarantined, with personal data where it belongs and where it does not.
BAD_ORDERS = """order_id,ordered_at,customer_ref,email,phone,channel,currency
B1,never,REF-770001,person1@planted.example,0700 000001,web,EUR
B2,2024-07-18T10:00:00,REF-770002,,,person2@planted.example,EUR
B3,0700 000003,REF-770003,,,web,EUR
"""
BAD_LINES = """order_id,line_no,product_id,quantity,unit_price,note
O1-1,90,P1,person4@planted.example,1,
O1-1,91,P1,1,0700 000005,written by person5@planted.example
"""


def read_cells(home: Path) -> Iterator[tuple[str, str]]:
    """Every text in every table of every DuckDB file but the vault, and in every Parquet file outside landing."""
    with duckdb.connect() as connection:
        for path in sorted(home.rglob("*.duckdb")):
            if path.name == "vault.duckdb":
                continue
            connection.execute(f"attach '{path}' as looked_at (read_only)")
            tables = connection.execute(
                "select schema_name, table_name, list(column_name) from duckdb_columns() "
                "semi join duckdb_tables() using (database_name, schema_name, table_name) "
                "where data_type = 'VARCHAR' and database_name = 'looked_at' group by all"
            ).fetchall()
            for schema, table, columns in tables:
                for column in columns:
                    query = f'select distinct "{column}" from looked_at.{schema}.{table} where "{column}" is not null'
                    for (text,) in connection.execute(query).fetchall():
                        yield f"{path.name} {schema}.{table}.{column}", text
            connection.execute("detach looked_at")
        for path in sorted((home / "published").rglob("*.parquet")):
            for row in connection.execute(f"select distinct cast(t as varchar) from '{path}' as t").fetchall():
                yield str(path), row[0]


def read_files(home: Path, with_vault: bool) -> Iterator[tuple[str, bytes]]:
    """Every file the nights wrote."""
    for path in sorted(home.rglob("*")):
        is_ours = path.is_file() and not path.is_relative_to(home / "landing")
        if is_ours and (with_vault or not path.name.startswith("vault.duckdb")):
            yield str(path.relative_to(home)), path.read_bytes()


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> tuple[Home, object, dict]:
    """A first night with planted rows, then one after an erasure request; and what the first night published."""
    home = Home(tmp_path_factory.mktemp("privacy"))
    land_small_retailer(home.landing)
    (home.landing / "sales/orders" / LAST_DAY / "bad.csv").write_text(BAD_ORDERS)
    (home.landing / "sales/order_lines" / LAST_DAY / "bad.csv").write_text(BAD_LINES)
    night = home.run("pipeline", "nightly", "--date", LAST_DAY)
    assert night.returncode == 0, night.stderr
    found = {
        "told": night.stdout + night.stderr,
        "cells": [(where, text) for where, text in read_cells(home.path) if PERSONAL.search(text.encode())],
        "files": [name for name, content in read_files(home.path, False) if PERSONAL.search(content)],
        "version": home.current.resolve(),
    }
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as connection:
        found["id"] = connection.execute("select customer_id from orders where order_id = 'O12-1'").fetchone()[0]
        found["sales"] = connection.execute("select count(*), sum(net_sales) from orders").fetchone()
    request = home.landing / "privacy/erasures" / NEXT_DAY / "requests.csv"
    request.parent.mkdir(parents=True)
    request.write_text("request_id,requested_at,email\nX1,2024-07-19T08:00:00,Person12@planted.example\n")
    return home, home.run("pipeline", "nightly", "--date", NEXT_DAY), found


def test_no_file_but_the_vault_holds_personal_data(nights):
    _, _, found = nights
    assert found["files"] == []
    assert found["cells"] == []
    assert not PERSONAL.search(found["told"].encode())


def test_the_planted_rows_were_quarantined_masked_and_told(nights):
    home, _, _ = nights
    with duckdb.connect(str(home.path / "warehouse.duckdb"), read_only=True) as connection:
        bad = connection.execute(
            "select row_json || message from quarantine.sales_orders union all "
            "select row_json || message from quarantine.sales_order_lines"
        ).fetchall()
    assert len(bad) == 5
    assert sum("[e-mail]" in text for (text,) in bad) == 2
    assert sum("[phone]" in text for (text,) in bad) == 2


def test_the_search_would_find_what_it_looks_for(nights):
    home, _, _ = nights
    vault = home.path / "vault.duckdb"
    assert PERSONAL.search(vault.read_bytes())
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600


def test_after_an_erasure_nothing_anywhere_names_the_person(nights):
    home, night, found = nights
    assert night.returncode == 0, night.stderr
    secret = home.environment["RAPPORT_SECRET"]
    named = {
        hashlib.sha256(f"{secret}{kind}:{value}".encode()).hexdigest()[:20]
        for kind, value in (
            ("email", "person12@planted.example"),
            ("phone", "+447000000012"),
            ("customer_ref", "REF-770012"),
            ("loyalty_id", "CARD-880012"),
        )
    }
    assert found["id"].removeprefix("c_") in named
    hits = [where for where, text in read_cells(home.path) if any(token in text for token in named)]
    assert hits == []
    for name, content in read_files(home.path, True):
        for value in PERSON:
            assert value not in content, (name, value)
        if not name.endswith(".duckdb"):
            assert not any(token.encode() in content for token in named), name


def test_orders_stay_without_a_person_in_every_version(nights):
    home, _, found = nights
    versions = sorted((home.path / "published" / "versions").iterdir())
    assert found["version"] in versions
    assert len(versions) == 2
    for version in versions:
        with duckdb.connect(str(version / "crm.duckdb"), read_only=True) as connection:
            assert connection.execute("select count(*), sum(net_sales) from orders").fetchone() == found["sales"]
            own = connection.execute(
                "select count(*), count(customer_id), bool_and(is_guest) from orders where order_id like 'O12-%'"
            ).fetchone()
            assert own[0] > 5
            assert own[1:] == (0, True)
            assert connection.execute("select count(*) from customers").fetchone() == (239,)
        manifest = json.loads((version / "manifest.json").read_text())
        for table, entry in manifest["tables"].items():
            parquet = (version / "parquet" / f"{table}.parquet").read_bytes()
            assert hashlib.sha256(parquet).hexdigest() == entry["sha256"]


def test_the_report_lists_landed_files_that_still_name_the_person(nights):
    _, night, _ = nights
    assert "1 erasure request" in night.stdout
    for name in (
        "sales/orders/2024-07-18/first.csv",
        "loyalty/members/2024-07-18/first.csv",
        "privacy/erasures/2024-07-19",
    ):
        assert name in night.stdout
