"""Drops may come in any order, twice, late and changed: the warehouse is the same in the end."""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, permutations
from pathlib import Path

import pytest

from datasets.dirt import plant_dirt
from pipeline.landing import load_drops
from pipeline.settings import Settings
from tests.warehouse_contents import checksum_tables
from tests.whole_shop import land_whole_shop

FIRST = date(2024, 1, 1)
DAYS = 5
# The night after the last drop but one: the last day's drop holds rows that wait.
LAST = FIRST + timedelta(days=DAYS)

File = tuple[str, bytes]
"""A file's name inside the landing folder, and its content."""


def make_settings(home: Path, landing: Path) -> Settings:
    return Settings(
        home=home,
        landing=landing,
        timezone="UTC",
        max_bad_share=0.3,
        keep_versions=7,
        offer_budget=None,
        control_share=0.1,
        memory="1GB",
        threads=2,
        secret="a secret for tests",
    )


@dataclass
class Warehouse:
    """A landing folder of its own and what was loaded from it."""

    settings: Settings

    def receive(self, files: Sequence[File]) -> None:
        for name, content in files:
            path = self.settings.landing / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def load(self, as_of: date) -> None:
        load_drops(self.settings, as_of, "run", lambda message: None)

    def can_load(self) -> bool:
        return all(list((self.settings.landing / f"sales/{name}").glob("*/*")) for name in ("orders", "order_lines"))

    def contents(self, without: tuple[str, ...] = ()) -> dict[str, tuple]:
        return checksum_tables(self.settings.warehouse, without)


@pytest.fixture
def make_warehouse(tmp_path) -> Callable[[], Warehouse]:
    """Warehouses with a home each; the landing folder, whose path some sentences tell, is emptied for each."""
    homes = (tmp_path / f"home{number}" for number in count())

    def make() -> Warehouse:
        shutil.rmtree(tmp_path / "landing", ignore_errors=True)
        return Warehouse(make_settings(next(homes), tmp_path / "landing"))

    return make


class SmallShop:
    """Random drops with few keys and few values, so that rows often repeat, change, change back, clash and fail."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def make_drops(self) -> list[list[File]]:
        """Five days of orders, lines and products; the second day's drops come once more under the last date."""
        drops = []
        makers = {"orders": self.make_orders, "order_lines": self.make_lines, "products": self.make_products}
        for entity, make_rows in makers.items():
            for day in range(DAYS):
                today = FIRST + timedelta(days=day)
                header, rows = make_rows(today)
                drops.append(self.split_into_files(f"sales/{entity}/{today}", header, rows))
            again = [(name.replace(str(FIRST + timedelta(days=1)), str(LAST)), text) for name, text in drops[-4]]
            drops.append(again)
        return drops

    def make_orders(self, today: date) -> tuple[str, list[str]]:
        dollars = self.chance.choice((None, None, 7))
        days = [today] * 12 + [today + timedelta(days=1)] * 2 + [today + timedelta(days=5)]
        rows = [
            f"o{number},{self.chance.choice(days)},{self.chance.choice(('c1', 'c2', ''))},"
            f"{self.chance.choice(('store', 'web') * 8 + ('tv',))},{'USD' if number == dollars else 'EUR'},"
            f"{self.chance.choice(('completed', 'cancelled'))}"
            for number in range(8)
            if number in (0, 1, 2) or self.chance.random() < 0.6
        ]
        return "order_id,ordered_at,customer_ref,channel,currency,status", self.double(rows)

    def make_lines(self, today: date) -> tuple[str, list[str]]:
        rows = [
            f"o{order},{line},{self.chance.choice('AB')},{self.chance.choice((1,) * 9 + (2, -1))},1.5"
            for order in self.choose(9)
            for line in self.choose(2)
        ]
        return "order_id,line_no,product_id,quantity,unit_price", self.double(rows)

    def make_products(self, today: date) -> tuple[str, list[str]]:
        rows = [
            f"p{number},{self.chance.choice('AB')},{self.chance.choice((1,) * 9 + (-1,))}" for number in self.choose(7)
        ]
        return "product_id,name,list_price", self.double(rows)

    def choose(self, most: int) -> list[int]:
        return [number for number in range(most) if self.chance.random() < 0.7]

    def double(self, rows: list[str]) -> list[str]:
        """Some rows twice, in any order."""
        rows = rows + [row for row in rows if self.chance.random() < 0.1]
        self.chance.shuffle(rows)
        return rows

    def split_into_files(self, folder: str, header: str, rows: list[str]) -> list[File]:
        parts = [rows[::2], rows[1::2]] if self.chance.random() < 0.4 else [rows]
        files = [(f"{folder}/{n}.csv", "\n".join([header, *part, ""]).encode()) for n, part in enumerate(parts)]
        if self.chance.random() < 0.08:
            files.append((f"{folder}/z.csv", b"caf\xe9\n"))
        return files

    def order_arrivals(self, drops: list[list[File]]) -> list[list[File]]:
        """The drops shuffled; two of them come first as they were before somebody mended them."""
        arrivals = list(drops)
        self.chance.shuffle(arrivals)
        for drop in self.chance.sample(drops, 2):
            before = [(name, self.forget_rows(text)) for name, text in drop]
            arrivals.insert(self.chance.randint(0, arrivals.index(drop)), before)
        return arrivals

    def forget_rows(self, text: bytes) -> bytes:
        header, *rows = text.splitlines(keepends=True)
        return b"".join([header, *(row.replace(b"A", b"B") for row in rows if self.chance.random() < 0.6)])


@pytest.mark.parametrize("seed", range(3))
def test_drops_one_at_a_time_in_any_order_end_as_all_at_once(make_warehouse, seed):
    shop = SmallShop(seed)
    drops = shop.make_drops()
    at_once = make_warehouse()
    for drop in drops:
        at_once.receive(drop)
    at_once.load(LAST)
    wanted = at_once.contents()
    assert_everything_happened(wanted)
    for _ in range(2):
        one_by_one = make_warehouse()
        for arrival in shop.order_arrivals(drops):
            one_by_one.receive(arrival)
            if one_by_one.can_load():
                one_by_one.load(LAST)
        assert one_by_one.contents() == wanted


def test_night_after_night_ends_as_all_at_once(make_warehouse):
    drops = SmallShop(7).make_drops()
    at_once = make_warehouse()
    for drop in drops:
        at_once.receive(drop)
    at_once.load(LAST)
    nightly = make_warehouse()
    for drop in drops:
        nightly.receive(drop)
    for day in range(DAYS + 1):
        nightly.load(FIRST + timedelta(days=day))
    # How many rows waited is told of the night that took the file: that is what differs.
    assert nightly.contents(without=("rows_waiting",)) == at_once.contents(without=("rows_waiting",))


def test_lines_wait_no_more_once_an_older_version_of_their_order_is_there(make_warehouse):
    files = [
        (f"sales/order_lines/{FIRST}/a.csv", b"order_id,line_no,product_id,quantity,unit_price\no1,1,A,1,1\n"),
        (f"sales/orders/{LAST}/a.csv", b"order_id,ordered_at\no1,2024-01-07\n"),
        ("sales/orders/2024-01-02/a.csv", b"order_id,ordered_at\no1,2024-01-02\n"),
    ]
    found = []
    for order in permutations(files):
        warehouse = make_warehouse()
        for file in order:
            warehouse.receive([file])
            if warehouse.can_load():
                warehouse.load(LAST)
        found.append(warehouse.contents())
    assert all(contents == found[0] for contents in found)


def test_every_entity_with_dirt_in_any_order(make_warehouse):
    at_once = make_warehouse()
    last_day = land_whole_shop(at_once.settings.landing, days=3, size=20)
    landing = at_once.settings.landing
    plant_dirt(at_once.settings, landing, landing.parent / "dirt.parquet", seed=1)
    at_once.load(last_day)
    wanted = at_once.contents()
    assert min(rows for table, (rows, *_) in wanted.items() if table.startswith(("raw.", "quarantine."))) > 0
    files = [(str(path.relative_to(landing)), path.read_bytes()) for path in sorted(landing.rglob("*.*"))]
    assert len(files) > 200
    chance = random.Random(1)
    for _ in range(2):
        chance.shuffle(files)
        in_parts = make_warehouse()
        for part in range(4):
            in_parts.receive(files[part::4])
            in_parts.load(last_day)
        assert in_parts.contents() == wanted


def assert_everything_happened(contents: dict[str, tuple]) -> None:
    """The drops held bad rows and repeats; a test of nothing would pass as well."""
    for tables in ("raw.sales_{}", "quarantine.sales_{}", "landing.sales_{}_repeats"):
        assert sum(contents[tables.format(name)][0] for name in ("orders", "order_lines", "products")) > 3
