"""The command line: python -m datasets NAME --landing DIR [--split], and python -m datasets demo NAME."""

import argparse
import sys
from difflib import get_close_matches
from pathlib import Path

from datasets import dirt
from datasets.demo import prepare_demo
from datasets.landing import ADAPTERS, land_dataset
from datasets.mapping import command as mapping
from datasets.simulated import options as simulated
from datasets.simulated.summary import Simulated
from datasets.summary import render_summary
from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings

EXAMPLES = """examples:
  python -m datasets online_retail --landing /tmp/landing
      one first load, dated the last day of the data
  python -m datasets complete_journey --landing /tmp/landing --split
      one drop a day, as a shop would have sent them
  python -m datasets demo complete_journey
      prepare RAPPORT_HOME for a demo; prints the date to run the night for
  python -m datasets map shop.yml --check
      your own exports: what would land, and every problem; python -m datasets map --help
  python -m datasets dirt --landing /tmp/landing --ledger /tmp/dirt.parquet
      plant violations of every rule into drops that are there; the ledger tells them one by one
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        options = _read_options(words)
        settings = Settings.from_environment()
        if options.command == "demo":
            landed = prepare_demo(settings, options.name)
            text = landed.text if isinstance(landed, Simulated) else render_summary(landed)
            print(text, file=sys.stderr, end="")
            print(landed.last_day)
        elif options.command == dirt.NAME:
            dirt.run_command(settings, options)
        elif options.command == mapping.NAME:
            mapping.run_command(settings, options)
        elif options.command == "simulated":
            print(simulated.run(settings, options).text, end="")
        else:
            landing = options.landing.expanduser().absolute()
            print(render_summary(land_dataset(settings, options.command, landing, options.split)), end="")
    except RapportError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted; drops already written are whole.", file=sys.stderr)
        return 130
    return 0


def _read_options(words: list[str]) -> argparse.Namespace:
    if words and not words[0].startswith("-"):
        _check_name(words[0], [*ADAPTERS, "simulated", "demo", dirt.NAME, mapping.NAME])
    options = _make_parser().parse_args(words)
    if options.command == "demo":
        _check_name(options.name, [*ADAPTERS, "simulated"])
    return options


def _make_parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m datasets", description=__doc__, epilog=EXAMPLES, formatter_class=layout
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="NAME")
    for name, adapter in ADAPTERS.items():
        about = f"{adapter.about}, as landing drops"
        command = commands.add_parser(name, help=about, description=about, epilog=EXAMPLES, formatter_class=layout)
        command.add_argument(
            "--landing", required=True, type=Path, metavar="DIR", help="folder for the drops; made if it is missing"
        )
        command.add_argument("--split", action="store_true", help="one drop for each day instead of one first load")
    simulated.add_options(commands)
    about = "prepare RAPPORT_HOME for a demo of a data set and print the date to run"
    demo = commands.add_parser("demo", help=about, description=about, epilog=EXAMPLES, formatter_class=layout)
    demo.add_argument("name", metavar="NAME", help=f"the data set: {', '.join(ADAPTERS)}, simulated")
    dirt.add_command(commands)
    mapping.add_command(commands)
    return parser


def _check_name(word: str, known: list[str]) -> None:
    """One sentence about a misspelt name, with the name that was meant where one is near."""
    if word in known:
        return
    near = get_close_matches(word.lower().replace("-", "_"), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"the names are {', '.join(known)}."
    raise UsageError(f"There is no data set named {word!r}; {hint}")


if __name__ == "__main__":
    sys.exit(main())
