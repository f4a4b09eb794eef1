"""The command line: a whole night, one stage of it, or a look at what is there."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path

from pipeline.errors import RapportError, UsageError
from pipeline.settings import Settings
from pipeline.stages import STAGES, run_night, run_stage

_EXAMPLES = """examples:
  python -m pipeline nightly --date 2018-01-01     the whole night, as of the end of that day
  python -m pipeline load --date 2018-01-01        one stage of it
  python -m pipeline retrain                       train the churn model on what is known, for the nights to come
  python -m pipeline drops                         the drops that have landed
  python -m pipeline rebuild --date 2017-11-30     the published tables as they were at the end of an earlier day
  python -m pipeline summary                       the last published night, once more
  python -m pipeline summary --files               each file of the last run, and where its rows ended
  python -m pipeline versions                      published versions; the current one is marked
  python -m pipeline rollback                      readers go back to the version before
  python -m pipeline dictionary                    docs/data-dictionary.md anew, after a model's description changed

State lives under RAPPORT_HOME, drops are read from RAPPORT_LANDING.
Exit codes of nightly: 0 published; 1 it failed; 2 wrong call or settings; 3 a gate refused; 130 interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. What is wrong is said in a sentence, not a traceback."""
    options = _parser().parse_args(arguments)
    try:
        options.run(Settings.from_environment(), options)
    except RapportError as error:
        print(f"rapport: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"rapport: {where}{error.strerror or error}; is the disk full or read-only?", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("rapport: interrupted; run the same command again to start over where it matters", file=sys.stderr)
        return 130
    except Exception as error:
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        print(f"rapport: {type(error).__name__}: {first_line} (set RAPPORT_DEBUG=1 for the traceback)", file=sys.stderr)
        if _wants_traceback():
            raise
        return 1
    return 0


def _wants_traceback() -> bool:
    return bool(os.environ.get("RAPPORT_DEBUG"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="Turn a retailer's drops into published customer decisions.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(commands, "nightly", "run the whole night", _run_nightly, dated=True)
    rebuilt = _add(commands, "rebuild", "the published tables as of the end of any day", _rebuild, dated=True)
    rebuilt.add_argument(
        "--since",
        type=_parse_date,
        metavar="YYYY-MM-DD",
        help="tell the nights from this one on anew, too; without it the history before --date is taken as it was told",
    )
    retrained = _add(commands, "retrain", "train the churn model anew, for the nights after the last one", _retrain)
    retrained.add_argument(
        "--date", type=_parse_date, metavar="YYYY-MM-DD", help="the as-of date of the last night, which is the default"
    )
    exported = _add(
        commands, "training-rows", "what the churn model learns from, as a Parquet file", _export_rows, dated=True
    )
    exported.add_argument("--to", required=True, type=Path, metavar="FILE", help="the file to write")
    _add(commands, "drops", "list landed drops", _list_drops)
    commands.choices["drops"].add_argument("--last", action="store_true", help="print only the newest drop's date")
    _add(commands, "summary", "show the last published night", _show_summary)
    commands.choices["summary"].add_argument(
        "--files", action="store_true", help="instead, each file of the last run, and where its rows ended"
    )
    _add(commands, "versions", "list published versions", _list_versions)
    _add(commands, "rollback", "make the version before the current one current", _roll_back)
    dbt = _add(commands, "dbt", "any dbt command against the warehouse, as of a date", _run_dbt, dated=True)
    dbt.add_argument(
        "arguments", nargs="+", metavar="ARGUMENT", help="after --: what dbt is given, such as: -- docs generate"
    )
    _add(commands, "dictionary", "write docs/data-dictionary.md from the descriptions of the models", _write_dictionary)
    for stage in STAGES:
        command = _add(commands, stage.name.replace("_", "-"), f"stage: {stage.title.lower()}", _run_one, dated=True)
        command.set_defaults(stage=stage.name)
    return parser


def _add(commands, name, help_text, run, dated=False) -> argparse.ArgumentParser:
    example = f"example:\n  python -m pipeline {name}" + (" --date 2018-01-01" if dated else "")
    command = commands.add_parser(
        name,
        help=help_text,
        description=help_text.capitalize() + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if dated:
        command.add_argument("--date", required=True, type=_parse_date, metavar="YYYY-MM-DD", help="the as-of date")
    command.set_defaults(run=run)
    return command


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2018-01-31") from None


def _run_nightly(settings: Settings, options: argparse.Namespace) -> None:
    run_night(settings, options.date)
    _show_summary(settings, options)


def _run_one(settings: Settings, options: argparse.Namespace) -> None:
    run_stage(options.stage, settings, options.date)


def _rebuild(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.rebuild import rebuild

    folder = rebuild(settings, options.date, options.since)
    print(f"The tables as of the end of {options.date}: {folder / 'crm.duckdb'} and {folder / 'parquet'}")
    print("What is published, and the next night, are as they were.")


def _retrain(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.train import retrain

    built = retrain(settings, options.date)
    print(f"A model is trained on what was known at the end of {built}; it answers on the nights after that.")


def _export_rows(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.train import export_training_rows

    rows = export_training_rows(settings, options.date, options.to)
    print(f"{options.to}: {rows:,} rows, one per past as-of date and customer")


def _run_dbt(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.dbt import run_dbt

    print(run_dbt(settings, options.date, *options.arguments))


def _write_dictionary(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.dictionary import DICTIONARY, write_dictionary

    tables = write_dictionary(settings)
    print(f"{DICTIONARY}: {tables} tables")


def _show_summary(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.report import summarise, summarise_files

    print(summarise_files(settings) if vars(options).get("files") else summarise(settings))


def _list_drops(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.landing.drops import discover_drops

    drops, warnings = discover_drops(settings.landing, date.max)
    if options.last:
        print(max(drop.drop_on for drop in drops))
        return
    for drop in drops:
        print(f"{drop.drop_on}  {drop.entity.path}  {len(drop.files)} files")
    for warning in warnings:
        print(f"ignored: {warning}", file=sys.stderr)


def _list_versions(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.publish.versions import current_version, sealed_versions

    current = current_version(settings)
    for folder in sealed_versions(settings):
        print(f"{'*' if folder.resolve() == current else ' '} {folder.name}")


def _roll_back(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.publish.versions import current_version, point_current_at, sealed_versions

    versions = [folder.resolve() for folder in sealed_versions(settings)]
    current = current_version(settings)
    if current not in versions or versions.index(current) == 0:
        raise UsageError("there is no older version to go back to; see: python -m pipeline versions")
    older = versions[versions.index(current) - 1]
    point_current_at(settings, older)
    print(f"current is now {older.name}")
