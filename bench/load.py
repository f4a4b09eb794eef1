"""Load order lines into raw with every row rule and the accounting, beside DuckDB's bare CREATE TABLE AS of the files.

The orders were loaded the night before; what is measured is the whole command `python -m pipeline load` of the night
in which the lines land, and a process that opens a new DuckDB file and creates the table from them, types detected.
"""

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from bench.measuring import Comparison, Measured, compare, make_table, measure, positive, run_apart
from pipeline.errors import RapportError
from pipeline.progress import say

TITLE = "order lines into raw, beside DuckDB's bare CREATE TABLE AS"
FIRST_DAY, LINES_DAY = "2024-01-01", "2024-01-02"
MOST_MEMORY = 8 * 2**30


@dataclass(frozen=True)
class Format:
    """One kind of file: how the peer reads it, and how many times the peer's time the product may take."""

    name: str
    reader: str
    most: float


FORMATS = (Format("parquet", "read_parquet", 3), Format("csv", "read_csv", 2))

# Orders of one to nine lines, in the order in which they came; every value follows from its place.
_LINES = """
    create table lines as
    with orders as (select range as number, 1 + hash(range) % 9 as size from range({orders})),
    numbered as (select number, unnest(range(1, size::bigint + 1)) as line_no from orders)
    select printf('o%09d', number) as order_id, line_no::integer as line_no,
        printf('p%05d', hash(number, line_no) % 30000) as product_id,
        (1 + hash(line_no, number) % 4)::decimal(18, 3) as quantity,
        (0.5 + (hash(number, line_no, 7) % 10000) / 100)::decimal(18, 2) as unit_price,
        if(hash(number * 3, line_no) % 10 = 0, 0.25, 0)::decimal(18, 2) as discount_amount
    from numbered limit {lines}
"""
_ORDERS = """
    select order_id, timestamp '2024-01-01 10:00:00' as ordered_at, 'c' || hash(order_id) % 1000000 as customer_ref
    from (select distinct order_id from lines) order by order_id
"""
_CONTENT = (
    "select count(*), sum(hash(order_id, line_no::varchar, product_id, quantity::decimal(18, 3), "
    "unit_price::decimal(18, 8), discount_amount::decimal(18, 2))::hugeint) from {}"
)
_QUIET = "set enable_progress_bar = false"
_PEER = "import sys, duckdb; duckdb.connect(sys.argv[1], config={'threads': sys.argv[2]}).execute(sys.argv[3])"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--lines", type=positive, default=20_000_000, help="order lines (default: 20,000,000)")
    parser.add_argument("--pairs", type=positive, default=5, help="runs of product and peer in turn (default: 5)")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Measure both formats; Markdown with the figures and which goal holds."""
    say(f"making {options.lines:,} order lines …")
    run_apart(_make_files, folder, options.lines)
    rows = []
    for kind in FORMATS:
        bench = _Bench(folder, kind)
        bench.prove_same_rows()
        compared = compare(kind.name, bench.run_product, bench.run_peer, options.pairs)
        rows.append(_describe(kind, bench.file.stat().st_size, compared))
    header = (
        *("files", "MB", "CPU s", "bare CPU s", "ratio of CPU", "ratio of wall"),
        *("peak GiB", "bare peak GiB", "goal", "holds"),
    )
    return (
        f"{options.lines:,} order lines, {options.pairs} pairs, {os.cpu_count()} cores, DuckDB {duckdb.__version__}; "
        f"medians\n\n{make_table(header, rows)}"
    )


@dataclass(frozen=True)
class _Bench:
    """Product and peer on files of one format. Each run starts from the same state, made before the clock runs."""

    folder: Path
    kind: Format

    @property
    def file(self) -> Path:
        """The landed lines."""
        return self.folder / f"lines.{self.kind.name}"

    @property
    def home(self) -> Path:
        """Where the product works."""
        return self.folder / "home"

    @property
    def table(self) -> Path:
        """The peer's DuckDB file."""
        return self.folder / "peer.duckdb"

    def run_product(self) -> Measured:
        """One night's load of the lines, the orders being there."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(_prepare_orders(self.folder), self.home, symlinks=True)
        _land(self.home, "order_lines", LINES_DAY, self.file)
        return measure([sys.executable, "-m", "pipeline", "load", "--date", LINES_DAY], _environment(self.home))

    def run_peer(self) -> Measured:
        """The same bytes into a table, without a question."""
        self.table.unlink(missing_ok=True)
        query = f"create table lines as select * from {self.kind.reader}('{self.file}')"
        threads = str(os.cpu_count() or 1)
        return measure([sys.executable, "-c", _PEER, str(self.table), threads, query], _environment(self.home))

    def prove_same_rows(self) -> None:
        """Refuse to compare unless both hold the same rows."""
        self.run_product()
        self.run_peer()
        ours = run_apart(_read_content, self.home / "warehouse.duckdb", "raw.sales_order_lines")
        theirs = run_apart(_read_content, self.table, "lines")
        if ours != theirs:
            raise RapportError(
                f"{self.kind.name}: the load holds {ours[0]:,} rows, the peer {theirs[0]:,} or other ones"
            )
        say(f"{self.kind.name}: both hold the same {ours[0]:,} rows")


def _make_files(folder: Path, lines: int) -> None:
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as connection:
        connection.execute(_QUIET)
        connection.execute(_LINES.format(orders=lines // 5 + lines // 50 + 10, lines=lines))
        for name in ("lines.parquet", "lines.csv"):
            connection.execute(f"copy lines to '{folder / name}'")
        connection.execute(f"copy ({_ORDERS}) to '{folder / 'orders.parquet'}'")
    (folder / "none.csv").write_text("order_id,line_no,product_id,quantity,unit_price\n")


def _read_content(path: Path, table: str) -> tuple:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute(_QUIET)
        return connection.execute(_CONTENT.format(table)).fetchone()


def _prepare_orders(folder: Path) -> Path:
    """A home in which the orders have been loaded the night before."""
    home = folder / "night_before"
    if not home.exists():
        _land(home, "orders", FIRST_DAY, folder / "orders.parquet")
        _land(home, "order_lines", FIRST_DAY, folder / "none.csv")
        measure([sys.executable, "-m", "pipeline", "load", "--date", FIRST_DAY], _environment(home))
    return home


def _land(home: Path, entity: str, day: str, file: Path) -> None:
    drop = home / "landing" / "sales" / entity / day
    drop.mkdir(parents=True)
    (drop / file.name).symlink_to(file)


def _environment(home: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    root = str(Path(__file__).resolve().parent.parent)
    return {**plain, "RAPPORT_HOME": str(home), "PYTHONPATH": root}


def _describe(kind: Format, size: int, compared: Comparison) -> list[str]:
    memory = max(measured.peak_memory for measured in compared.product)
    holds = compared.cpu_ratio <= kind.most and memory < MOST_MEMORY
    return [
        kind.name,
        f"{size / 1e6:,.0f}",
        f"{median(measured.cpu for measured in compared.product):.1f}",
        f"{median(measured.cpu for measured in compared.peer):.1f}",
        f"{compared.cpu_ratio:.2f}",
        f"{compared.wall_ratio:.2f}",
        f"{memory / 2**30:.1f}",
        f"{max(measured.peak_memory for measured in compared.peer) / 2**30:.1f}",
        f"at most {kind.most:g} times, under 8 GiB",
        "yes" if holds else "**no**",
    ]
