"""Write a simulation's rows as landing drops: in one first load, or a drop a day; whole or not at all.

Rendering and writing go on in a second thread while the next days are lived.
"""

import filecmp
import os
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datasets.drops import UNFINISHED, Drop
from datasets.simulated.ledger import Rows
from datasets.simulated.rendering import Renderer
from datasets.simulated.retailer import Retailer
from datasets.simulated.truth import Truth

SOURCES = {
    "orders": "sales",
    "order_lines": "sales",
    "returns": "sales",
    "products": "sales",
    "stock": "sales",
    "contacts": "support",
    "members": "loyalty",
    "consents": "loyalty",
    "points": "loyalty",
    "exposures": "loyalty",
    "redemptions": "loyalty",
}
# rows of one file at most, about; also what bounds memory
FILE_ROWS = 2_000_000
# columns with few different values are worth a dictionary
_FEW_VALUES = {
    "line_no", "product_id", "coupon_id", "channel", "store_id", "currency", "status", "category", "subcategory",
    "brand", "reason", "kind", "topic", "purpose", "program", "program_tier", "arm", "quantity", "csat",
    "lead_time_days", "snapshot_on",
}  # fmt: skip
# files on their way at most: each holds its rows in memory
_MOST_WAITING = 2


class Landing:
    """A landing folder being filled. Use as a context manager; nothing appears in the folder before `finish`."""

    def __init__(self, folder: Path, retailer: Retailer, renderer: Renderer, truth: Truth, split: bool):
        self.folder, self.retailer, self.renderer, self.truth, self.split = folder, retailer, renderer, truth, split
        self.rows: dict[str, int] = {}
        self.refunds = 0
        self._parts: dict[tuple[str, date], list[Path]] = {}
        self._waiting: list[Future] = []

    def __enter__(self) -> "Landing":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._aside = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        self._writer = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *error) -> None:
        self._writer.shutdown(cancel_futures=True)
        shutil.rmtree(self._aside, ignore_errors=True)

    def land_day(self, day: int, last_day: int, changed: np.ndarray) -> None:
        """Write what the day that was just lived has made due; `changed` are products with a new price."""
        is_last = day == last_day
        drop = self.retailer.date_of(day if self.split else last_day)
        if self.split or is_last:
            everything = (self.split and day == 0) or not self.split
            products = np.arange(self.retailer.catalogue.size) if everything else changed
            if len(products):
                self._write("products", drop, self.renderer.render_products(products))
        for entity in SOURCES:
            if entity == "products":
                continue
            if self.split or is_last or self.retailer.ledger.count(entity) >= FILE_ROWS:
                rows = self.retailer.ledger.take(entity, day)
                rows = self._hold_open_contacts(rows, day, is_last) if entity == "contacts" else rows
                if rows is not None and len(rows["day"]):
                    if entity == "returns":
                        self.refunds += int(rows["refund"].sum())
                    self._submit(entity, drop, rows)

    def finish(self) -> list[Drop]:
        """Wait for the writer, then move every drop to where it belongs."""
        self._wait_for(0)
        drops = []
        for (entity, day), files in sorted(self._parts.items(), key=lambda item: (item[0][1], item[0][0])):
            target = self.folder / SOURCES[entity] / entity / day.isoformat()
            names = [f"{entity}.parquet", *(f"{entity}-{part:03d}.parquet" for part in range(2, len(files) + 1))]
            for file, name in zip(files, names, strict=True):
                drops.append(Drop(SOURCES[entity], entity, day, target / name, _move(file, target / name)))
            for old in sorted(target.glob(f"{entity}-*.parquet")):
                if old.name not in names:
                    os.unlink(old)
        return drops

    def _hold_open_contacts(self, rows: Rows | None, day: int, is_last: bool) -> Rows | None:
        """A contact lands when it is opened, without an end, and again when it is closed; in one load only once."""
        if rows is None:
            return None
        closes = rows["resolved"] // 86_400
        is_open = (rows["resolved"] >= 0) & (closes > day)
        later = {name: column[is_open] for name, column in rows.items()}
        self.retailer.ledger.add("contacts", **{**later, "day": closes[is_open]})
        if not (self.split or is_last):
            return {name: column[~is_open] for name, column in rows.items()}
        unknown = {"resolved": -1, "csat": 0, "minutes": np.nan}
        return rows | {name: np.where(is_open, value, rows[name]) for name, value in unknown.items()}

    def _submit(self, entity: str, drop: date, rows: Rows) -> None:
        self._wait_for(_MOST_WAITING - 1)
        self._waiting.append(self._writer.submit(self._render, entity, drop, rows))

    def _render(self, entity: str, drop: date, rows: Rows) -> None:
        self._write(entity, drop, self.renderer.render(entity, rows))
        self.truth.note(entity, rows)

    def _wait_for(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.pop(0).result()

    def _write(self, entity: str, drop: date, table: pa.Table) -> None:
        parts = self._parts.setdefault((entity, drop), [])
        file = self._aside / f"{entity}-{drop}-{len(parts)}.{UNFINISHED}"
        few = [name for name in table.column_names if name in _FEW_VALUES]
        pq.write_table(table, file, compression="zstd", use_dictionary=few, row_group_size=250_000)
        parts.append(file)
        self.rows[entity] = self.rows.get(entity, 0) + len(table)


def _move(file: Path, target: Path) -> bool:
    """Put a file in its place; False when the same bytes are there already, which then stay untouched."""
    if target.is_file() and filecmp.cmp(file, target, shallow=False):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(file, target)
    return True
