"""What columns a landed file has, and whether it can be used at all. Looks at headers and footers, not at rows."""

import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.landing.entities import Entity
from pipeline.landing.masking import mask_text
from pipeline.warehouse import quote_literal

UNREADABLE = "unreadable_file"
MISSING_COLUMN = "missing_column"
AS_TEXT = "AS TEXT"

# Lines of the CSV reader's message that say what is wrong without showing the file's content, which may be personal.
_SAFE_LINES = re.compile(
    r"CSV Error on Line: \d+|Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote found\."
    r"|Invalid unicode.*|The CSV Parser state machine .*|Maximum line size of .*"
)
_CHUNK = 1 << 20

# Parquet types that come as they are; nested, binary and other ones are read as text.
_KEPT_TYPES = (
    *("VARCHAR", "BOOLEAN", "TIMESTAMP", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT"),
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
)


@dataclass(frozen=True)
class Shape:
    """How files are read: as Parquet or CSV, the columns in the file's order, and for Parquet their types."""

    is_parquet: bool
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()

    @property
    def places(self) -> dict[str, int]:
        """Where each column stands, by its name as the contract writes it."""
        return {plain_name(column): place for place, column in enumerate(self.columns)}


class Unusable(Exception):
    """A file that can't be used: the rule it breaks and a sentence without personal data."""

    def __init__(self, rule: str, sentence: str):
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence


def find_shapes(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, Shape | Unusable]:
    """The shape of each file, or why it has none."""
    shapes: dict[Path, Shape | Unusable] = {}
    shapes |= _look_at_parquet(connection, [path for path in paths if is_parquet(path)])
    for path in paths:
        if path not in shapes:
            shapes[path] = _look_at_file(connection, path)
    return shapes


def check_columns(entity: Entity, shape: Shape) -> list[str]:
    """The columns the contract does not know; raise Unusable when one it needs is missing or stands there twice."""
    names = [plain_name(column) for column in shape.columns]
    doubled = sorted({name for name in names if names.count(name) > 1 and name in entity.column_names})
    if doubled:
        raise Unusable(UNREADABLE, f"it has the column {doubled[0]} more than once; name each column once")
    missing = [name for name in entity.required_names if name not in names]
    if missing:
        # without one known name the "header" may be a row of somebody's data: it is not repeated
        is_header = any(name in entity.column_names for name in names)
        found = f"it has: {mask_text(', '.join(names))[:300]}" if is_header else "is its first line a header?"
        raise Unusable(MISSING_COLUMN, f"it has no column {', '.join(missing)}, which {entity.path} needs; {found}")
    return [name for name in names if name not in entity.column_names]


def describe_error(path: Path, error: Exception) -> str:
    """What a reader said, without the lines of the file that it likes to quote."""
    if isinstance(error, UnicodeDecodeError) or "not utf-8 encoded" in str(error):
        return "it is not UTF-8; export it as UTF-8"
    if isinstance(error, EOFError):
        return "its gzip ends too early; send it again"
    if isinstance(error, zlib.error):
        return "its gzip is damaged; send it again"
    if isinstance(error, OSError):
        return f"it can't be opened ({error.strerror or error}); is it what its name says?"
    lines = [line.strip() for line in str(error).splitlines()]
    if is_parquet(path):
        return f"the Parquet reader says: {mask_text(lines[0].replace(str(path), path.name))[:300]}; send it again"
    told = [line.removeprefix("Invalid Input Error: ") for line in lines]
    told = [line for line in told if _SAFE_LINES.fullmatch(line)]
    return f"the CSV reader says: {'; '.join(told) or 'the file is malformed'}; mend it and send it again"


def is_parquet(path: Path) -> bool:
    """Whether a file says of itself that it is Parquet; all others are CSV."""
    return path.name.lower().endswith(".parquet")


def plain_name(column: str) -> str:
    """A column's name as the contract writes it."""
    return column.strip().lower()


def list_paths(paths: Sequence[Path]) -> str:
    """Files as an SQL list, each standing for itself whatever characters its name has."""
    escaped = (re.sub(r"([*?\[])", r"[\1]", str(path)) for path in paths)
    return f"[{', '.join(quote_literal(path) for path in escaped)}]"


def _look_at_parquet(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> dict[Path, Shape]:
    """The columns of all Parquet files with one call; nothing when one is broken, for then each is looked at alone."""
    if not paths:
        return {}
    try:
        rows = connection.execute(
            f"select file_name, name, num_children, duckdb_type from parquet_schema({list_paths(paths)}) "
            "order by file_name, column_id"
        ).fetchall()
    except duckdb.Error:
        return {}
    by_file: dict[str, list[tuple[str, int | None, str]]] = {}
    for file_name, *column in rows:
        by_file.setdefault(file_name, []).append(tuple(column))
    return {path: _shape_of(by_file[str(path)]) for path in paths if str(path) in by_file}


def _look_at_file(connection: duckdb.DuckDBPyConnection, path: Path) -> Shape | Unusable:
    try:
        if not is_parquet(path):
            return _look_at_csv(path)
        query = f"select name, num_children, duckdb_type from parquet_schema({list_paths([path])}) order by column_id"
        return _shape_of(connection.execute(query).fetchall())
    except Unusable as problem:
        return problem
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        return Unusable(UNREADABLE, describe_error(path, error))


def _shape_of(rows: Sequence[tuple[str, int | None, str]]) -> Shape:
    """The top-level columns from a Parquet schema, which lists the tree depth first behind its root."""
    columns, types, position = [], [], 1

    def skip(at: int) -> int:
        following = at + 1
        for _ in range(rows[at][1] or 0):
            following = skip(following)
        return following

    while position < len(rows):
        name, children, duckdb_type = rows[position]
        columns.append(name)
        types.append(duckdb_type if not children and duckdb_type.startswith(_KEPT_TYPES) else AS_TEXT)
        position = skip(position)
    return Shape(True, tuple(columns), tuple(types))


def _look_at_csv(path: Path) -> Shape:
    """The header. A gzip is unpacked to its end, since DuckDB takes one that was cut short for whole."""
    unpack = open
    if path.name.lower().endswith(".gz"):
        unpack = gzip.open
        with gzip.open(path, "rb") as packed:
            while packed.read(_CHUNK):
                pass
    with unpack(path, "rt", encoding="utf-8-sig", newline="") as handle:
        header = next(csv.reader(handle), None)
    if not header:
        raise Unusable(UNREADABLE, "it is empty; a CSV file needs a header at the least")
    if any("\0" in name for name in header):
        raise Unusable(UNREADABLE, "its header holds NUL bytes; export it as UTF-8 text")
    return Shape(False, tuple(header))
