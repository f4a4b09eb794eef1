"""Where drops go, that they are the same bytes each time, and that nothing half-written stays."""

import hashlib

import duckdb
import pytest

from datasets.drops import list_other_drops, write_drops
from datasets.prepared import Entity, LineKind, Prepared
from datasets.reconciliation import count_landed, reconcile
from pipeline.errors import RapportError

ENTITIES = (
    Entity("sales", "orders", "landing_orders", ("order_id",)),
    Entity("sales", "order_lines", "landing_order_lines", ("order_id",)),
    Entity("sales", "products", "landing_products", ("product_id",)),
    Entity("loyalty", "exposures", "landing_exposures", ("offer_id",)),
)
PREPARED = Prepared("tiny", "USD", ENTITIES, (LineKind("sale", "sale", "sold"), LineKind("other", None, "not")), ())


@pytest.fixture
def connection():
    with duckdb.connect(config={"threads": 2}) as opened:
        opened.execute("""
            create table landing_orders as
            select 'o' || n as order_id, date '2017-01-01' + (n % 3)::integer as _day from range(9) as t(n);
            create table landing_order_lines as
            select order_id, 1.000 as quantity, 1.5 as unit_price, 0.5 as discount_amount, _day from landing_orders;
            create table landing_products as select 'p1' as product_id, null::date as _day;
            create table landing_exposures as
            select 'e1' as offer_id, date '2016-12-01' as _day union all select 'e2', date '2017-01-02';
            create schema landing;
            create table landing.source_lines as select 'sale' as kind, 1.00::decimal(18, 2) as value from range(9)
            union all select 'other', -0.25;
        """)
        yield opened


def list_files(landing):
    return [str(path.relative_to(landing)) for path in sorted(landing.rglob("*")) if path.is_file()]


def hash_files(landing):
    return {name: hashlib.sha256((landing / name).read_bytes()).hexdigest() for name in list_files(landing)}


def test_a_first_load_is_one_drop_of_the_last_event_day(connection, tmp_path):
    write_drops(connection, ENTITIES, tmp_path, split=False)
    assert list_files(tmp_path) == [
        "loyalty/exposures/2017-01-03/exposures.parquet",
        "sales/order_lines/2017-01-03/order_lines.parquet",
        "sales/orders/2017-01-03/orders.parquet",
        "sales/products/2017-01-03/products.parquet",
    ]


def test_split_writes_a_drop_a_day_and_puts_the_catalogue_and_early_events_into_the_first(connection, tmp_path):
    write_drops(connection, ENTITIES, tmp_path, split=True)
    assert list_files(tmp_path) == [
        "loyalty/exposures/2017-01-01/exposures.parquet",
        "loyalty/exposures/2017-01-02/exposures.parquet",
        *(f"sales/order_lines/2017-01-0{day}/order_lines.parquet" for day in (1, 2, 3)),
        *(f"sales/orders/2017-01-0{day}/orders.parquet" for day in (1, 2, 3)),
        "sales/products/2017-01-01/products.parquet",
    ]
    rows = duckdb.read_parquet(f"{tmp_path}/sales/orders/2017-01-02/orders.parquet", hive_partitioning=False)
    assert (rows.columns, rows.fetchall()) == (["order_id"], [("o1",), ("o4",), ("o7",)])


@pytest.mark.parametrize("split", [False, True])
def test_the_same_rows_are_the_same_bytes_and_are_not_written_again(connection, tmp_path, split):
    write_drops(connection, ENTITIES, tmp_path / "one", split)
    first = hash_files(tmp_path / "one")
    connection.execute("create or replace table landing_orders as from landing_orders order by order_id desc")
    connection.execute("set threads = 4")
    again = write_drops(connection, ENTITIES, tmp_path / "one", split)
    write_drops(connection, ENTITIES, tmp_path / "two", split)
    assert not any(drop.is_new for drop in again)
    assert first == hash_files(tmp_path / "one") == hash_files(tmp_path / "two")


def test_a_changed_drop_is_replaced_and_the_others_are_left_alone(connection, tmp_path):
    write_drops(connection, ENTITIES, tmp_path, split=True)
    connection.execute("insert into landing_orders values ('o99', '2017-01-02')")
    drops = write_drops(connection, ENTITIES, tmp_path, split=True)
    assert [str(drop.path.relative_to(tmp_path)) for drop in drops if drop.is_new] == [
        "sales/orders/2017-01-02/orders.parquet"
    ]


def test_an_interrupted_write_leaves_nothing_behind(connection, tmp_path):
    connection.execute("drop table landing_exposures")
    connection.execute("create view landing_exposures as select error('cut') as offer_id, date '2017-01-02' as _day")
    with pytest.raises(duckdb.Error):
        write_drops(connection, ENTITIES, tmp_path, split=True)
    assert not [name for name in list_files(tmp_path) if not name.endswith(".parquet")]
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_is_a_file_is_refused_in_one_sentence(connection, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RapportError, match=r"Can't write drops into .*taken"):
        write_drops(connection, ENTITIES, tmp_path / "taken", split=False)


def test_files_of_other_calls_are_found(connection, tmp_path):
    drops = write_drops(connection, ENTITIES, tmp_path, split=False)
    other = tmp_path / "support" / "contacts" / "2017-01-01" / "contacts.csv"
    other.parent.mkdir(parents=True)
    other.write_text("contact_id\n")
    assert list_other_drops(tmp_path, drops) == [other]


def reckon(connection, drops):
    count_landed(connection, connection, PREPARED, drops)
    return reconcile(connection, connection, PREPARED, drops)


@pytest.mark.parametrize("split", [False, True])
def test_what_was_landed_and_left_out_adds_up_to_the_source(connection, tmp_path, split):
    result = reckon(connection, write_drops(connection, ENTITIES, tmp_path, split))
    assert (result.source_total, result.landed_sales, result.left_out) == (8.75, 9, -0.25)


def test_a_missing_cent_is_an_error(connection, tmp_path):
    drops = write_drops(connection, ENTITIES, tmp_path, split=False)
    connection.execute("update landing.source_lines set value = value + 0.01 where kind = 'other'")
    assert reckon(connection, drops).left_out + 9 == reckon(connection, drops).source_total
    connection.execute("update landing.source_lines set value = 1.01 where kind = 'sale'")
    with pytest.raises(RapportError, match="don't tie out"):
        reckon(connection, drops)


def test_a_line_of_no_known_kind_is_an_error(connection, tmp_path):
    drops = write_drops(connection, ENTITIES, tmp_path, split=False)
    connection.execute("insert into landing.source_lines values (null, 0)")
    with pytest.raises(RapportError, match="1 lines of a kind nobody has decided"):
        reckon(connection, drops)


def test_a_file_that_lost_rows_is_an_error(connection, tmp_path):
    drops = write_drops(connection, ENTITIES, tmp_path, split=False)
    connection.execute("insert into landing_products values ('p2', null)")
    with pytest.raises(RapportError, match="sales/products hold 1 of 2 rows"):
        reckon(connection, drops)
