"""Looking at the clean landing folder: which drops there are, and good rows of them to plant beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from datasets.dirt.files import Row, fill_table
from pipeline.errors import RapportError, UsageError
from pipeline.landing.drops import Drop, discover_drops
from pipeline.landing.entities import ENTITIES, Entity
from pipeline.warehouse import quote_literal

# Every planted file's name begins so. It comes after the names of clean files: of equal rows the first stays.
PREFIX = "zz-dirt"

# Good rows read from a drop; enough to choose from, little enough to be read at once from a drop of any size.
_MOST_ROWS = 300


@dataclass(frozen=True)
class CleanEntity:
    """An entity's clean drops, in the order of their dates."""

    entity: Entity
    drops: tuple[Drop, ...]


def find_clean_entities(landing: Path) -> list[CleanEntity]:
    """The entities that have landed, in the contract's order; UsageError when dirt has been planted already."""
    drops, _ = discover_drops(landing, date.max)
    for drop in drops:
        for file in drop.files:
            if file.path.name >= PREFIX:
                raise UsageError(
                    f"{file.path} is in the way: planted files are named {PREFIX}… and come last in their drop. "
                    "Plant once, into a clean landing folder whose files' names come before that."
                )
    by_entity = {entity.path: tuple(drop for drop in drops if drop.entity is entity) for entity in ENTITIES}
    return [CleanEntity(entity, by_entity[entity.path]) for entity in ENTITIES if by_entity[entity.path]]


def read_rows(connection: duckdb.DuckDBPyConnection, drop: Drop) -> list[Row]:
    """The first good rows of a drop, each value as text; RapportError when there is none."""
    rows: list[Row] = []
    for file in drop.files:
        relation = _relation([file.path])
        types = _list_columns(connection, relation)
        known = {name: kind for name, kind in types.items() if _plain(name) in drop.entity.column_names}
        selected = ", ".join(f"{_text_sql(name, kind)} as {_plain(name)}" for name, kind in known.items())
        limit = _MOST_ROWS - len(rows)
        found = connection.execute(f"select {selected} from {relation} limit {limit}").fetchall()
        rows += [dict(zip(map(_plain, known), values, strict=True)) for values in found]
    good = [row for row in rows if all((row.get(name) or "").strip() for name in drop.entity.required_names)]
    if not good:
        raise RapportError(f"the drop of {drop.entity.path} of {drop.drop_on} holds no row that dirt could hide among.")
    return good


def keep_single(connection: duckdb.DuckDBPyConnection, clean: CleanEntity, rows: Sequence[Row]) -> list[Row]:
    """Of some rows those whose business key stands nowhere else in the entity's drops."""
    key = clean.entity.key
    paths = [file.path for drop in clean.drops for file in drop.files]
    fill_table(connection, "sought", dict.fromkeys(key, "VARCHAR"), [[row[name] for name in key] for row in rows])
    texts = []
    for paths_alike in (
        [path for path in paths if path.name.lower().endswith(".parquet")],
        [path for path in paths if not path.name.lower().endswith(".parquet")],
    ):
        if paths_alike:
            relation = _relation(paths_alike)
            types = {_plain(name): (name, kind) for name, kind in _list_columns(connection, relation).items()}
            texts.append(f"select {', '.join(f'{_text_sql(*types[name])} as {name}' for name in key)} from {relation}")
    names = ", ".join(key)
    found = connection.execute(
        f"select {names} from ({' union all '.join(texts)}) semi join sought using ({names}) "
        "group by all having count(*) = 1"
    ).fetchall()
    single = set(found)
    return [row for row in rows if tuple(row[name] for name in key) in single]


def find_currency(connection: duckdb.DuckDBPyConnection, orders: CleanEntity) -> str | None:
    """The currency of the clean orders; None when they name none."""
    found = {(row.get("currency") or "").strip().upper() for row in read_rows(connection, orders.drops[0])} - {""}
    return min(found) if found else None


def _relation(paths: Sequence[Path]) -> str:
    listed = ", ".join(quote_literal(path) for path in paths)
    if paths[0].name.lower().endswith(".parquet"):
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    return (
        f"read_csv([{listed}], union_by_name = true, hive_partitioning = false, all_varchar = true, header = true, "
        "delim = ',', quote = '\"', escape = '\"')"
    )


def _list_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


def _text_sql(name: str, kind: str) -> str:
    """A value as a CSV would have it; frames make whole ids fractions, and 17850.0 was 17850."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind in ("DOUBLE", "FLOAT"):
        return (
            f"case when {quoted} = trunc({quoted}) and abs({quoted}) < 1e15 "
            f"then cast(cast({quoted} as bigint) as varchar) else cast({quoted} as varchar) end"
        )
    return f"cast({quoted} as varchar)"


def _plain(column: str) -> str:
    return column.strip().lower()
