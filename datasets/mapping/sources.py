"""Reading a mapping's source files into tables, each with its columns, `_file` and `_row`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from datasets.mapping.declaration import Source
from datasets.mapping.files import (
    Unreadable,
    describe_reader,
    find_files,
    find_format,
    make_plain,
    name_file,
    read_header,
)
from datasets.mapping.findings import Findings, count_things, suggest_name
from pipeline.landing.entities import TEXT
from pipeline.warehouse import quote_literal

OWN_COLUMNS = ("_file", "_row")
_TYPE = re.compile(r"[A-Za-z ]+(\(\s*\d+\s*(,\s*\d+\s*)?\))?")
_DATED_TYPE = re.compile(r"(timestamp|date)\s+(.*%.*)", re.IGNORECASE)


@dataclass(frozen=True)
class _Shape:
    """The files of a source that have the same columns in the same order."""

    columns: tuple[str, ...]
    files: tuple[Path, ...]


def load_source(
    connection: duckdb.DuckDBPyConnection, source: Source, folder: Path, scratch: Path, findings: Findings
) -> bool:
    """Read the files of a source into a relation of its name; False, with the problems noted, when that can't be.

    CSV columns are text unless the mapping gives their type. `_row` numbers the rows through all files in the order
    of their names. `scratch` is an empty folder for files that must be unpacked or recoded first.
    """
    files = find_files(source, folder, findings)
    kind = find_format(source, files, findings) if files else None
    if kind is None:
        return False
    try:
        read = _read_parquet if kind == "parquet" else _read_csv
        columns = read(connection, source, files, scratch)
    except Unreadable as problem:
        findings.add_problem(f"sources, {source.name}: {problem}", source.path.line)
        return False
    _make_view(connection, source, columns, [name_file(file, folder) for file in files], findings)
    return True


def _read_csv(
    connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[Path], scratch: Path
) -> tuple[str, ...]:
    """Read CSV files as text into `source.<name>`, in their order."""
    plain = [make_plain(file, source.encoding, scratch) for file in files]
    headers = [read_header(file, shown.name, source.delimiter) for file, shown in zip(plain, files, strict=True)]
    _check_same_columns(headers, files)
    table = f"source.{source.name}"
    for number, shape in enumerate(_group_by_shape(headers, plain)):
        declared = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(shape.columns)))
        selected = ", ".join(f"c{shape.columns.index(name)} as {quote_name(name)}" for name in headers[0])
        first = plain.index(shape.files[0])
        query = (
            f"select {selected}, cast(file_index + {first + 1} as integer) as _file_number "
            f"from read_csv({_list_paths(shape.files)}, auto_detect = false, header = true, "
            f"delim = {quote_literal(source.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
            f"hive_partitioning = false, columns = {{{declared}}})"
        )
        verb = f"insert into {table}" if number else f"create or replace table {table} as"
        _read(connection, f"{verb} {query}", dict(zip(plain, files, strict=True)))
    return headers[0]


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[Path], scratch: Path
) -> tuple[str, ...]:
    """Read Parquet files into `source.<name>`, in their order."""
    headers = []
    for file in files:
        described = _read(connection, f"describe select * from {_parquet_sql([file])}", {file: file})
        headers.append(tuple(row[0] for row in described))
    _check_same_columns(headers, files)
    names = ", ".join(quote_name(name) for name in headers[0])
    _read(
        connection,
        f"create or replace table source.{source.name} as select {names}, "
        f"cast(file_index + 1 as integer) as _file_number from {_parquet_sql(files)}",
        {file: file for file in files},
    )
    return headers[0]


def _parquet_sql(files: Sequence[Path]) -> str:
    return f"read_parquet({_list_paths(files)}, union_by_name = true, hive_partitioning = false)"


def _read(connection: duckdb.DuckDBPyConnection, query: str, shown: dict[Path, Path]) -> list[tuple]:
    try:
        return connection.execute(query).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise Unreadable(describe_reader(str(error), shown)) from None


def _check_same_columns(headers: Sequence[tuple[str, ...]], files: Sequence[Path]) -> None:
    reserved = [name for name in headers[0] if name.lower() in (*OWN_COLUMNS, "_file_number")]
    if reserved:
        raise Unreadable(f"{files[0].name} has a column {reserved[0]}, a name the mapping keeps for itself")
    for header, file in zip(headers[1:], files[1:], strict=True):
        differing = sorted(set(header) ^ set(headers[0]))
        if differing:
            has, lacks = (file, files[0]) if differing[0] in header else (files[0], file)
            raise Unreadable(
                f"{has.name} has the column {differing[0]} and {lacks.name} lacks it; "
                "make them two sources, and join them with `union all by name` in tables"
            )


def _group_by_shape(headers: Sequence[tuple[str, ...]], files: Sequence[Path]) -> Iterator[_Shape]:
    """Runs of neighbours with the same header, so that the rows stay in the order of the files."""
    start = 0
    for end in range(1, len(files) + 1):
        if end == len(files) or headers[end] != headers[start]:
            yield _Shape(headers[start], tuple(files[start:end]))
            start = end


def _make_view(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    columns: tuple[str, ...],
    files: list[str],
    findings: Findings,
) -> None:
    """The relation that SQL of the mapping sees: typed columns, the file's name and the row's number."""
    by_lower = {name.lower(): name for name in columns}
    typed = {}
    for column, kind in source.types.items():
        name = by_lower.get(column.lower())
        if name is None:
            hint = suggest_name(column, columns)
            findings.add_problem(f"sources, {source.name}: {column} is no column of its files; {hint}", column.line)
        elif (cast := _cast_sql(connection, name, kind)) is None:
            findings.add_problem(
                f"sources, {source.name}: {kind} is no type; types are such as integer, decimal(18,2), date, "
                "timestamp %d/%m/%Y %H:%M",
                kind.line,
            )
        else:
            typed[name] = cast
    selected = ", ".join(f"{typed.get(name, quote_name(name))} as {quote_name(name)}" for name in columns)
    names = ", ".join(quote_literal(name) for name in files)
    connection.execute(
        f"create or replace view {source.name} as "
        f"select {selected}, ([{names}])[_file_number] as _file, rowid + 1 as _row from source.{source.name}"
    )
    _note_lost_values(connection, source, typed, findings)


def _cast_sql(connection: duckdb.DuckDBPyConnection, column: str, kind: str) -> str | None:
    name = quote_name(column)
    dated = _DATED_TYPE.fullmatch(kind)
    if dated:
        return f"cast(try_strptime(trim({name}), {quote_literal(dated[2])}) as {dated[1]})"
    if not _TYPE.fullmatch(kind):
        return None
    try:
        connection.execute(f"select try_cast(null as {kind})")
    except duckdb.Error:
        return None
    return name if kind.upper() == TEXT else f"try_cast({name} as {kind})"


def _note_lost_values(
    connection: duckdb.DuckDBPyConnection, source: Source, typed: dict[str, str], findings: Findings
) -> None:
    """A value that is not of the type its column is given would land as nothing at all."""
    lines = {column.lower(): kind for column, kind in source.types.items()}
    for column, cast in typed.items():
        raw = quote_name(column)
        count, row, value = connection.execute(
            f"select count(*), min(rowid) + 1, arg_min(cast({raw} as varchar), rowid) from source.{source.name} "
            f"where {raw} is not null and {cast} is null"
        ).fetchone()
        if count:
            kind = lines[column.lower()]
            findings.add_problem(
                f"sources, {source.name}: {column} is not {kind} in {count_things(count, 'row')}, the first being "
                f"{value[:40]!r} in {locate_row(connection, source.name, row)}; correct the type, or leave it away "
                "and use try_cast",
                kind.line,
            )


def locate_row(connection: duckdb.DuckDBPyConnection, source: str, row: int) -> str:
    """Where a row of a source stands, for a person: the file, and the row in it after the header."""
    file, before = connection.execute(
        f"select _file, ? - min(_row) + 1 from {source} "
        f"where _file = (select _file from {source} where _row = ?) group by _file",
        [row, row],
    ).fetchone()
    return f"{file} row {before:,}"


def quote_name(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _list_paths(files: Sequence[Path]) -> str:
    escaped = (re.sub(r"([*?\[])", r"[\1]", str(file)) for file in files)
    return f"[{', '.join(quote_literal(path) for path in escaped)}]"
