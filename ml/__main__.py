"""The models' own command line: how good they are, measured on public data."""

import argparse
import importlib
import sys
from pathlib import Path

from ml.evaluation.report import EvaluationError
from ml.params import ParamsError, load_params

# Each is a module in ml/evaluation with TITLE and run(params, data), which returns Markdown: `params` is every knob
# (ml.params.Params), `data` the folder of data files.
EVALUATIONS = ("churn", "lifetime", "alive", "timing", "baskets", "recommend", "lists")

_DATA = Path(__file__).resolve().parent.parent / "datasets" / "data"
_EXAMPLES = """examples:
  python -m ml evaluate                           every evaluation
  python -m ml evaluate lifetime                  one of them
  python -m ml evaluate lifetime > lifetime.md    the tables go to a file, progress stays on the screen
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the evaluations asked for and print a Markdown section for each; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        params = load_params()
        for name in options.names or EVALUATIONS:
            evaluation = importlib.import_module(f"ml.evaluation.{name}")
            print(f"## {name}: {evaluation.TITLE}\n\n{evaluation.run(params, options.data)}\n", flush=True)
    except ParamsError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 2
    except EvaluationError as error:
        print(f"ml: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ml: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    described = {"epilog": _EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__.splitlines()[0], **described)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    known = "\n".join(f"  {name:<12} {importlib.import_module(f'ml.evaluation.{name}').TITLE}" for name in EVALUATIONS)
    evaluate = commands.add_parser(
        "evaluate",
        help="models beside naive rules, as Markdown",
        description=f"Judge models on data they have not seen, beside naive rules.\n\nevaluations:\n{known}",
        **described,
    )
    evaluate.add_argument("names", nargs="*", type=_evaluation, metavar="NAME", help="which ones (default: all)")
    evaluate.add_argument("--data", type=Path, default=_DATA, help="folder of data files (default: datasets/data)")
    return parser


def _evaluation(name: str) -> str:
    if name not in EVALUATIONS:
        raise argparse.ArgumentTypeError(f"{name!r} is no evaluation; known: {', '.join(EVALUATIONS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
