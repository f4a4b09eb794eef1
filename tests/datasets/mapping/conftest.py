"""A small shop whose mapping is right, so that each test can break one thing."""

import pytest

from datasets.landing import check_mapping
from datasets.mapping.mapped import DropDates, open_mapping
from pipeline.settings import Settings

MAPPING = """\
name: corner_shop
currency: GBP
timezone: Europe/London
sources:
  till:
    path: till.csv
    types: {Qty: "decimal(18,3)", Price: "decimal(18,2)"}
entities:
  sales/orders:
    from: till
    where: Qty > 0
    one_row_per: Receipt
    columns:
      order_id: Receipt
      ordered_at: Time
      customer_ref: Card
  sales/order_lines:
    from: till
    where: Qty > 0
    columns:
      order_id: Receipt
      line_no: Line
      product_id: Article
      quantity: Qty
      unit_price: Price
  sales/returns:
    from: till
    where: Qty < 0
    columns:
      return_id: Receipt || '-' || Line
      returned_at: Time
      product_id: Article
      quantity: -Qty
      refund_amount: -Qty * Price
"""
TILL = """\
Receipt,Line,Time,Card,Article,Qty,Price
1001,1,2024-03-01 09:12:00,C-17,A1,2,3.50
1001,2,2024-03-01 09:12:00,C-17,B4,1,24.00
1002,1,2024-03-01 11:40:00,,A1,1,3.50
1003,1,2024-03-04 10:05:00,C-17,B4,-1,24.00
"""


class Shop:
    """A folder with a mapping and its export; `replace` changes what stands in either."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "shop.yml"
        self.till = folder / "till.csv"
        self.landing = folder / "landing"
        self.settings = Settings.from_environment({"RAPPORT_HOME": str(folder / "home")})
        self.path.write_text(MAPPING)
        self.till.write_text(TILL)

    def replace(self, old, new, file=None):
        file = file or self.path
        text = file.read_text()
        assert text.count(old) >= 1, f"{old!r} is not in {file.name}"
        file.write_text(text.replace(old, new, 1))

    def add(self, text):
        self.path.write_text(self.path.read_text() + text)

    def add_rows(self, *rows):
        self.till.write_text(self.till.read_text() + "".join(f"{row}\n" for row in rows))

    def find(self, dates=None):
        """What is found wrong."""
        with open_mapping(self.settings, self.path, dates or DropDates()) as mapped:
            return mapped.findings

    def report(self, dates=None):
        return check_mapping(self.settings, self.path, dates or DropDates())[0]


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)
