"""The command `python -m datasets map`: land any export that a mapping file describes."""

import argparse
from datetime import date
from pathlib import Path

from datasets.landing import check_mapping, land_mapping
from datasets.mapping.mapped import DropDates
from datasets.summary import render_summary
from pipeline.errors import UsageError
from pipeline.settings import Settings

NAME = "map"
EXAMPLE = Path(__file__).with_name("example.yml")
_ABOUT = "land your own exports: a YAML file says how CSV or Parquet files become landing drops"
_EPILOG = """examples:
  python -m datasets map --example > shop.yml
      a commented mapping to start from, with the export it reads
  python -m datasets map shop.yml --check
      the first rows as they would land, and every problem; writes nothing
  python -m datasets map shop.yml --landing /srv/landing
      write the drops, dated the last event's day; refused while there is a problem
  python -m datasets map shop.yml --landing /srv/landing --split
      one drop for each day of the export, for a first load of years

Exit code 0: landed (or checked without a problem), 2: a problem or a wrong call, 1: anything else.
All keys of a mapping: docs/how-to/map-your-data.md
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
    command.add_argument("mapping", nargs="?", type=Path, metavar="FILE", help="the mapping, a YAML file")
    command.add_argument("--landing", type=Path, metavar="DIR", help="folder for the drops; made if it is missing")
    command.add_argument("--check", action="store_true", help="show first rows and every problem; write nothing")
    command.add_argument("--sources", type=Path, metavar="DIR", help="where the sources are (default: beside FILE)")
    dating = command.add_mutually_exclusive_group()
    dating.add_argument("--split", action="store_true", help="one drop for each day instead of one drop")
    dating.add_argument("--date", metavar="YYYY-MM-DD", help="the drop's date (default: the last event's day)")
    command.add_argument("--example", action="store_true", help="print a mapping to start from")


def run_command(settings: Settings, options: argparse.Namespace) -> None:
    """Print the example, the check's report or the summary; raises UsageError when there are problems."""
    if options.example:
        print(EXAMPLE.read_text(encoding="utf-8"), end="")
        return
    if options.mapping is None:
        raise UsageError("Which mapping? Name its file: python -m datasets map shop.yml --check (or see --example).")
    folder = options.sources.expanduser().absolute() if options.sources else None
    dates = DropDates(options.split, _read_date(options.date))
    if options.check:
        report, problems = check_mapping(settings, options.mapping, dates, folder)
        print(report, end="")
        if problems:
            raise UsageError(f"{options.mapping} would be refused; mend what is listed and check again.")
    elif options.landing is None:
        raise UsageError("Say where the drops go with --landing DIR, or look first with --check.")
    else:
        landing = options.landing.expanduser().absolute()
        print(render_summary(land_mapping(settings, options.mapping, landing, dates, folder)), end="")


def _read_date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"--date {text} is not a date; write it as 2024-03-31.") from None
