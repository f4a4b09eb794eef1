"""Columns that the landing contract does not know. Nobody can say whether they name a person: the vault keeps them."""

from collections.abc import Mapping, Sequence

import duckdb

from pipeline.landing.batch import Batch, list_dates
from pipeline.landing.judging import Tally
from pipeline.landing.masking import mask_text
from pipeline.landing.reading import Part, Reading, number_rows
from pipeline.landing.tables import write_whole
from pipeline.warehouse import quote_literal

_TABLE = """
    create table if not exists vault.unknown_columns (
        source varchar, entity varchar, drop_on date, file varchar, row_number bigint, values_json varchar)
"""


def has_drift(connection: duckdb.DuckDBPyConnection, batch: Batch, reading: Reading) -> bool:
    """Whether the batch's files hold such columns, or did so when they were loaded before."""
    if reading.unknown:
        return True
    dates = list_dates(drop.drop_on for drop in batch.drops)
    return connection.execute(
        "select count(*) > 0 from raw.files where source = ? and entity = ? and unknown_columns is not null "
        f"and drop_on in ({dates})",
        [batch.entity.source, batch.entity.name],
    ).fetchone()[0]


def keep_unknown_columns(connection: duckdb.DuckDBPyConnection, batch: Batch, parts: Sequence[Part]) -> None:
    """Replace what the vault holds of the batch's drops. The vault is attached; this is a transaction of its own."""
    entity = batch.entity
    dates = list_dates(drop.drop_on for drop in batch.drops)
    connection.execute(_TABLE)
    with write_whole(connection):
        connection.execute(
            f"delete from vault.unknown_columns where source = ? and entity = ? and drop_on in ({dates})",
            [entity.source, entity.name],
        )
        for part in parts:
            unknown = sorted(set(part.shape.places) - set(entity.column_names))
            if unknown:
                _keep_part(connection, batch, number_rows(connection, part), unknown)


def name_drift(batch: Batch, reading: Reading) -> dict[str, str]:
    """The names of such columns for each file that has some."""
    columns: dict[str, list[str]] = {}
    for column, numbers in sorted(reading.unknown.items()):
        for number in numbers:
            columns.setdefault(batch.files[number].name, []).append(mask_text(column))
    return {file: ", ".join(names) for file, names in columns.items()}


def describe_drift(batch: Batch, reading: Reading, tallies: Mapping[str, Tally]) -> list[str]:
    """A warning for each such column."""
    warnings = []
    for column, numbers in sorted(reading.unknown.items()):
        names = [batch.files[number].name for number in numbers]
        rows, first = sum(tallies[name].read for name in names), mask_text(names[0], is_id=True)
        warnings.append(
            f"{batch.entity.path} has a column '{mask_text(column)}' that the landing contract does not know; its "
            f"values are kept in the vault only ({len(names):,} files, {rows:,} rows, first {first})"
        )
    return warnings


def _keep_part(connection: duckdb.DuckDBPyConnection, batch: Batch, part: Part, unknown: list[str]) -> None:
    pairs = ", ".join(f"{quote_literal(name)}, {part.column_sql(name)}" for name in unknown)
    connection.execute(
        f"insert into vault.unknown_columns select '{batch.entity.source}', '{batch.entity.name}', {part.drop_on_sql}, "
        f"{part.file_sql}, {part.row_number_sql()}, json_object({pairs}) from {part.reader}"
    )
