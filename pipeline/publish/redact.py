"""Taking erased people out of what was published before: each version is written anew and put in its old place."""

import os
import re
import shutil
from pathlib import Path

import duckdb

from pipeline.progress import say
from pipeline.publish.seal import read_about, seal
from pipeline.publish.tables import LEDGERS, TABLES
from pipeline.publish.versions import rebuilt_versions, sealed_versions
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_for_reading, open_for_writing, quote_literal

_ORDER = {table.name: table.order_by for table in (*TABLES, *LEDGERS)}
_PERSON_COLUMNS = ("customer_id", "old_customer_id")

# Sales stay, without a person; what is only about the person goes.
_KEPT = {"orders": "true", "returns": "true", "interactions": "source = 'sales'"}
_ERASED = "[erased]"


def redact_checks(settings: Settings) -> None:
    """Take erased people out of the results of checks, which show sample rows, also of nights that a gate refused."""
    ids = _read_erased_ids(settings)
    if not ids:
        return
    with open_for_writing(settings) as connection:
        connection.execute(
            "update ops.quality_checks set observed = regexp_replace(observed, $ids, $word, 'g'), "
            "detail = regexp_replace(detail, $ids, $word, 'g') where regexp_matches(concat(observed, detail), $ids)",
            {"ids": _pattern(ids), "word": _ERASED},
        )
    found = re.compile(_pattern(ids))
    for path in sorted(settings.validation.rglob("*")):
        if path.suffix in (".json", ".html") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            if found.search(text):
                path.write_text(found.sub(_ERASED, text), encoding="utf-8", errors="surrogateescape")


def redact_versions(settings: Settings, current: Path) -> None:
    """Rewrite every kept version but the current one, which was built without them; then forget the erased ids too.

    The current version is spared, so no reader of `current` meets a version on the move.
    """
    _finish_interrupted(settings)
    ids = _read_erased_ids(settings)
    if not ids:
        return
    for folder in sealed_versions(settings):
        if folder.resolve() != current.resolve() and _names_any(settings, folder, ids):
            _replace(settings, folder, ids)
            say(f"{folder.name}: erased people were taken out")
    for folder in rebuilt_versions(settings):
        if _names_any(settings, folder, ids):
            shutil.rmtree(folder)
            say(f"{folder}: named erased people and was removed; rebuild it if it is still needed")
    with open_for_writing(settings) as connection:
        connection.execute("delete from identity.erased_ids")


def _read_erased_ids(settings: Settings) -> list[str]:
    with open_for_reading(settings) as connection:
        rows = connection.execute("select distinct customer_id from identity.erased_ids order by 1").fetchall()
    return [customer_id for (customer_id,) in rows]


def _pattern(ids: list[str]) -> str:
    return "|".join(re.escape(customer_id) for customer_id in ids)


def _work_folder(settings: Settings) -> Path:
    return settings.published / ".redacting"


def _finish_interrupted(settings: Settings) -> None:
    """Killed between taking a version away and putting the new one there: the new one is whole, and goes there now."""
    work = _work_folder(settings)
    for folder in work.glob("fresh/*"):
        place = settings.published / "versions" / folder.name
        if (folder / "manifest.json").exists() and not place.exists():
            os.rename(folder, place)
    shutil.rmtree(work, ignore_errors=True)


def _names_any(settings: Settings, folder: Path, ids: list[str]) -> bool:
    with open_for_reading(settings, folder / "crm.duckdb") as connection:
        for table, columns in _list_tables(connection, "crm").items():
            for column in sorted(set(columns) & set(_PERSON_COLUMNS)):
                query = f"select count(*) > 0 from main.{table} where {column} in (select unnest(?))"
                if connection.execute(query, [ids]).fetchone()[0]:
                    return True
    return False


def _replace(settings: Settings, folder: Path, ids: list[str]) -> None:
    work = _work_folder(settings)
    fresh, gone = work / "fresh" / folder.name, work / "gone" / folder.name
    make_folder(fresh / "parquet")
    make_folder(gone.parent)
    with open_for_writing(settings, fresh / "crm.duckdb") as connection:
        connection.execute(f"attach {quote_literal(folder / 'crm.duckdb')} as former (read_only)")
        connection.execute("create temp table erased as select unnest(?) as customer_id", [ids])
        for table, columns in _list_tables(connection, "former").items():
            order = _ORDER.get(table, "all")
            connection.execute(f"create table main.{table} as {_redacted_sql(table, columns, ids)} order by {order}")
            parquet = quote_literal(fresh / "parquet" / f"{table}.parquet")
            connection.execute(f"copy main.{table} to {parquet} (format parquet, compression zstd)")
        connection.execute("detach former")
    seal(settings, fresh, read_about(folder))
    os.rename(folder, gone)
    os.rename(fresh, folder)
    shutil.rmtree(work)


def _list_tables(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    query = (
        "select table_name, list(column_name) from duckdb_columns() where database_name = ? and not internal group by 1"
    )
    return dict(sorted(connection.execute(query, [database]).fetchall()))


def _redacted_sql(table: str, columns: list[str], ids: list[str]) -> str:
    erased = "(select customer_id from erased)"
    named = [f"coalesce({column} in {erased}, false)" for column in columns if column in _PERSON_COLUMNS]
    if table == "offer_products":
        lost = f"select offer_id from former.offers where customer_id in {erased}"
        return f"select * from former.offer_products where offer_id not in ({lost})"
    if table == "quality_checks":
        told = f"regexp_replace(detail, {quote_literal(_pattern(ids))}, '{_ERASED}', 'g') as detail"
        return f"select * replace ({told}) from former.quality_checks"
    if not named:
        return f"select * from former.{table}"
    is_named = " or ".join(named)
    if table not in _KEPT:
        return f"select * from former.{table} where not ({is_named})"
    replaced = [f"case when not ({is_named}) then customer_id end as customer_id"]
    if "is_guest" in columns:
        replaced.append(f"is_guest or {is_named} as is_guest")
    return f"select * replace ({', '.join(replaced)}) from former.{table} where not ({is_named}) or {_KEPT[table]}"
