"""Taking the personal identifiers of landed files to the vault."""

from collections.abc import Sequence

import duckdb

from pipeline.identity.vault import store_identifiers
from pipeline.landing.entities import Entity
from pipeline.landing.reading import Part
from pipeline.landing.rules import text_sql


def keep_identifiers(connection: duckdb.DuckDBPyConnection, entity: Entity, parts: Sequence[Part]) -> None:
    """Put every distinct identifier of the parts into the attached vault.

    CSV files are read once for all their identifiers, which wait in a temporary table; Parquet gives one by one.
    """
    columns = []
    for number, part in enumerate(parts):
        present = [column for column in entity.columns if column.identifier and column.name in part.types]
        came = ", ".join(f"{part.column_sql(column.name)} as raw_{column.name}" for column in present)
        relation = f"(select {came} from {part.reader})"
        if present and not part.shape.is_parquet:
            connection.execute(f"create or replace temp table named_{number} as from {relation}")
            relation = f"named_{number}"
        columns += [(column.identifier, text_sql(column, part.types[column.name]), relation) for column in present]
    store_identifiers(connection, columns)
    for number in range(len(parts)):
        connection.execute(f"drop table if exists temp.named_{number}")
