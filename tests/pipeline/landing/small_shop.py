"""A small landing folder and its warehouse, and the rows the tests start from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.landing import LoadSummary, load_drops
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading

ORDER_HEADER = "order_id,ordered_at,customer_ref,loyalty_id,email,phone,channel,store_id,currency,status"
LINE_HEADER = "order_id,line_no,product_id,quantity,unit_price,discount_amount"
ORDERS = f"{ORDER_HEADER}\no1,2024-01-01T10:00:00,c1,,,,store,s1,EUR,\no2,2024-01-01T11:00:00,,,,,web,,EUR,completed\n"
LINES = f"{LINE_HEADER}\no1,1,p1,2,1.50,0.50\no1,2,p2,1,3,\no2,1,p1,1,1.5,0\n"


@dataclass
class Shop:
    """Drops files and loads them."""

    settings: Settings

    def drop(self, entity: str, day: str, content: str | bytes, name: str = "part.csv") -> Path:
        """Write a file of a drop."""
        path = self.settings.landing / entity / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def drop_sales(self, day: str = "2024-01-01", orders: str = ORDERS, lines: str = LINES) -> None:
        """Write a drop of orders and of their lines."""
        self.drop("sales/orders", day, orders)
        self.drop("sales/order_lines", day, lines)

    def load(
        self, day: str = "2024-12-31", report: Callable[[str], None] = lambda message: None, **changes: object
    ) -> LoadSummary:
        """Load as of a day, and check that every file's rows are accounted for."""
        summary = load_drops(replace(self.settings, **changes), date.fromisoformat(day), "run", report)
        for file in summary.files:
            assert file.rows_read == file.rows_loaded + file.rows_repeated + file.rows_quarantined + file.rows_waiting
        return summary

    def rows(self, query: str) -> list[tuple]:
        """Ask the warehouse."""
        with open_for_reading(self.settings) as connection:
            return connection.execute(query).fetchall()

    def reasons(self, entity: str) -> list[tuple]:
        """Row numbers and rules in quarantine."""
        return self.rows(f"select row_number, rule from quarantine.{entity.replace('/', '_')} order by all")


def make_shop(folder: Path) -> Shop:
    """An empty landing folder and an empty home; drops are not blocked for bad rows unless a test says so."""
    settings = Settings(
        home=folder / "home",
        landing=folder / "landing",
        timezone="UTC",
        max_bad_share=1.0,
        keep_versions=7,
        offer_budget=None,
        control_share=0.1,
        memory="1GB",
        threads=2,
    )
    return Shop(settings)
