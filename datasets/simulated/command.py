"""Simulate a first load, or the day after a night as people would react to its offers."""

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from datasets.drops import list_other_drops
from datasets.simulated.landing import Landing
from datasets.simulated.parameters import Behaviour
from datasets.simulated.rendering import Renderer
from datasets.simulated.response import read_published
from datasets.simulated.retailer import Retailer, live_day, open_retailer
from datasets.simulated.seen import Seen
from datasets.simulated.summary import Simulated, summarise
from datasets.simulated.truth import GROWING, Truth, load_state
from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_in_memory

FIRST_DAY = date(2024, 1, 1)
# seconds between two lines of progress
_PROGRESS_SECONDS = 5


def simulate(
    settings: Settings,
    landing: Path,
    truth: Path,
    customers: int = 2000,
    days: int = 400,
    seed: int = 1,
    first_day: date = FIRST_DAY,
    split: bool = False,
    behaviour: Behaviour | None = None,
) -> Simulated:
    """Simulate so many people over so many days into a landing folder; the truth goes to a folder of its own."""
    _check_call(landing, truth, customers, days, seed)
    started = time.monotonic()
    print(f"Simulating {customers:,} people over {days:,} days ...", file=sys.stderr)
    retailer = open_retailer(seed, first_day, customers, days, behaviour or Behaviour())
    for name in (*GROWING, "identifiers"):
        (truth / f"{name}.parquet").unlink(missing_ok=True)
    with _failures_explained(settings, landing):
        return _live(settings, retailer, landing, truth, days, split, started, lambda: None)


def respond(settings: Settings, published: Path, landing: Path, truth: Path) -> Simulated:
    """Land one more day, as the people of `truth` would live it after the offers in the folder `published`."""
    started = time.monotonic()
    retailer = load_state(truth)
    notes: list[str] = []

    def send():
        with open_in_memory(settings) as connection:
            sending, told = read_published(connection, published, truth, retailer)
        notes.extend(told)
        return sending

    print(f"Answering {published} with {retailer.date_of(retailer.day)} ...", file=sys.stderr)
    with _failures_explained(settings, landing):
        return _live(settings, retailer, landing, truth, 1, True, started, send, notes)


def _live(
    settings: Settings,
    retailer: Retailer,
    folder: Path,
    truth_folder: Path,
    days: int,
    split: bool,
    started: float,
    find_offers: Callable,
    notes: list[str] | None = None,
) -> Simulated:
    make_folder(settings.temporary)
    make_folder(truth_folder)
    sending = find_offers()
    seen = Seen(retailer)
    renderer = Renderer(retailer, seen)
    truth = Truth(truth_folder, retailer, renderer)
    last = retailer.day + days - 1
    told = started
    with Landing(folder, retailer, renderer, truth, split) as landing, open_in_memory(settings) as connection:
        for day in range(retailer.day, last + 1):
            prices = retailer.shelf.price.copy()
            live_day(retailer, sending)
            landing.land_day(day, last, np.flatnonzero(retailer.shelf.price != prices))
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                print(
                    f"  {retailer.date_of(day)}: {retailer.counters['order']:,} orders, "
                    f"{retailer.totals['lines']:,} lines, {told - started:.0f} s",
                    file=sys.stderr,
                )
        truth.take_logs(last)
        drops = landing.finish()
        truth.write(connection, seen.list_identifiers())
        others = list_other_drops(folder, drops) if find_offers() is None and not notes else []
        return summarise(
            connection, retailer, landing, truth_folder, drops, others, time.monotonic() - started, notes or []
        )


def _check_call(landing: Path, truth: Path, customers: int, days: int, seed: int) -> None:
    for label, value, least, most in (
        ("--customers", customers, 1, 20_000_000),
        ("--days", days, 1, 20_000),
        ("--seed", seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise UsageError(f"{label} {value} must lie between {least:,} and {most:,}.")
    if truth == landing or truth.is_relative_to(landing):
        raise UsageError(f"--truth {truth} lies in the landing folder, which the pipeline reads; give another folder.")


def _failures_explained(settings: Settings, landing: Path):
    from contextlib import contextmanager

    @contextmanager
    def explained():
        try:
            yield
        except OSError as error:
            raise RapportError(
                f"Can't write drops into {landing} or the truth beside it ({error.strerror or error}); "
                "give folders you may write, on a disk with room."
            ) from None
        except MemoryError:
            raise RapportError("The simulation needs more memory than there is; ask for fewer customers.") from None
        except duckdb.Error as error:
            raise RapportError(f"The simulation can't be written: {str(error).splitlines()[0]}") from None

    return explained()
