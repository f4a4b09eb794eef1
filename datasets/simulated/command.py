"""Simulate a first load, or the day after a night as people would react to its offers."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from datasets.drops import list_other_drops
from datasets.simulated.landing import Landing
from datasets.simulated.offers import Sending
from datasets.simulated.parameters import Behaviour
from datasets.simulated.rendering import Renderer
from datasets.simulated.response import read_published
from datasets.simulated.retailer import Retailer, live_day, open_retailer
from datasets.simulated.seen import Seen
from datasets.simulated.state import load_state
from datasets.simulated.summary import Simulated, summarise
from datasets.simulated.truth import Truth, forget_truth
from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_in_memory

FIRST_DAY = date(2024, 1, 1)
# events before 1990 are refused by the landing contract, and members may have joined years before the first day
_EARLIEST, _LATEST = date(1995, 1, 1), date(2200, 1, 1)
_MOST_CUSTOMERS, _MOST_DAYS = 10_000_000, 20_000
_SECONDS_BETWEEN_PROGRESS = 5


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
    """Simulate so many people over so many days into a landing folder; the truth goes to a folder of its own.

    With `split` there is a drop for each day, else one first load. Raises UsageError when the call makes no sense.
    """
    _check_call(landing, truth, customers, days, seed, first_day)
    started = time.monotonic()
    print(f"Simulating {customers:,} people over {days:,} days ...", file=sys.stderr)
    with _explain_failures(landing):
        retailer = open_retailer(seed, first_day, customers, days, behaviour or Behaviour())
        forget_truth(truth)
        return _live(settings, retailer, landing, truth, days, split, started)


def respond(settings: Settings, published: Path, landing: Path, truth: Path) -> Simulated:
    """Land one more day, as the people of `truth` live it after the offers in the folder `published`."""
    started = time.monotonic()
    retailer = load_state(truth)
    print(f"Living {retailer.date_of(retailer.day)} after the offers in {published} ...", file=sys.stderr)
    with _explain_failures(landing):
        make_folder(settings.temporary)
        with open_in_memory(settings) as connection:
            sending, notes = read_published(connection, published, truth, retailer)
        return _live(settings, retailer, landing, truth, 1, True, started, sending, notes)


def _live(
    settings: Settings,
    retailer: Retailer,
    folder: Path,
    truth_folder: Path,
    days: int,
    split: bool,
    started: float,
    sending: Sending | None = None,
    notes: list[str] | None = None,
) -> Simulated:
    make_folder(settings.temporary)
    make_folder(truth_folder)
    seen = Seen(retailer)
    renderer = Renderer(retailer, seen)
    truth = Truth(truth_folder, retailer, renderer)
    first, last = retailer.day, retailer.day + days - 1
    notes, told = list(notes or []), started
    with Landing(folder, retailer, renderer, truth, split) as landing, open_in_memory(settings) as connection:
        for day in range(first, last + 1):
            prices = retailer.shelf.price.copy()
            nobody = live_day(retailer, sending)
            landing.land_day(day, last, np.flatnonzero(retailer.shelf.price != prices))
            if nobody:
                notes.append(f"{nobody:,} offers could not be sent: the person has neither card nor account.")
            if time.monotonic() - told > _SECONDS_BETWEEN_PROGRESS:
                told = time.monotonic()
                _report(retailer, day, told - started)
        # the drops come before the truth: cut in between, the same call lives the same days again
        drops = landing.finish()
        truth.write(connection, seen.list_identifiers(), last)
        # a further day is meant to lie beside what was landed before
        others = list_other_drops(folder, drops) if first == 0 else []
        seconds = time.monotonic() - started
        return summarise(connection, retailer, landing, truth_folder, drops, others, seconds, notes)


def _report(retailer: Retailer, day: int, seconds: float) -> None:
    print(
        f"  {retailer.date_of(day)}: {retailer.counters['order']:,} orders, {retailer.totals['lines']:,} lines, "
        f"{seconds:.0f} s",
        file=sys.stderr,
    )


def _check_call(landing: Path, truth: Path, customers: int, days: int, seed: int, first_day: date) -> None:
    for option, value, least, most in (
        ("--customers", customers, 1, _MOST_CUSTOMERS),
        ("--days", days, 1, _MOST_DAYS),
        ("--seed", seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise UsageError(f"{option} {value} must lie between {least:,} and {most:,}.")
    if first_day < _EARLIEST or first_day + timedelta(days=days) > _LATEST:
        raise UsageError(f"--first-day {first_day} must lie so that all days are between {_EARLIEST} and {_LATEST}.")
    if truth == landing or truth.is_relative_to(landing):
        raise UsageError(f"--truth {truth} lies in the landing folder, which the pipeline reads; give another folder.")


@contextmanager
def _explain_failures(landing: Path) -> Iterator[None]:
    """Say in a sentence what the machine refused."""
    try:
        yield
    except OSError as error:
        raise RapportError(
            f"Can't write drops into {landing} or the truth beside it ({error.strerror or error}); give folders you "
            "may write, on a disk with room."
        ) from None
    except MemoryError:
        raise RapportError("The simulation needs more memory than there is; ask for fewer customers.") from None
    except duckdb.Error as error:
        raise RapportError(f"The truth can't be written or read: {str(error).splitlines()[0]}") from None
