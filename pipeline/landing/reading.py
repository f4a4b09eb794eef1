"""SQL that reads landed files where they lie. Files with the same columns are a part and are read together.

A file is read as often as somebody needs to look at it: once when all its rows are good. Nothing is copied aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb

from pipeline.landing.batch import Batch, NumberedFile
from pipeline.landing.entities import TEXT
from pipeline.landing.shapes import (
    AS_TEXT,
    UNREADABLE,
    Shape,
    Unusable,
    check_columns,
    describe_error,
    find_shapes,
    list_paths,
)
from pipeline.warehouse import quote_literal


@dataclass(frozen=True)
class Part:
    """Files of the batch that have the same columns. `starts` are the numbers of rows before each file's first."""

    shape: Shape
    files: tuple[NumberedFile, ...]
    starts: tuple[int, ...] | None = None

    @property
    def types(self) -> dict[str, str]:
        """The type in which each column comes."""
        if not self.shape.is_parquet:
            return dict.fromkeys(self.shape.places, TEXT)
        types = {name: self.shape.types[place] for name, place in self.shape.places.items()}
        return {name: TEXT if kind == AS_TEXT else kind for name, kind in types.items()}

    @property
    def reader(self) -> str:
        """The table function over the files."""
        paths = list_paths([file.path for file in self.files])
        if self.shape.is_parquet:
            return f"read_parquet({paths}, hive_partitioning = false)"
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(self.shape.columns)))
        return (
            f"read_csv({paths}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
            f"strict_mode = true, hive_partitioning = false, columns = {{{columns}}})"
        )

    def column_sql(self, name: str) -> str:
        """What came in a column, or NULL when the files do not have it."""
        place = self.shape.places.get(name)
        if place is None:
            return "cast(null as varchar)"
        if not self.shape.is_parquet:
            return f"c{place}"
        quoted = '"' + self.shape.columns[place].replace('"', '""') + '"'
        return f"cast({quoted} as varchar)" if self.shape.types[place] == AS_TEXT else quoted

    def pick(self, values: Sequence[str]) -> str:
        """SQL of a value that each row gets from its file: one of `values`, which are SQL, in the files' order."""
        return values[0] if len(set(values)) == 1 else f"([{', '.join(values)}])[cast(file_index as bigint) + 1]"

    @property
    def file_sql(self) -> str:
        """The name of a row's file."""
        return self.pick([quote_literal(file.name) for file in self.files])

    @property
    def drop_on_sql(self) -> str:
        """The date of a row's drop."""
        return self.pick([f"date '{file.drop_on}'" for file in self.files])

    def row_number_sql(self) -> str:
        """The number of a row in its file, from 1; see `number_rows`."""
        if self.shape.is_parquet:
            return "file_row_number + 1"
        return f"row_number() over () - {self.pick([str(start) for start in self.starts])}"


@dataclass
class Reading:
    """The parts of a batch, its files that can't be used (rule and sentence), and columns nobody declared."""

    parts: list[Part] = field(default_factory=list)
    problems: dict[int, tuple[str, str]] = field(default_factory=dict)
    unknown: dict[str, list[int]] = field(default_factory=dict)


def plan_reading(connection: duckdb.DuckDBPyConnection, batch: Batch, broken: dict[int, str]) -> Reading:
    """Sort the batch's files into parts. `broken` are files already known to be unreadable, with a sentence."""
    reading = Reading(problems={number: (UNREADABLE, sentence) for number, sentence in broken.items()})
    alike: dict[Shape, list[NumberedFile]] = {}
    files = [file for file in batch.files if file.number not in broken]
    shapes = find_shapes(connection, [file.path for file in files])
    for file in files:
        try:
            shape = shapes[file.path]
            if isinstance(shape, Unusable):
                raise shape
            unknown = check_columns(batch.entity, shape)
        except Unusable as problem:
            reading.problems[file.number] = (problem.rule, problem.sentence)
            continue
        alike.setdefault(shape, []).append(file)
        for column in unknown:
            reading.unknown.setdefault(column, []).append(file.number)
    blocked = {batch.files[number].drop_on for number in reading.problems}
    for shape, same in alike.items():
        usable = tuple(file for file in same if file.drop_on not in blocked)
        if usable:
            reading.parts.append(Part(shape, usable))
    return reading


def number_rows(connection: duckdb.DuckDBPyConnection, part: Part) -> Part:
    """The part, able to number its rows. The CSV reader numbers none, so that earlier files' rows are counted."""
    if part.shape.is_parquet or part.starts:
        return part
    starts = [0]
    if len(part.files) > 1:
        query = f"select file_index, count(*) from {part.reader} group by all"
        counts = dict(connection.execute(query).fetchall())
        for place in range(len(part.files) - 1):
            starts.append(starts[-1] + counts.get(place, 0))
    return replace(part, starts=tuple(starts))


def keep_files(part: Part, names: set[str]) -> Part | None:
    """The part with only some of its files; None when none is left."""
    files = tuple(file for file in part.files if file.name in names)
    return Part(part.shape, files) if files else None


def find_broken_files(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> dict[int, str]:
    """Files that can't be read to their end, with what the reader says. Parts are halved until those stand alone."""
    broken: dict[int, str] = {}
    for part in parts:
        try:
            everything = ", ".join(part.column_sql(name) for name in part.shape.places)
            connection.execute(f"select bit_xor(hash({everything})) from {part.reader}").fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if len(part.files) == 1:
                broken[part.files[0].number] = describe_error(part.files[0].path, error)
            else:
                middle = len(part.files) // 2
                halves = (part.files[:middle], part.files[middle:])
                broken |= find_broken_files(connection, [Part(part.shape, half) for half in halves])
    return broken
