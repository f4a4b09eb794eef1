"""The first night of a real shop, and the nights after it."""

import json
import shutil
from decimal import Decimal

import duckdb
import pytest

from tests.integration.conftest import AS_OF, ROOT

SOURCE = ROOT / "datasets" / "data" / "online_retail.parquet"

TABLES = {
    "customers", "customer_aliases", "customer_reasons", "churn_causes", "churn_patterns", "value_bridge",
    "segment_history",
    "segment_summary", "segment_transitions", "orders", "order_lines", "returns", "products", "interactions",
    "basket_rules", "recommendations", "offers", "offer_products", "offer_rejections", "model_cards",
    "prediction_ledger",
    "landed_files", "quality_checks", "runs",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(first_night):
    home, _ = first_night
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as connection:
        yield connection


def fetch(connection, query):
    return connection.execute(query).fetchone()


def test_it_publishes_and_says_so(first_night):
    _, night = first_night
    assert night.returncode == 0, night.stderr
    assert night.stdout.startswith("Published 20111209-")
    for title in ("Loaded", "Customers", "Offers", "Models", "Gates", "Seconds", "Read it"):
        assert f"\n{title}" in night.stdout


def test_every_table_is_there_with_its_parquet_and_manifest(first_night, published):
    home, _ = first_night
    tables = {row[0] for row in published.execute("select table_name from duckdb_tables()").fetchall()}
    manifest = json.loads((home.current / "manifest.json").read_text())
    assert tables == TABLES == set(manifest["tables"])
    for name, entry in manifest["tables"].items():
        parquet = home.current / "parquet" / f"{name}.parquet"
        assert fetch(published, f"select count(*) from '{parquet}'")[0] == entry["rows"]
    assert not list(home.current.glob("*.wal"))


def test_money_ties_out_with_the_source_to_the_cent(published):
    source = fetch(
        published,
        f"""
        select
            sum(round(Quantity * UnitPrice, 2)) filter (where InvoiceNo not like 'C%' and Quantity > 0),
            sum(round(-Quantity * UnitPrice, 2)) filter (where InvoiceNo like 'C%')
        from '{SOURCE}' where InvoiceNo not like 'A%'
        """,
    )
    net_sales, refunds = fetch(
        published, "select (select sum(net_sales) from orders), (select sum(refund_amount) from returns)"
    )
    assert abs(net_sales - Decimal(str(source[0]))) < Decimal("0.01")
    assert abs(refunds - Decimal(str(source[1]))) < Decimal("0.01")


def test_customers_add_up_to_the_buyers(published):
    by_segment, buyers, customers = fetch(
        published,
        f"""
        select
            (select sum(customers) from segment_summary where as_of_date = date '{AS_OF}'),
            (select count(distinct customer_id) from orders where lines > 0),
            (select count(*) from customers where segment is not null)
        """,
    )
    assert by_segment == buyers == customers == 4339


def test_what_is_not_merchandise_reaches_no_basket_and_no_offer(published):
    codes = "('POST', 'DOT', 'M', 'C2', 'D', 'S', 'BANK CHARGES', 'AMAZONFEE', 'CRUK')"
    assert fetch(
        published, f"select count(*) from basket_rules where antecedent in {codes} or consequent in {codes}"
    ) == (0,)
    assert fetch(published, f"select count(*) from offer_products where product_id in {codes}") == (0,)
    assert fetch(published, f"select count(*) from order_lines where product_id in {codes}")[0] > 1000


def test_near_vips_cross_the_line_with_one_usual_order(published):
    line, near = fetch(
        published,
        """
        select min(net_revenue_12m) filter (where tier = 'vip'), count(*) filter (where segment = 'near_vip')
        from customers
        """,
    )
    wrong = fetch(
        published,
        f"""
        select count(*) from customers
        where is_near_vip != (net_revenue_12m < {line} and net_revenue_12m + average_order_value >= {line})
            and segment is not null
        """,
    )
    assert near > 0
    assert wrong == (0,)


def test_the_same_night_again_publishes_the_same_bytes_and_reads_no_file(first_night):
    home, _ = first_night
    before = home.parquet_bytes()
    again = home.run("pipeline", "nightly", "--date", AS_OF)
    assert again.returncode == 0, again.stderr
    assert "no new drops" in again.stdout
    assert home.parquet_bytes() == before


def test_a_broken_value_stops_the_night_and_the_old_version_stays(first_night):
    home, _ = first_night
    broken = home.landing / "sales" / "order_lines" / "2011-12-10" / "late.csv"
    broken.parent.mkdir(parents=True)
    (home.landing / "sales" / "orders" / "2011-12-10").mkdir()
    (home.landing / "sales" / "orders" / "2011-12-10" / "late.csv").write_text(
        "order_id,ordered_at,customer_ref\nN1,2011-12-10T10:00:00,17850\n"
    )
    broken.write_text("order_id,line_no,product_id,quantity,unit_price\nN1,1,22752,2,7650000\n")
    before = home.current.resolve()
    night = home.run("pipeline", "nightly", "--date", "2011-12-10")
    assert night.returncode == 3
    assert home.current.resolve() == before
    for part in ("marts gate refused", "marts.order", "net_sales", "N1"):
        assert part in night.stderr
    assert "Traceback" not in night.stderr

    broken.write_text("order_id,line_no,product_id,quantity,unit_price\nN1,1,22752,2,7.65\n")
    mended = home.run("pipeline", "nightly", "--date", "2011-12-10")
    assert mended.returncode == 0, mended.stderr
    assert "sales/order_lines           1           1           1" in mended.stdout
    assert home.current.resolve() != before
    shutil.rmtree(broken.parent)
