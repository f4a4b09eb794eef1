"""The command line of the bench: one entry, or all of them."""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

from pipeline.errors import RapportError

# Each is a module here with TITLE, add_options(parser) and run(options, folder), which returns Markdown.
ENTRIES = (
    *(
        "load",
        "identity",
        "keeping",
        "causes",
        "planted",
        "lifetime",
        "value",
        "churn",
        "warehouse",
        "segments",
        "nights",
    ),
    *("baskets", "recommend"),
)

_EXAMPLES = """examples:
  python -m bench                              every entry at its full size
  python -m bench load --lines 5000000         a quick look
  python -m bench load --pairs 7 > load.md     more pairs; the table goes to a file, progress stays on the screen

CPU seconds, children included, are the figure: wall time on a shared machine swings several times as much.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the entries and print a Markdown section for each; return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        for chosen in [options] if options.entry else [parser.parse_args([name]) for name in ENTRIES]:
            entry = importlib.import_module(f"bench.{chosen.entry}")
            with tempfile.TemporaryDirectory(prefix=f"bench-{chosen.entry}-", dir=chosen.folder) as folder:
                section = entry.run(chosen, Path(folder))
            print(f"## {chosen.entry}: {entry.TITLE}\n\n{section}\n", flush=True)
    except RapportError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"bench: {where}{error.strerror or error}; is the disk full? --folder takes another", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    described = {"epilog": _EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0], **described)
    parser.set_defaults(entry=None)
    entries = parser.add_subparsers(title="entries", metavar="NAME")
    for name in ENTRIES:
        entry = importlib.import_module(f"bench.{name}")
        command = entries.add_parser(name, help=entry.TITLE, description=entry.__doc__, **described)
        command.set_defaults(entry=name)
        command.add_argument("--folder", type=Path, help="where files are made meanwhile (default: the system's own)")
        entry.add_options(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
