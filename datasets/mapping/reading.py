"""Reading a mapping file into its declarations. The keys are described in docs/how-to/map-your-data.md."""

import re
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import available_timezones

from datasets.mapping.declaration import (
    CONTRACT,
    FORMATS,
    WAREHOUSE_TIME,
    EntityMap,
    Mapping,
    Reckoning,
    RowKind,
    Source,
    Table,
    Value,
)
from datasets.mapping.document import Block, Text, read_document
from datasets.mapping.findings import Findings, suggest_name
from pipeline.errors import UsageError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN_NAMES = {"source", "landing", "main", "temp", "doubles"}
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_mapping(path: Path, findings: Findings) -> Mapping | None:
    """Read a mapping file; what is wrong with it goes to the findings. None when nothing of it can be used.

    Raises UsageError when the file itself can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8; save the mapping as UTF-8.") from None
    except OSError as error:
        raise UsageError(f"The mapping {path} can't be read ({error.strerror}).") from None
    document = read_document(text, findings)
    return None if document is None else _read_mapping(document, findings)


def _read_mapping(document: Block, findings: Findings) -> Mapping:
    document.check_keys(
        (
            "name",
            "currency",
            "timezone",
            "file_name",
            "sources",
            "tables",
            "entities",
            "left_out",
            "reconcile",
            "notes",
        ),
        required=("name", "sources", "entities"),
    )
    sources = _read_sources(document, findings)
    tables = _read_tables(document, findings, sources)
    origins = _list_origins(document)
    currency = document.read_text("currency")
    if currency and not _CURRENCY.fullmatch(currency):
        findings.add_problem(f"currency: {currency} is no code of three capitals such as GBP", currency.line)
        currency = None
    timezone = document.read_text("timezone")
    if timezone and timezone != WAREHOUSE_TIME and timezone not in available_timezones():
        hint = suggest_name(timezone, (WAREHOUSE_TIME, *sorted(available_timezones())))
        findings.add_problem(f"timezone: {timezone} is no time zone; {hint}", timezone.line)
        timezone = None
    file_name = document.read_text("file_name")
    if file_name and not _FILE_NAME.fullmatch(file_name):
        findings.add_problem(
            f"file_name: {file_name} is no name for a file; use letters, digits, - and _", file_name.line
        )
    return Mapping(
        name=document.read_text("name") or "mapping",
        currency=currency,
        timezone=timezone,
        sources=sources,
        tables=tables,
        entities=_read_entities(document, findings, origins),
        left_out=_read_left_out(document, findings, origins),
        reckonings=_read_reckonings(document, findings, origins),
        notes=document.read_texts("notes"),
        file_name=file_name,
    )


def _list_origins(document: Block) -> list[Text]:
    """The names of all sources and tables, those included that can't be read: their problem is told once."""
    return [*document.peek_block("sources"), *document.peek_block("tables")]


def _read_sources(document: Block, findings: Findings) -> tuple[Source, ...]:
    sources = []
    block = document.read_block("sources")
    for name in block.keys if block else ():
        _check_name(name, "sources", findings)
        given = block.read_block(name)
        if given is None:
            continue
        given.check_keys(("path", "format", "delimiter", "encoding", "types"), required=("path",))
        format_ = given.read_text("format")
        if format_ and format_ not in FORMATS:
            findings.add_problem(f"sources, {name}: format {format_} is not csv or parquet", format_.line)
        types = given.read_block("types")
        path = given.read_text("path")
        if path:
            sources.append(
                Source(
                    name=name,
                    path=path,
                    format=format_,
                    delimiter=_read_delimiter(given, findings),
                    encoding=given.read_text("encoding") or "utf-8",
                    types={key: text for key in types.keys if (text := types.read_text(key))} if types else {},
                )
            )
    return tuple(sources)


def _read_delimiter(source: Block, findings: Findings) -> str:
    delimiter = source.read_text("delimiter")
    if delimiter is None:
        return ","
    if delimiter in ("tab", "\\t"):
        return "\t"
    if len(delimiter) != 1:
        findings.add_problem(f"delimiter {delimiter!r} must be one character, or tab", delimiter.line)
        return ","
    return delimiter


def _read_tables(document: Block, findings: Findings, sources: tuple[Source, ...]) -> tuple[Table, ...]:
    tables = []
    block = document.read_block("tables")
    for name in block.keys if block else ():
        _check_name(name, "tables", findings)
        if name.lower() in [source.name.lower() for source in sources]:
            findings.add_problem(f"tables: a source is named {name} too; give the table another name", name.line)
            continue
        query = block.read_text(name)
        if query:
            tables.append(Table(name, query))
    return tuple(tables)


def _read_entities(document: Block, findings: Findings, origins: list[Text]) -> tuple[EntityMap, ...]:
    found = []
    block = document.read_block("entities")
    for path in block.keys if block else ():
        if path not in CONTRACT:
            hint = suggest_name(path, CONTRACT)
            findings.add_problem(f"entities: {path} is no landing entity; {hint}", path.line)
            continue
        given = block.read_block(path)
        if given is None:
            continue
        given.check_keys(("from", "where", "one_row_per", "columns", "kinds"), required=("from", "columns"))
        origin = _read_origin(given, f"entities, {path}", findings, origins)
        values = _read_values(given, path, findings)
        if origin and values:
            kinds = _read_kinds(given, origin)
            where, keys = given.read_text("where"), given.read_texts("one_row_per")
            found.append(EntityMap(path, origin, where, keys, values, kinds))
    return tuple(found)


def _read_values(entity: Block, path: str, findings: Findings) -> dict[Text, Value]:
    values = {}
    columns = entity.read_block("columns")
    for name in columns.keys if columns else ():
        known = CONTRACT[path].column_names
        if name not in known:
            hint = suggest_name(name, known)
            findings.add_problem(f"entities, {path}: {name} is no column of {path}; {hint}", name.line)
            continue
        if columns.is_block(name):
            fixed = columns.read_block(name)
            fixed.check_keys(("constant",), required=("constant",))
            text = fixed.read_text("constant")
        else:
            text = columns.read_text(name)
        if text:
            values[name] = Value(text, is_constant=columns.is_block(name))
    return values


def _read_kinds(entity: Block, origin: Text) -> tuple[RowKind, ...]:
    kinds = []
    for given in entity.read_blocks("kinds"):
        keys = ("name", "where", "reason")
        given.check_keys(keys, required=keys)
        name, where, reason = (given.read_text(key) for key in keys)
        if name and where and reason:
            kinds.append(RowKind(name, origin, where, reason))
    return tuple(kinds)


def _read_left_out(document: Block, findings: Findings, origins: list[Text]) -> tuple[RowKind, ...]:
    kinds = []
    for given in document.read_blocks("left_out"):
        given.check_keys(("name", "from", "where", "reason"), required=("from", "reason"))
        origin = _read_origin(given, "left_out", findings, origins)
        reason = given.read_text("reason")
        if origin and reason:
            name = given.read_text("name") or f"left out {len(kinds) + 1}"
            kinds.append(RowKind(name, origin, given.read_text("where"), reason))
    return tuple(kinds)


def _read_reckonings(document: Block, findings: Findings, origins: list[Text]) -> tuple[Reckoning, ...]:
    reckonings = []
    for given in document.read_blocks("reconcile"):
        given.check_keys(("from", "value"), required=("from", "value"))
        origin = _read_origin(given, "reconcile", findings, origins)
        value = given.read_text("value")
        if origin and value:
            reckonings.append(Reckoning(origin, value))
    return tuple(reckonings)


def _read_origin(block: Block, place: str, findings: Findings, origins: Iterable[str]) -> Text | None:
    origin = block.read_text("from")
    if origin and origin not in origins:
        hint = suggest_name(origin, origins)
        findings.add_problem(f"{place}: from names {origin}, which is no source and no table; {hint}", origin.line)
        return None
    return origin


def _check_name(name: Text, place: str, findings: Findings) -> None:
    if not _NAME.fullmatch(name) or name.lower() in _TAKEN_NAMES:
        findings.add_problem(f"{place}: {name} is no name for SQL; use another, of letters, digits and _", name.line)
