"""The command `python -m datasets dirt`: any clean landing folder can be dirtied."""

import argparse
import sys
from pathlib import Path

from datasets.dirt.plant import plant_dirt
from datasets.dirt.summary import render_planted
from pipeline.settings import Settings

NAME = "dirt"
_ABOUT = "plant violations of every rule of the landing contract into a clean landing folder"
_EPILOG = """examples:
  python -m datasets online_retail --landing /tmp/landing --split
  python -m datasets dirt --landing /tmp/landing --ledger /tmp/dirt.parquet
      the ledger then says, row by row, what a load must put into quarantine
  rm /tmp/landing/*/*/*/zz-dirt*
      clean again: every planted file is named so, and no other file is touched

RAPPORT_MAX_BAD_SHARE and RAPPORT_TIMEZONE should be those of the load.
"""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        NAME,
        help=_ABOUT,
        description=f"{_ABOUT.capitalize()}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--landing", required=True, type=Path, metavar="DIR", help="the clean landing folder")
    command.add_argument(
        "--ledger", required=True, type=Path, metavar="FILE", help="Parquet file to write what was planted to"
    )
    command.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed plants the same (default 0)")


def run_command(settings: Settings, options: argparse.Namespace) -> None:
    """Plant, and print the summary."""
    print("Planting dirt ...", file=sys.stderr)
    landing, ledger = (path.expanduser().absolute() for path in (options.landing, options.ledger))
    print(render_planted(plant_dirt(settings, landing, ledger, options.seed)), end="")
