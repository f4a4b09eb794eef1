"""A loader that is killed at any moment and started again ends as if nothing had happened."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path

import duckdb
import pytest

from pipeline.landing import load_drops
from pipeline.settings import Settings
from pipeline.stages import run_stage
from tests.integration.conftest import ROOT
from tests.integration.test_loading_in_any_order import LAST, SmallShop
from tests.warehouse_contents import checksum_tables
from tests.whole_shop import FIRST_DAY, land_whole_shop

KILLS = 20
DAYS = 3
SIZE = 2500
# A kill that came when the loader had ended already proves nothing. How long it works changes with what else the
# machine does, so such a one is tried again, by the time that the loader has just taken.
TRIES = 4
LEAST_HITS = 16
STATEMENTS_SEED = 5

BAD_ORDERS = b"order_id,ordered_at,currency\n" + b"".join(b"bad-%d,never,EUR\n" % number for number in range(200))


@dataclass(frozen=True)
class Start:
    """What a loader finds when it starts: a home as it was, or none; and how long it works on it when left alone."""

    home: Path | None
    seconds: float


@dataclass(frozen=True)
class Shop:
    """A landing folder, the homes a loader starts from, and what must be there in the end."""

    folder: Path
    last_day: date
    starts: tuple[Start, ...]
    wanted: dict[str, tuple]


def make_settings(folder: Path, home: Path) -> Settings:
    return Settings.from_environment(make_environment(folder, home))


def make_environment(folder: Path, home: Path) -> dict[str, str]:
    return {
        "RAPPORT_HOME": str(home),
        "RAPPORT_LANDING": str(folder / "landing"),
        "RAPPORT_SECRET": "a secret for tests",
        "RAPPORT_MEMORY": "1GB",
        "RAPPORT_THREADS": "2",
    }


def start_loader(folder: Path, home: Path, last_day: date) -> subprocess.Popen:
    """Start the command in a process of its own and wait until it has begun to work."""
    begun = read_signs(home)
    environment = {**os.environ, **make_environment(folder, home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipeline", "load", "--date", str(last_day)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while read_signs(home) == begun:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "the loader did not begin to work within a minute"
        time.sleep(0.002)
    return process


def read_signs(home: Path) -> list[tuple[str, int]]:
    """Names and times of the home's files: they change when the loader opens the warehouse."""
    return sorted((path.name, path.stat().st_mtime_ns) for path in home.glob("warehouse.duckdb*"))


def read_contents(home: Path) -> dict[str, tuple]:
    """Checksums of raw, quarantine and landing, and of the identifiers in the vault."""
    contents = checksum_tables(home / "warehouse.duckdb")
    with duckdb.connect(str(home / "vault.duckdb"), read_only=True) as connection:
        row = "hash(kind, token, value)"
        contents["vault.identifiers"] = connection.execute(
            f"select count(*), bit_xor({row}), sum({row}::hugeint) from identifiers"
        ).fetchone()
    return contents


def copy_home(start: Start, home: Path) -> None:
    if start.home:
        shutil.copytree(start.home, home)
    else:
        home.mkdir()


def measure_start(folder: Path, home: Path | None, last_day: date, copy: Path) -> Start:
    copy_home(Start(home, 0), copy)
    process = start_loader(folder, copy, last_day)
    begun = time.monotonic()
    assert process.wait(timeout=120) == 0, process.stderr.read()
    return Start(home, time.monotonic() - begun)


def kill_loader(shop: Shop, start: Start, home: Path, moment: float) -> tuple[bool, float]:
    """Kill a loader when this share of its time has passed: whether it was still at work, and its time as now known."""
    copy_home(start, home)
    process = start_loader(shop.folder, home, shop.last_day)
    begun = time.monotonic()
    try:
        process.wait(timeout=start.seconds * moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            return True, start.seconds
    return False, time.monotonic() - begun


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """Two starts: from nothing, and from a home that loaded the first day and an older version of one file."""
    folder = tmp_path_factory.mktemp("killed")
    landing = folder / "landing"
    last_day = land_whole_shop(landing, days=DAYS, size=SIZE)
    changed = landing / "sales" / "orders" / str(FIRST_DAY) / "bad.csv"
    changed.write_bytes(BAD_ORDERS.replace(b"never", b"2024-03-01"))
    first_night = folder / "first_night"
    run_stage("load", make_settings(folder, first_night), FIRST_DAY)
    changed.write_bytes(BAD_ORDERS)
    starts = (
        measure_start(folder, None, last_day, folder / "undisturbed"),
        measure_start(folder, first_night, last_day, folder / "continued"),
    )
    wanted = read_contents(folder / "undisturbed")
    assert read_contents(folder / "continued") == wanted
    assert wanted["raw.sales_order_lines"][0] > DAYS * SIZE
    assert wanted["quarantine.sales_orders"][0] == 200
    return Shop(folder, last_day, starts, wanted)


def test_a_killed_load_started_again_ends_as_if_nothing_had_happened(shop):
    chance = random.Random(20)
    hits, starts = 0, list(shop.starts)
    for number in range(KILLS):
        which = number % len(starts)
        # one moment in each twentieth of the work, so that all of it is hit
        moment = (number + chance.random()) / KILLS
        for attempt in range(TRIES):
            home = shop.folder / f"killed{number}_{attempt}"
            is_hit, seconds = kill_loader(shop, starts[which], home, moment)
            starts[which] = replace(starts[which], seconds=seconds)
            assert all(path.stat().st_mode & 0o077 == 0 for path in home.glob("vault.duckdb*"))
            run_stage("load", make_settings(shop.folder, home), shop.last_day)
            assert read_contents(home) == shop.wanted, (
                f"killed at {moment:.0%} of {seconds:.2f} s, {starts[which].home}"
            )
            shutil.rmtree(home)
            if is_hit:
                hits += 1
                break
    assert hits >= LEAST_HITS, f"only {hits} of {KILLS} kills came while the loader worked"


@dataclass
class Dying:
    """A DuckDB connection whose process is killed as soon as it has run so many statements."""

    connection: duckdb.DuckDBPyConnection
    statements: Iterator[int]
    last: int

    def execute(self, *arguments):
        self.connection.execute(*arguments)
        if next(self.statements) == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def __getattr__(self, name: str):
        return getattr(self.connection, name)


def load_until(last: int, settings: Settings, as_of: date, counted: str) -> None:
    """Load, and be killed behind statement `last`; 0 for never. The number of statements goes to the file `counted`."""
    connect, statements = duckdb.connect, count(1)

    def connect_dying(*arguments, **options) -> Dying:
        connection = connect(*arguments, **options)
        # arrays that the loader hands to a query by name stand one frame further up than without Dying
        connection.execute("set python_scan_all_frames = true")
        return Dying(connection, statements, last)

    duckdb.connect = connect_dying
    load_drops(settings, as_of, "run", lambda message: None)
    Path(counted).write_text(str(next(statements) - 1))


def run_until(last: int, settings: Settings, as_of: date, counted: Path) -> int:
    """Run `load_until` in a process of its own; return its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pipeline.landing"])
    process = context.Process(target=load_until, args=(last, settings, as_of, str(counted)))
    process.start()
    process.join()
    return process.exitcode


def test_a_load_killed_behind_any_statement_ends_as_if_nothing_had_happened(tmp_path):
    """Late drops change what is there in several tables: a kill between two statements must not leave half of it."""
    drops = SmallShop(STATEMENTS_SEED).make_drops()
    late = drops[::3]
    shops = [make_settings(tmp_path, tmp_path / name) for name in ("before", "undisturbed")]
    before, undisturbed = (replace(settings, max_bad_share=0.3) for settings in shops)
    for drop in drops:
        receive(before.landing, drop if drop not in late else [])
    load_drops(before, LAST, "run", lambda message: None)
    for drop in late:
        receive(before.landing, drop)
    shutil.copytree(before.home, undisturbed.home)
    assert run_until(0, undisturbed, LAST, tmp_path / "counted") == 0
    wanted = read_contents(undisturbed.home)
    assert wanted != read_contents(before.home)
    statements = int((tmp_path / "counted").read_text())
    chance = random.Random(4)
    for part in range(KILLS):
        last = 1 + int(statements * (part + chance.random()) / KILLS)
        killed = replace(before, home=tmp_path / f"killed{part}")
        shutil.copytree(before.home, killed.home)
        assert run_until(last, killed, LAST, tmp_path / "counted") == -signal.SIGKILL
        load_drops(killed, LAST, "run", lambda message: None)
        assert read_contents(killed.home) == wanted, f"killed behind statement {last} of {statements}"


def receive(landing: Path, files: list[tuple[str, bytes]]) -> None:
    for name, content in files:
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
