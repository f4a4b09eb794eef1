"""Nights of the past, told anew: when a drop of theirs came late or changed, and when somebody asks for an old date.

What tonight says of customers follows the rows that are there. What was said on nights before, the history of segments
above all, stands as it was told, until a drop arrives that is dated before them: then these nights are gone through
again, in order, each from the tables as they would have been at its end.
"""

from datetime import date

import duckdb

from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

# What of a night decides what is remembered of it.
STAGES_TO_REPEAT = ("stage", "identify", "build", "features", "train", "score", "value", "ledger", "segment")

_TABLE = """
    create schema if not exists ops;
    -- one row per night of the past that a late drop changes and that was not gone through again yet
    create table if not exists ops.nights_to_mend (as_of_date date)
"""


def mend(settings: Settings, as_of: date, run_id: str) -> None:
    """Go again through the nights before `as_of` that drops loaded since change; killed, it goes on where it was."""
    for night in find_nights(settings, as_of):
        say(f"a drop came late: the night of {night} is told anew")
        repeat_night(settings, night, run_id)
        with open_for_writing(settings) as connection:
            connection.execute("delete from ops.nights_to_mend where as_of_date = ?", [night])


def find_nights(settings: Settings, as_of: date) -> list[date]:
    """Nights to go through again, oldest first: the latest of them, as many as the setting allows."""
    with open_for_writing(settings) as connection:
        connection.execute(_TABLE)
        connection.execute(
            "insert into ops.nights_to_mend select told.as_of_date "
            "from (select unnest(?::date[]) as as_of_date) as told where told.as_of_date < ? "
            "and told.as_of_date not in (select as_of_date from ops.nights_to_mend) "
            "and told.as_of_date >= (select min(drop_on) from touched.drops)",
            [list_nights(connection), as_of],
        )
        nights = [night for (night,) in connection.execute("from ops.nights_to_mend order by as_of_date").fetchall()]
        nights = [night for night in nights if night < as_of]
        skipped = nights[: max(len(nights) - settings.mend_nights, 0)]
        connection.execute("delete from ops.nights_to_mend where as_of_date in (select unnest(?::date[]))", [skipped])
    if skipped:
        say(
            f"warning: a drop came late for {len(nights)} nights; those from {skipped[0]} to {skipped[-1]} stay as "
            f"they were told (RAPPORT_MEND_NIGHTS={settings.mend_nights})"
        )
    return nights[len(skipped) :]


def list_nights(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """The nights that were told, oldest first."""
    is_there = "select count(*) > 0 from duckdb_tables() where schema_name = 'marts' and table_name = 'segment_summary'"
    if not connection.execute(is_there).fetchone()[0]:
        return []
    told = "select distinct as_of_date from marts.segment_summary order by 1"
    return [night for (night,) in connection.execute(told).fetchall()]


def repeat_night(settings: Settings, night: date, run_id: str) -> None:
    """Run the stages that decide what is remembered of a night; nothing is published."""
    from pipeline.stages import find_stage, load_function

    for name in STAGES_TO_REPEAT:
        load_function(find_stage(name))(settings, night, run_id)
