"""What becomes of each kind of till line, and that the real data tie out to the cent."""

import json
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from datasets.landing import ADAPTERS, land_dataset, locate_mapping
from datasets.mapping.mapped import DropDates, open_mapping
from pipeline.settings import Settings

SOURCE_TABLES = """
create table transactions (household_id bigint, store_id bigint, basket_id bigint, product_id bigint, quantity bigint,
    sales_value double, retail_disc double, coupon_disc double, coupon_match_disc double,
    transaction_timestamp timestamp);
create table products (product_id bigint, department varchar, brand varchar, product_category varchar,
    product_type varchar, package_size varchar);
create table campaigns (campaign_id bigint, household_id bigint);
create table campaign_descriptions
    (campaign_id bigint, campaign_type varchar, start_date timestamp, end_date timestamp);
create table coupons (coupon_upc bigint, product_id bigint, campaign_id bigint);
create table coupon_redemptions (household_id bigint, coupon_upc bigint, campaign_id bigint, redemption_date timestamp);
create table demographics (household_id bigint, age varchar, income varchar, home_ownership varchar,
    marital_status varchar, household_size varchar, household_comp varchar, kids_count varchar);
insert into products values
    (10, 'GROCERY', 'Private', 'SOUP', 'TOMATO SOUP', '10 OZ'),
    (11, 'GROCERY', 'National', 'SNACKS', 'PRETZELS', null),
    (12, 'MISCELLANEOUS', 'National', null, null, '2 LB'),
    (90, 'COUPON', 'National', 'COUPONS/STORE & MFG', 'COUPONS/STORE & MFG', null);
"""
NOON = "2017-03-01 12:00:00"


class Shop:
    """Source tables in the making; `map` works the mapping out over them and answers questions about what it gives."""

    def __init__(self, folder):
        self.folder = folder
        self.source = duckdb.connect()
        self.source.execute(SOURCE_TABLES)
        self.mapping = None

    def add(self, table, *rows):
        for row in rows:
            self.source.execute(f"insert into {table} values ({', '.join('?' for _ in row)})", row)

    def sell(self, *lines, household=7, basket=1, at=NOON):
        """Lines are (product, quantity, sales value, retail, coupon and matched discount)."""
        self.add("transactions", *((household, 300, basket, *line, at) for line in lines))

    def fetch(self, query):
        if self.mapping is None:
            for (table,) in self.source.execute("select table_name from duckdb_tables()").fetchall():
                self.source.execute(f"copy {table} to '{self.folder}/{table}.parquet' (format parquet)")
            settings = Settings.from_environment({"RAPPORT_HOME": str(self.folder / "home")})
            path = locate_mapping("complete_journey")
            self.mapping = open_mapping(settings, path, DropDates(), folder=self.folder)
            self.connection = self.mapping.__enter__().connection
        return self.connection.execute(query).fetchall()

    def close(self):
        self.source.close()
        if self.mapping is not None:
            self.mapping.__exit__(None, None, None)


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ((10, 2, 3.0, 0.5, 0, 0), "sale"),
        ((10, 1, 0.0, 2.5, 0, 0), "free through a discount"),
        ((10, 1, 8.9e-16, 2.5, 0, 0), "free through a discount"),
        ((11, 1, 0.0, 0, 0, 0), "free item"),
        ((90, 1, 0.0, 0, 0, 0), "coupon slip"),
        ((90, 1, 2.0, 0, 0, 0), "sale"),
        ((10, 0, 0.57, 0, 0, 0), "money without a quantity"),
        ((10, 0, 8.9e-16, 0, 0, 0), "empty till entry"),
        ((99, 0, 0, 0, 1.5, 0), "maker's coupon alone"),
        ((10, -1, 3.0, 0, 0, 0), None),
        ((10, 1, None, 0, 0, 0), None),
    ],
)
def test_each_kind_of_line_is_told_apart(shop, line, kind):
    shop.sell(line)
    assert shop.fetch("select kind from source_lines") == [(kind,)]


def test_money_without_a_quantity_is_landed_with_quantity_one(shop):
    shop.sell((10, 0, 0.57, 0, 0, 0))
    lines = shop.fetch("select quantity, unit_price, discount_amount from landing.sales_order_lines")
    assert lines == [(1, Decimal("0.57"), 0)]


def test_the_price_is_the_shelf_price_and_a_makers_coupon_does_not_lower_it(shop):
    shop.sell((10, 4, 6.0, 1.5, 0.75, 0.5))
    lines = shop.fetch("select unit_price, discount_amount from landing.sales_order_lines")
    assert lines == [(Decimal("2.00"), Decimal("2.00"))]


def test_fuel_keeps_its_cents_over_many_thousandths_of_a_gallon(shop):
    shop.sell((12, 89_638, 217.31, 8.96, 0, 0))
    query = "select round(quantity * unit_price, 2), discount_amount from landing.sales_order_lines"
    assert shop.fetch(query) == [(Decimal("226.27"), Decimal("8.96"))]


def test_a_basket_of_lines_left_out_is_no_order(shop):
    shop.sell((10, 0, 0, 0, 0, 0), (99, 0, 0, 0, 1.5, 0))
    assert shop.fetch("select count(*) from landing.sales_orders") == [(0,)]


def test_a_name_is_type_and_size_and_an_unknown_product_has_none(shop):
    shop.sell((10, 1, 1, 0, 0, 0), (98, 1, 1, 0, 0, 0), (99, 0, 0, 0, 0, 0))
    assert shop.fetch("select product_id, name from landing.sales_products order by 1") == [
        ("10", "TOMATO SOUP 10 OZ"),
        ("11", "PRETZELS"),
        ("12", None),
        ("90", "COUPONS/STORE & MFG"),
        ("98", None),
    ]


def test_lines_are_numbered_in_the_basket_without_gaps_for_those_left_out(shop):
    shop.sell((9, 0, 0, 0, 0, 0), (11, 1, 1, 0, 0, 0), (10, 0, 0, 0, 0, 0), (12, 1, 1, 0, 0, 0))
    lines = shop.fetch("select line_no, product_id from landing.sales_order_lines order by 1")
    assert lines == [(1, "11"), (2, "12")]


def test_a_coupon_is_named_where_the_household_redeemed_one_for_the_product_that_day(shop):
    shop.add("coupons", (500, 10, 3), (500, 10, 3), (400, 10, 3), (300, 10, 3), (500, 11, 3))
    today, tomorrow = "2017-03-01", "2017-03-02"
    shop.add("coupon_redemptions", (7, 500, 3, today), (7, 400, 3, today), (7, 300, 3, tomorrow), (8, 300, 3, today))
    shop.sell((10, 1, 1, 0, 0.5, 0), (11, 1, 1, 0, 0, 0))
    lines = shop.fetch("select coupon_id, offer_id from landing.sales_order_lines order by line_no")
    assert lines == [("400", "3-7"), (None, None)]


def test_a_redemption_names_its_order_only_where_the_household_bought_once_that_day(shop):
    shop.add("coupon_redemptions", (7, 500, 3, "2017-03-01"), (8, 500, 3, "2017-03-01"))
    shop.sell((10, 1, 1, 0, 0, 0))
    shop.sell((10, 1, 1, 0, 0, 0), household=8, basket=2)
    shop.sell((10, 1, 1, 0, 0, 0), household=8, basket=3)
    found = shop.fetch("select redemption_id, offer_id, order_id from landing.loyalty_redemptions order by 1")
    assert found == [("3-7-500-20170301", "3-7", "1"), ("3-8-500-20170301", "3-8", None)]


def test_a_campaign_that_starts_after_the_last_sale_is_not_landed_yet(shop):
    shop.add("campaign_descriptions", (3, "Type A", "2016-12-01", "2017-04-01"), (4, "Type B", "2017-03-02", None))
    shop.add("campaigns", (3, 7), (4, 7))
    shop.sell((10, 1, 1, 0, 0, 0))
    found = shop.fetch("select offer_id, program, arm from landing.loyalty_exposures")
    assert found == [("3-7", "Type A", "treatment")]


def test_a_member_has_the_attributes_that_are_known_and_joined_with_the_first_purchase(shop):
    shop.add("demographics", (7, "45-54", None, None, "Married", "2", None, "0"))
    shop.sell((10, 1, 1, 0, 0, 0))
    shop.sell((10, 1, 1, 0, 0, 0), household=8, basket=2)
    members = shop.fetch("select loyalty_id, enrolled_at, attributes from landing.loyalty_members order by 1")
    assert members[0][:2] == ("7", datetime.fromisoformat(NOON))
    assert json.loads(members[0][2]) == {
        "age": "45-54",
        "marital_status": "Married",
        "household_size": "2",
        "kids": "0",
    }
    assert members[1][2] is None


def test_the_real_data_tie_out_with_the_source(tmp_path):
    settings = Settings.from_environment({"RAPPORT_HOME": str(tmp_path)})
    landed = land_dataset(settings, "complete_journey", settings.landing)
    path = str(ADAPTERS["complete_journey"].find_folder() / "transactions.parquet")
    total, lines = duckdb.execute(
        "select sum(sales_value)::decimal(18, 2), count(*) from read_parquet(?)", [path]
    ).fetchone()
    result = landed.reconciliation
    assert (result.source_total, result.source_lines) == (total, lines) == (Decimal("4596039.58"), 1_469_307)
    assert (result.landed_sales, result.landed_refunds) == (total, 0)
    assert {total.kind.name: total.lines for total in result.totals} == {
        "sale": 1_458_032,
        "free through a discount": 2_143,
        "free item": 92,
        "money without a quantity": 29,
        "coupon slip": 171,
        "maker's coupon alone": 2_978,
        "empty till entry": 5_862,
    }
    assert landed.last_day.isoformat() == "2018-01-01"
    assert landed.rows["loyalty", "redemptions"] == 2_102
    assert landed.rows["loyalty", "exposures"] == 6_589
