"""The files of a source before DuckDB reads them: finding them, unpacking, recoding, and the header of a CSV."""

import csv
import glob
import gzip
import re
from pathlib import Path

from datasets.mapping.declaration import FORMATS, Source
from datasets.mapping.findings import Findings

_SUFFIXES = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}
_LIKELY_DELIMITERS = {";": "';'", "\t": "tab", "|": "'|'"}
_CHUNK = 1 << 20


class Unreadable(Exception):
    """A file that can't be read; the message says why, to go on after the file's name."""


def find_files(source: Source, folder: Path, findings: Findings) -> list[Path]:
    path = folder / Path(source.path).expanduser()
    if glob.has_magic(str(source.path)):
        files = sorted(Path(found) for found in glob.glob(str(path), recursive=True) if Path(found).is_file())
        if not files:
            findings.add_problem(f"sources, {source.name}: no file is like {path}", source.path.line)
        return files
    if not path.is_file():
        what = "is a folder; name its files, such as *.csv" if path.is_dir() else "is not there"
        findings.add_problem(f"sources, {source.name}: the file {path} {what}", source.path.line)
        return []
    return [path]


def find_format(source: Source, files: list[Path], findings: Findings) -> str | None:
    if source.format:
        return source.format if source.format in FORMATS else None
    kinds = {kind for file in files for suffix, kind in _SUFFIXES.items() if file.name.lower().endswith(suffix)}
    unknown = [file for file in files if not file.name.lower().endswith(tuple(_SUFFIXES))]
    if unknown or len(kinds) > 1:
        file = (unknown or files)[0]
        told = f"{file.name} ends in none of {', '.join(_SUFFIXES)}" if unknown else "both CSV and Parquet files match"
        findings.add_problem(
            f"sources, {source.name}: {told}; say format: csv or format: parquet, or narrow the path", source.path.line
        )
        return None
    return kinds.pop()


def name_file(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def make_plain(file: Path, encoding: str, scratch: Path) -> Path:
    """The file itself when it is plain UTF-8 as DuckDB wants it, else an unpacked and recoded copy.

    A gzip is unpacked here, since DuckDB takes one that was cut short for whole.
    """
    is_packed = file.name.lower().endswith(".gz")
    if not is_packed and encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return file
    copy = scratch / f"{len(list(scratch.iterdir()))}.csv"
    try:
        unpack = gzip.open if is_packed else open
        with (
            unpack(file, "rt", encoding=encoding, newline="") as packed,
            open(copy, "w", encoding="utf-8", newline="") as out,
        ):
            while part := packed.read(_CHUNK):
                out.write(part)
    except LookupError:
        raise Unreadable(
            f"the encoding {encoding} is not known; common ones are utf-8, cp1252, latin-1, utf-16"
        ) from None
    except UnicodeError:
        raise Unreadable(f"{file.name} is not written in {encoding}; set encoding, such as encoding: cp1252") from None
    except EOFError:
        raise Unreadable(f"{file.name} is a gzip that ends too early; export it again") from None
    except OSError as error:
        raise Unreadable(f"{file.name} can't be read ({error.strerror or error})") from None
    return copy


def read_header(file: Path, shown: str, delimiter: str) -> tuple[str, ...]:
    try:
        with open(file, encoding="utf-8-sig", newline="") as handle:
            header = next(csv.reader(handle, delimiter=delimiter), None)
    except UnicodeDecodeError:
        raise Unreadable(f"{shown} is not UTF-8; set encoding, such as encoding: cp1252") from None
    except (OSError, csv.Error) as error:
        raise Unreadable(f"{shown} can't be read ({error})") from None
    if not header:
        raise Unreadable(f"{shown} is empty; a CSV file needs a header at the least")
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, 1)]
    likely = next((sign for sign in _LIKELY_DELIMITERS if len(names) == 1 and sign in names[0]), None)
    if likely:
        raise Unreadable(f"the header of {shown} is one column; set delimiter: {_LIKELY_DELIMITERS[likely]}")
    lower = [name.lower() for name in names]
    doubled = [name for name in names if lower.count(name.lower()) > 1]
    if doubled:
        raise Unreadable(f"{shown} has the column {doubled[0]} more than once")
    return tuple(names)


def describe_reader(message: str, shown: dict[Path, Path]) -> str:
    """What DuckDB's reader said, in one sentence with the file and the line. `shown` names the files a person knows."""
    read = re.search(r"file = (.+)", message)
    file = shown.get(Path(read[1]), Path(read[1])) if read else next(iter(shown.values()))
    line = re.search(r"CSV Error on Line: (\d+)", message)
    if line is None:
        for copy, original in shown.items():
            message = message.replace(str(copy), original.name)
        return f"{file.name} can't be read: {message.splitlines()[0].removeprefix('Invalid Input Error: ')}"
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if columns:
        what = (
            f"it has {columns[2]} columns where the header has {columns[1]}; is the delimiter right, a quote missing?"
        )
    elif "unterminated quote" in message:
        what = "a quote is opened and never closed"
    elif "not utf-8" in message:
        what = "it is not UTF-8; set encoding, such as encoding: cp1252"
    else:
        what = "it is not CSV as the standard has it; export the file again"
    return f"{file.name} line {line[1]} can't be read: {what}"
