"""What a person decided about who is who: identity_overrides.csv, read anew each night.

    action,kind,value,other_kind,other_value
    join,loyalty_id,L-1001,email,ada@mail.example
    part,customer_ref,C-7,customer_ref,C-8

A kind is customer_ref, loyalty_id, email, phone, or customer_id (a published id, for those who see no other).
"""

import csv
import os
from dataclasses import dataclass

import duckdb

from pipeline.errors import UsageError
from pipeline.identity.sightings import KINDS, plain_token
from pipeline.identity.vault import give_secret, token_sql
from pipeline.settings import Settings

COLUMNS = ("action", "kind", "value", "other_kind", "other_value")
ACTIONS = ("join", "part")
PUBLISHED_ID = "customer_id"


@dataclass(frozen=True)
class Override:
    """One decision, with the line it stands on. Never printed: it names people."""

    line: int
    action: str
    kind: str
    value: str
    other_kind: str
    other_value: str


@dataclass(frozen=True)
class Decisions:
    """Pairs of nodes to join and to part, and the lines that name somebody nobody has seen."""

    joined: list[tuple[int, int]]
    parted: list[tuple[int, int]]
    unseen_lines: list[int]
    lines: dict[tuple[str, int, int], int]


def read_overrides(settings: Settings) -> list[Override]:
    """Every decision of the file; none where there is no file. UsageError names the line that can't be understood."""
    path = settings.identity_overrides
    if not path.exists():
        return []
    try:
        os.chmod(path, 0o600)
        with open(path, encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.reader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} can't be read ({error}); save it as CSV in UTF-8, owned by you.") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if header[: len(COLUMNS)] != list(COLUMNS):
        raise UsageError(f"{path}, line 1: the columns must be {', '.join(COLUMNS)} (others may follow).")
    filled = [(line, row) for line, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    return [_read_row(settings, line, row) for line, row in filled]


def find_decisions(connection: duckdb.DuckDBPyConnection, settings: Settings, overrides: list[Override]) -> Decisions:
    """Turn the decisions into pairs of `nodes`."""
    decisions = Decisions([], [], [], {})
    if not overrides:
        return decisions
    give_secret(connection, settings)
    for override in overrides:
        one = _find_node(connection, override.kind, override.value)
        other = _find_node(connection, override.other_kind, override.other_value)
        if one is None or other is None:
            decisions.unseen_lines.append(override.line)
        elif one != other:
            pair = (min(one, other), max(one, other))
            (decisions.joined if override.action == "join" else decisions.parted).append(pair)
            decisions.lines[(override.action, *pair)] = override.line
    return decisions


def check_decisions(connection: duckdb.DuckDBPyConnection, settings: Settings, decisions: Decisions) -> None:
    """UsageError when a decision did not come true: two lines of the file contradict each other."""
    for action, pairs in (("join", decisions.joined), ("part", decisions.parted)):
        for one, other in pairs:
            people = connection.execute(
                "select count(*), count(distinct person) from persons where node in (?, ?)", [one, other]
            ).fetchone()
            is_one_person = people == (2, 1)
            if is_one_person != (action == "join"):
                line = decisions.lines[(action, one, other)]
                raise UsageError(
                    f"{settings.identity_overrides}, line {line}: this {action} can't be kept, because other lines of "
                    "the file say the opposite; remove one of them."
                )


def _read_row(settings: Settings, line: int, row: list[str]) -> Override:
    cells = [cell.strip() for cell in row[: len(COLUMNS)]]
    where = f"{settings.identity_overrides}, line {line}"
    if len(cells) < len(COLUMNS) or not all(cells):
        raise UsageError(f"{where}: it needs all of {', '.join(COLUMNS)}.")
    action, kind, value, other_kind, other_value = cells
    if action.lower() not in ACTIONS:
        raise UsageError(f"{where}: the action is {action!r}; it must be join or part.")
    for name in (kind, other_kind):
        if name not in (*KINDS, PUBLISHED_ID):
            raise UsageError(f"{where}: the kind is {name!r}; it must be one of {', '.join((*KINDS, PUBLISHED_ID))}.")
    return Override(line, action.lower(), kind, value, other_kind, other_value)


def _find_node(connection: duckdb.DuckDBPyConnection, kind: str, value: str) -> int | None:
    if kind == PUBLISHED_ID:
        # an id is the beginning of its eldest identifier's token
        found = connection.execute(
            f"select node from nodes where starts_with({plain_token('token')}, ?)",
            [value.removeprefix("c_")],
        )
    else:
        found = connection.execute(
            "with given as (select cast(? as varchar) as value) select node from nodes, given "
            f"where kind = ? and token = cast({token_sql(kind, 'given.value')} as uuid)",
            [value, kind],
        )
    row = found.fetchone()
    return row[0] if row else None
