"""Which line becomes what, which return belongs to which sale, and that the real file ties out."""

from decimal import Decimal

import duckdb
import pytest

from datasets.landing import ADAPTERS, land_dataset, locate_mapping
from datasets.mapping.mapped import DropDates, open_mapping
from pipeline.settings import Settings

COLUMNS = (
    "InvoiceNo varchar, StockCode varchar, Description varchar, Quantity integer, InvoiceDate timestamp, "
    "UnitPrice double, CustomerID integer, Country varchar"
)


@pytest.fixture
def build(tmp_path):
    """Map lines (invoice, code, description, quantity, time, price, customer); the connection holds the tables."""
    settings = Settings.from_environment({"RAPPORT_HOME": str(tmp_path / "home")})
    opened = []

    def map_lines(*lines):
        (tmp_path / "data").mkdir()
        with duckdb.connect() as connection:
            connection.execute(f"create table lines ({COLUMNS})")
            rows = [(*line, "United Kingdom") for line in lines]
            connection.executemany("insert into lines values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute(f"copy lines to '{tmp_path}/data/online_retail.parquet'")
        opened.append(open_mapping(settings, locate_mapping("online_retail"), DropDates(), folder=tmp_path))
        mapped = opened[-1].__enter__()
        return mapped

    yield map_lines
    for context in opened:
        context.__exit__(None, None, None)


def fetch(mapped, query):
    return mapped.connection.execute(query).fetchall()


def fetch_matches(mapped):
    found = fetch(mapped, "select return_id, order_id, line_no from landing.sales_returns order by return_id")
    return {return_id: (order_id, line_no) for return_id, order_id, line_no in found}


def sale(invoice, day, quantity, price=2.5, customer=1, code="22423"):
    return (invoice, code, "CAKESTAND", quantity, f"2011-01-{day:02} 10:00", price, customer)


def test_each_kind_of_line_is_told_apart(build):
    mapped = build(
        ("1", "22423", "CAKESTAND", 2, "2011-01-01 10:00", 12.75, 1),
        ("1", "22090", "BUNTING", 24, "2011-01-01 10:00", 0, 1),
        ("C2", "22423", "CAKESTAND", -1, "2011-01-02 10:00", 12.75, 1),
        ("A3", "B", "Adjust bad debt", 1, "2011-01-03 10:00", -100, None),
        ("4", "22090", "thrown away", -24, "2011-01-03 10:00", 0, None),
        ("5", "22090", "found", 3, "2011-01-03 10:00", 0, None),
    )
    assert mapped.findings.problems == []
    kinds = fetch(mapped, "select kind from source_lines order by invoice_no, line_no")
    assert [kind for (kind,) in kinds] == [
        "sale",
        "free item",
        "stock write-off",
        "stock entry",
        "bad debt",
        "cancelled",
    ]


def test_a_line_nobody_decided_about_is_a_problem(build):
    mapped = build(sale("1", 1, 1), ("2", "22423", "CAKESTAND", -1, "2011-01-01 10:00", 12.75, 1))
    assert fetch(mapped, "select count(*) from source_lines where kind is null") == [(1,)]
    assert "source_lines: no entity (sales/order_lines, sales/returns) takes 1 row" in mapped.findings.problems[0]


def test_a_return_takes_back_the_latest_sale_before_it(build):
    mapped = build(sale("1", 1, 5), sale("2", 2, 5), sale("4", 9, 5), sale("C3", 5, -5))
    assert fetch_matches(mapped) == {"C3-1": ("2", 1)}


def test_a_second_return_goes_to_an_earlier_sale_when_the_latest_is_used_up(build):
    mapped = build(sale("1", 1, 5), sale("2", 2, 5), sale("C3", 5, -4), sale("C4", 6, -4), sale("C5", 7, -4))
    assert fetch_matches(mapped) == {"C3-1": ("2", 1), "C4-1": ("1", 1), "C5-1": (None, None)}


def test_returns_share_a_sale_while_enough_of_it_is_left(build):
    mapped = build(sale("1", 1, 5), sale("C2", 2, -2), sale("C3", 3, -3), sale("C4", 4, -1))
    assert fetch_matches(mapped) == {"C2-1": ("1", 1), "C3-1": ("1", 1), "C4-1": (None, None)}


@pytest.mark.parametrize(
    "other",
    [{"customer": 2}, {"price": 2.45}, {"code": "22090"}, {"customer": None}],
    ids=lambda other: next(iter(other)),
)
def test_a_return_that_differs_from_every_sale_has_no_order(build, other):
    mapped = build(sale("1", 1, 5), sale("C2", 2, -1, **other))
    assert fetch_matches(mapped) == {"C2-1": (None, None)}
    customer = other.get("customer", 1)
    assert fetch(mapped, "select customer_ref from landing.sales_returns") == [(customer and str(customer),)]


def test_guests_are_not_matched_to_guests(build):
    mapped = build(sale("1", 1, 5, customer=None), sale("C2", 2, -1, customer=None))
    assert fetch_matches(mapped) == {"C2-1": (None, None)}


def test_the_refund_is_rounded_to_cents_and_positive(build):
    mapped = build(sale("1", 1, 1), sale("C2", 2, -3, price=1.335))
    assert fetch(mapped, "select quantity, refund_amount from landing.sales_returns") == [(3, Decimal("4.01"))]


def test_codes_that_differ_only_in_case_are_one_product(build):
    mapped = build(sale("1", 1, 1, code="85123A"), sale("2", 1, 1, code="85123a"))
    assert fetch(mapped, "select product_id from landing.sales_products") == [("85123A",)]


def test_the_name_is_the_most_frequent_description_and_stock_remarks_do_not_count(build):
    mapped = build(
        ("1", "22423", "ZINC", 1, "2011-01-01 10:00", 1, 1),
        ("2", "22423", "ALOE ", 1, "2011-01-01 10:00", 1, 1),
        ("3", "22423", None, 1, "2011-01-01 10:00", 1, 1),
        ("4", "22423", None, 1, "2011-01-01 10:00", 1, 1),
        *(("5", "22423", "check", -1, "2011-01-01 10:00", 0, None) for _ in range(3)),
    )
    assert fetch(mapped, "select name from landing.sales_products") == [("ALOE",)]


@pytest.mark.parametrize(
    ("code", "category", "subcategory"),
    [
        ("POST", "NOT MERCHANDISE", "postage"),
        ("23444", "NOT MERCHANDISE", "postage"),
        ("m", "NOT MERCHANDISE", "manual"),
        ("gift_0001_20", "NOT MERCHANDISE", "voucher"),
        ("PADS", None, None),
        ("22423", None, None),
    ],
)
def test_money_codes_are_not_merchandise(build, code, category, subcategory):
    mapped = build(sale("1", 1, 1, code=code))
    assert fetch(mapped, "select category, subcategory from landing.sales_products") == [(category, subcategory)]


def test_an_invoice_with_two_times_is_one_order_at_the_earlier(build):
    mapped = build(
        ("1", "22423", "CAKESTAND", 1, "2011-01-01 10:01", 1, None),
        ("1", "22090", "BUNTING", 1, "2011-01-01 10:00", 1, None),
    )
    query = "select strftime(ordered_at, '%H:%M'), customer_ref, channel, currency from landing.sales_orders"
    assert fetch(mapped, query) == [("10:00", None, "web", "GBP")]
    lines = fetch(mapped, "select product_id from landing.sales_order_lines order by line_no")
    assert lines == [("22423",), ("22090",)]


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return land_dataset(Settings.from_environment({"RAPPORT_HOME": str(home)}), "online_retail", home / "landing")


def test_the_real_file_ties_out_with_itself(landed):
    path = str(ADAPTERS["online_retail"].find_folder() / "data" / "online_retail.parquet")
    total, lines = duckdb.execute(
        "select sum(round(Quantity * UnitPrice, 2)::decimal(18, 2)), count(*) from read_parquet(?)", [path]
    ).fetchone()
    result = landed.reconciliation
    assert (result.source_total, result.source_lines) == (total, lines) == (Decimal("9747747.93"), 541_909)
    assert result.landed_sales == Decimal("10655622.48")
    assert result.landed_refunds == Decimal("896812.49")
    assert result.left_out == Decimal("-11062.06")


def test_the_real_file_has_the_kinds_that_were_counted_in_it(landed):
    assert {total.kind.name: total.lines for total in landed.reconciliation.totals} == {
        "sale": 530_103,
        "free item": 40,
        "cancelled": 9_288,
        "bad debt": 3,
        "stock write-off": 1_336,
        "stock entry": 1_139,
    }


def test_no_sale_of_the_real_file_takes_back_more_than_it_sold(landed):
    folder = landed.landing / "sales"
    overdrawn, early, elsewhere, matched = duckdb.execute(f"""
        with sold as (
            select l.*, o.customer_ref, o.ordered_at
            from '{folder}/order_lines/*/*.parquet' as l inner join '{folder}/orders/*/*.parquet' as o using (order_id)
        ),
        matched as (
            select s.quantity as sold, s.ordered_at, r.*,
                sum(r.quantity) over (partition by r.order_id, r.line_no) as taken_back,
                s.product_id <> r.product_id or s.customer_ref <> r.customer_ref
                or abs(round(s.unit_price * r.quantity, 2) - r.refund_amount) > 0 as is_elsewhere
            from '{folder}/returns/*/*.parquet' as r inner join sold as s using (order_id, line_no)
        )
        select count(*) filter (taken_back > sold), count(*) filter (returned_at < ordered_at),
            count(*) filter (is_elsewhere), count(*)
        from matched
    """).fetchone()
    assert (overdrawn, early, elsewhere) == (0, 0, 0)
    assert matched == 7_136
