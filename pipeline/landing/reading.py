"""Getting the rows of many files into temporary tables as they came, and finding the files that can't be read."""

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipeline.landing.entities import TEXT, Entity
from pipeline.warehouse import quote_literal

UNREADABLE = "unreadable_file"
MISSING_COLUMN = "missing_column"

# Lines of the CSV reader's message that say what is wrong without showing the file's content, which may be personal.
_SAFE_LINES = re.compile(
    r"CSV Error on Line: \d+|Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote found\."
    r"|Invalid unicode.*|The CSV Parser state machine .*|Maximum line size of .*"
)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class NumberedFile:
    """A file of the batch being loaded; rows carry its number."""

    number: int
    path: Path


@dataclass(frozen=True)
class Part:
    """Rows of files that have the same columns. `relation` is SQL with _file_id, _row and every raw_<column>."""

    relation: str
    types: dict[str, str]


@dataclass
class Reading:
    """What came of reading a batch: parts, files that can't be used (rule and sentence), and unknown columns."""

    parts: list[Part] = field(default_factory=list)
    problems: dict[int, tuple[str, str]] = field(default_factory=dict)
    unknown: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Shape:
    """How the files of one part are read: as Parquet or CSV, and the columns in the file's order."""

    is_parquet: bool
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()


class _Unusable(Exception):
    """A file that can't be used: the rule it breaks and a sentence."""

    def __init__(self, rule: str, sentence: str):
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence


def read_files(connection: duckdb.DuckDBPyConnection, entity: Entity, files: Sequence[NumberedFile]) -> Reading:
    """Read every file once. Files that can't be used are named in `problems`; their rows are in no part."""
    reading = Reading()
    shapes: dict[_Shape, list[NumberedFile]] = {}
    parquet_shapes = _look_at_parquet(connection, [file for file in files if _is_parquet(file.path)])
    for file in files:
        try:
            shape = parquet_shapes.get(file.number) or _look_at_file(connection, file.path)
            for column in _check_columns(entity, shape):
                reading.unknown.setdefault(column, []).append(file.number)
        except _Unusable as problem:
            reading.problems[file.number] = (problem.rule, problem.sentence)
        else:
            shapes.setdefault(shape, []).append(file)
    for shape, alike in shapes.items():
        _read_alike(connection, entity, shape, alike, reading)
    return reading


def drop_parts(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """Give back the room of a batch that is done."""
    for number in range(len(reading.parts)):
        connection.execute(f"drop table if exists arrived_{number}")


def _look_at_parquet(connection: duckdb.DuckDBPyConnection, files: list[NumberedFile]) -> dict[int, _Shape]:
    """The columns of all Parquet files with one call; nothing when one is broken, for then each is looked at alone."""
    if not files:
        return {}
    try:
        rows = connection.execute(
            f"select file_name, name, num_children, duckdb_type from parquet_schema({_paths(files)}) "
            "order by file_name, column_id"
        ).fetchall()
    except duckdb.Error:
        return {}
    by_file: dict[str, list[tuple[str, int | None, str]]] = {}
    for file_name, *column in rows:
        by_file.setdefault(file_name, []).append(tuple(column))
    return {file.number: _shape_of(by_file[str(file.path)]) for file in files if str(file.path) in by_file}


def _look_at_file(connection: duckdb.DuckDBPyConnection, path: Path) -> _Shape:
    try:
        if _is_parquet(path):
            rows = connection.execute(
                f"select name, num_children, duckdb_type from parquet_schema({quote_literal(path)}) order by column_id"
            ).fetchall()
            return _shape_of(rows)
        return _look_at_csv(path)
    except duckdb.Error as error:
        raise _Unusable(UNREADABLE, _describe(path, error)) from None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise _Unusable(UNREADABLE, _describe(path, error)) from None


def _shape_of(rows: Sequence[tuple[str, int | None, str]]) -> _Shape:
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
        types.append("NESTED" if children else duckdb_type)
        position = skip(position)
    return _Shape(True, tuple(columns), tuple(types))


def _look_at_csv(path: Path) -> _Shape:
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
        raise _Unusable(UNREADABLE, f"{path.name} is empty; a CSV file needs a header at the least")
    return _Shape(False, tuple(header))


def _check_columns(entity: Entity, shape: _Shape) -> list[str]:
    """The columns the contract does not know, or _Unusable when one it needs is missing or stands there twice."""
    names = [_plain(column) for column in shape.columns]
    doubled = sorted({name for name in names if names.count(name) > 1 and name in entity.column_names})
    if doubled:
        raise _Unusable(UNREADABLE, f"it has the column {doubled[0]} more than once")
    missing = [name for name in entity.required_names if name not in names]
    if missing:
        raise _Unusable(
            MISSING_COLUMN,
            f"it has no column {', '.join(missing)}, which {entity.path} needs; it has: {', '.join(names)[:300]}",
        )
    return [name for name in names if name not in entity.column_names]


def _read_alike(
    connection: duckdb.DuckDBPyConnection, entity: Entity, shape: _Shape, files: list[NumberedFile], reading: Reading
) -> None:
    """Read files of one shape together; when that fails, halve them until the broken ones stand alone."""
    table = f"arrived_{len(reading.parts)}"
    try:
        connection.execute(_read_sql(entity, shape, files, table))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if "no space left" in str(error).lower():
            raise
        if len(files) == 1:
            reading.problems[files[0].number] = (UNREADABLE, _describe(files[0].path, error))
            return
        middle = len(files) // 2
        _read_alike(connection, entity, shape, files[:middle], reading)
        _read_alike(connection, entity, shape, files[middle:], reading)
    else:
        reading.parts.append(_part_of(entity, shape, table))


def _read_sql(entity: Entity, shape: _Shape, files: list[NumberedFile], table: str) -> str:
    places = {_plain(column): place for place, column in enumerate(shape.columns)}
    if shape.is_parquet:
        names = [_quote(column) for column in shape.columns]
        types = {name: shape.types[place] for name, place in places.items()}
        row, source = "file_row_number + 1", f"read_parquet({_paths(files)}, hive_partitioning = false)"
    else:
        names = [f"c{place}" for place in range(len(shape.columns))]
        types = {}
        declared = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        row = "0"
        source = (
            f"read_csv({_paths(files)}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
            f"strict_mode = true, hive_partitioning = false, columns = {{{declared}}})"
        )
    selected = []
    for column in entity.column_names:
        if column not in places:
            value = "cast(null as varchar)"
        elif types.get(column) == "NESTED":
            value = f"cast({names[places[column]]} as varchar)"
        else:
            value = names[places[column]]
        selected.append(f"{value} as raw_{column}")
    return (
        f"create or replace temp table {table} as select {_file_number_sql(files)} as _file_id, {row} as _row, "
        f"{', '.join(selected)} from {source}"
    )


def _part_of(entity: Entity, shape: _Shape, table: str) -> Part:
    if shape.is_parquet:
        types = {_plain(column): kind for column, kind in zip(shape.columns, shape.types, strict=True)}
        known = {name: kind for name, kind in types.items() if name in entity.column_names}
        return Part(table, {name: TEXT if kind == "NESTED" else kind for name, kind in known.items()})
    present = {_plain(column) for column in shape.columns}
    # The CSV reader does not number rows; a temporary table keeps them in the file's order.
    relation = (
        f"(select came.* replace (came.rowid - starts.first_rowid + 1 as _row) from {table} as came "
        f"join (select _file_id, min(rowid) as first_rowid from {table} group by _file_id) as starts using (_file_id))"
    )
    return Part(relation, {name: TEXT for name in entity.column_names if name in present})


def _file_number_sql(files: list[NumberedFile]) -> str:
    numbers = [file.number for file in files]
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"cast(file_index + {numbers[0]} as integer)"
    return f"cast(({numbers})[file_index + 1] as integer)"


def _paths(files: Sequence[NumberedFile]) -> str:
    return f"[{', '.join(quote_literal(_escape_glob(str(file.path))) for file in files)}]"


def _escape_glob(path: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", path)


def _is_parquet(path: Path) -> bool:
    return path.name.lower().endswith(".parquet")


def _plain(column: str) -> str:
    return column.strip().lower()


def _quote(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _describe(path: Path, error: Exception) -> str:
    """What a reader said, without the lines of the file that it likes to quote."""
    if isinstance(error, UnicodeDecodeError) or "not utf-8 encoded" in str(error):
        return "it is not UTF-8; export it as UTF-8"
    if isinstance(error, EOFError):
        return "its gzip ends too early; send it again"
    if isinstance(error, OSError):
        return f"it can't be opened ({error.strerror or error})"
    lines = [line.strip() for line in str(error).splitlines()]
    if _is_parquet(path):
        return f"the Parquet reader says: {lines[0][:300]}"
    told = [line.removeprefix("Invalid Input Error: ") for line in lines]
    told = [line for line in told if _SAFE_LINES.fullmatch(line)]
    return f"the CSV reader says: {'; '.join(told) or 'the file is malformed'}"
