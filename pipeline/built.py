"""What the warehouse's tables were last built for: tells whether tonight may add to them or has to start from nothing.

Tables that grow hold the rows of the last whole build. The loader notes what it has changed since (schema touched);
the dbt models in intermediate/changes find the rest. Both are of use only when that build was done to its end, by the
same rules, for tonight or an earlier night.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.dbt import DBT_PROJECT, dbt_variables
from pipeline.landing.entities import ENTITIES
from pipeline.landing.tables import touched_keys_table
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

_TABLE = """
    create schema if not exists ops;
    -- one row: the night the tables stand at; rules: a fingerprint of what they were built by
    create table if not exists ops.built (as_of_date date, rules varchar, is_whole boolean)
"""
# They name people something has changed for, who may have asked to be forgotten.
_WHO_CHANGED = ("int_changed_identifiers", "int_customers_before", "int_changed_customers")
# Variables that choose or count, and change no table that grows.
_OF_THE_NIGHT = ("as_of_date", "built_until", "control_share", "offer_budget")
_RULE_FILES = ("models/**/*.sql", "macros/**/*.sql", "seeds/*.csv", "dbt_project.yml")


@dataclass(frozen=True)
class Start:
    """Where a build begins: at the end of `until`, or from nothing, for the reason given."""

    until: date | None
    reason: str


def begin_build(settings: Settings, as_of: date) -> Start:
    """Decide where the build of `as_of` begins, and note that one is under way."""
    rules = _fingerprint_rules(settings, as_of)
    with open_for_writing(settings) as connection:
        connection.execute(_TABLE)
        start = _find_start(connection, as_of, rules)
        connection.execute("update ops.built set is_whole = false")
    return start


def find_built_day(settings: Settings) -> date | None:
    """The day at whose end the tables stand; None when no build was done to its end."""
    with open_for_writing(settings) as connection:
        connection.execute(_TABLE)
        found = connection.execute("select as_of_date from ops.built where is_whole").fetchone()
    return found[0] if found else None


def finish_build(settings: Settings, as_of: date) -> None:
    """Note that the tables stand at the end of `as_of`; what was touched before is built in."""
    with open_for_writing(settings) as connection:
        connection.execute("begin")
        connection.execute("delete from ops.built")
        connection.execute("insert into ops.built values (?, ?, true)", [as_of, _fingerprint_rules(settings, as_of)])
        for table in _WHO_CHANGED:
            connection.execute(f"delete from intermediate.{table}")
        connection.execute("delete from touched.drops")
        for entity in ENTITIES:
            connection.execute(f"delete from {touched_keys_table(entity)}")
        connection.execute("commit")


def _find_start(connection: duckdb.DuckDBPyConnection, as_of: date, rules: str) -> Start:
    built = connection.execute("select as_of_date, rules, is_whole from ops.built").fetchone()
    if built is None:
        return Start(None, "nothing was built before")
    until, rules_before, is_whole = built
    if not is_whole:
        return Start(None, "the last build was not done to its end")
    if rules != rules_before:
        return Start(None, "rules or settings have changed")
    if until > as_of:
        return Start(None, f"the tables stand at a later day, {until}")
    return Start(until, f"the tables stand at {until}")


def _fingerprint_rules(settings: Settings, as_of: date) -> str:
    variables = {k: v for k, v in dbt_variables(settings, as_of).items() if k not in _OF_THE_NIGHT}
    found = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    for path in sorted(path for pattern in _RULE_FILES for path in DBT_PROJECT.glob(pattern)):
        found.update(path.relative_to(DBT_PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:32]
