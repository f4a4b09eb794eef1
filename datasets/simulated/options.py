"""The options of `python -m datasets simulated`."""

import argparse
from dataclasses import replace
from datetime import date
from pathlib import Path

from datasets.dirt import plant_dirt, render_planted
from datasets.simulated.command import FIRST_DAY, respond, simulate
from datasets.simulated.summary import Simulated
from pipeline.errors import UsageError
from pipeline.settings import Settings

ABOUT = "a simulated retailer whose truth is known: every entity, and why each customer did what they did"
EXAMPLES = """examples:
  python -m datasets simulated --landing /tmp/landing --truth /tmp/truth
      2,000 people over 400 days, in one first load
  python -m datasets simulated --customers 500000 --days 400 --seed 7 --landing /tmp/landing --truth /tmp/truth
      about 20 million order lines
  python -m datasets simulated --respond var/published/current --landing /tmp/landing --truth /tmp/truth
      the day after a night: the same people, as they react to the offers it published
  python -m datasets simulated --dirt --landing /tmp/landing --truth /tmp/truth
      the first load with bad rows and files among the good ones
"""


def add_options(commands: argparse._SubParsersAction) -> None:
    """Add the command to those of `python -m datasets`."""
    layout = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser("simulated", help=ABOUT, description=ABOUT, epilog=EXAMPLES, formatter_class=layout)
    command.add_argument("--landing", required=True, type=Path, metavar="DIR", help="folder for the drops")
    command.add_argument("--truth", required=True, type=Path, metavar="DIR", help="folder for the truth, outside it")
    command.add_argument("--customers", type=int, metavar="N", help="people who come within the days (2000)")
    command.add_argument("--days", type=int, metavar="D", help="days to simulate (400)")
    command.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same bytes (1)")
    command.add_argument("--first-day", type=_read_date, metavar="DATE", help=f"({FIRST_DAY})")
    command.add_argument("--split", action="store_true", help="one drop for each day instead of one first load")
    command.add_argument(
        "--dirt",
        action="store_true",
        help="plant violations of every rule of the landing contract among the drops; TRUTH/dirt.parquet lists them",
    )
    command.add_argument(
        "--respond", type=Path, metavar="PUBLISHED_DIR", help="land one more day, answering the offers in this folder"
    )


def run(settings: Settings, options: argparse.Namespace) -> Simulated:
    """Do what the options say."""
    landing, truth = (path.expanduser().absolute() for path in (options.landing, options.truth))
    given = {
        name: getattr(options, name)
        for name in ("customers", "days", "seed", "first_day")
        if getattr(options, name) is not None
    }
    if options.respond is None:
        simulated = simulate(settings, landing, truth, split=options.split, **given)
        return _add_dirt(settings, simulated, options.seed) if options.dirt else simulated
    if given or options.split or options.dirt:
        raise UsageError(
            "--respond goes on with the simulation in --truth; leave out --customers, --days, --seed, --first-day, "
            "--split, --dirt."
        )
    return respond(settings, options.respond.expanduser().absolute(), landing, truth)


def _add_dirt(settings: Settings, simulated: Simulated, seed: int | None) -> Simulated:
    planted = plant_dirt(settings, simulated.landing, simulated.truth / "dirt.parquet", seed or 0)
    return replace(simulated, text=f"{simulated.text}\n{render_planted(planted)}")


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2024-01-01") from None
