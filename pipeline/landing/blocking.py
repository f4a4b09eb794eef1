"""Keeping a whole drop out: one of its files can't be used, or too many of its rows are bad."""

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb

from pipeline.landing.batch import Batch, list_dates
from pipeline.landing.judging import Tally
from pipeline.landing.look_again import gather_bad_rows, name_commonest_rules
from pipeline.landing.masking import mask_text
from pipeline.landing.reading import Part, Reading
from pipeline.landing.rules import BLOCKED


def block_unusable_drops(batch: Batch, reading: Reading) -> tuple[dict[int, tuple[str, str]], dict[date, str]]:
    """What is wrong with each file of a drop that holds one that can't be used, and why each such drop is blocked."""
    blocked: dict[date, str] = {}
    for number, (_, sentence) in sorted(reading.problems.items()):
        file = batch.files[number]
        blocked.setdefault(file.drop_on, f"{mask_text(file.name, is_id=True)}: {sentence}")
    problems = {
        file.number: reading.problems.get(
            file.number, (BLOCKED, f"another file blocks the drop: {blocked[file.drop_on]}")
        )
        for file in batch.files
        if file.drop_on in blocked
    }
    return problems, blocked


def block_bad_drops(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    parts: Sequence[Part],
    tallies: Mapping[str, Tally],
    max_bad_share: float,
) -> dict[date, str]:
    """Gather the batch's `bad_rows`, and block drops with too many of them: then all their rows are put aside."""
    rows: dict[date, int] = {}
    bad: dict[date, int] = {}
    for file in batch.files:
        rows[file.drop_on] = rows.get(file.drop_on, 0) + tallies[file.name].read
        bad[file.drop_on] = bad.get(file.drop_on, 0) + tallies[file.name].bad
    blocked = {drop_on for drop_on in rows if bad[drop_on] > max_bad_share * rows[drop_on]}
    if blocked:
        connection.execute(f"delete from raw.{batch.entity.table} where _drop_on in ({list_dates(blocked)})")
        connection.execute(f"delete from twins where _drop_on in ({list_dates(blocked)})")
    for file in batch.files:
        if file.drop_on in blocked:
            tallies[file.name].bad, tallies[file.name].repeated = tallies[file.name].read, 0
    gather_bad_rows(connection, batch, parts, {name for name, tally in tallies.items() if tally.bad}, blocked)
    commonest = name_commonest_rules(connection) if blocked else {}
    return {
        drop_on: f"{bad[drop_on]:,} of its {rows[drop_on]:,} rows ({bad[drop_on] / rows[drop_on]:.1%}) are bad, mostly "
        f"{commonest[drop_on]}; RAPPORT_MAX_BAD_SHARE allows {max_bad_share:.1%}"
        for drop_on in sorted(blocked)
    }
