"""Drops that are bad as a whole: too many bad rows, or a file nobody can read. Each is dated before all clean ones."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from math import floor

from datasets.dirt.breakages import Breakage, list_breakages
from datasets.dirt.clean import CleanEntity, read_rows
from datasets.dirt.files import CSV, TEXT_PARQUET, Row, pack, render_file
from datasets.dirt.ledger import BLOCKED_DROP, FILE_QUARANTINED
from datasets.dirt.planter import UNKNOWN_COLUMN, PlantedRow, Planter
from datasets.dirt.rows import note_lost_orders
from pipeline.landing.entities import Entity

BLOCKED = "drop_blocked"
UNREADABLE = "unreadable_file"
MISSING_COLUMN = "missing_column"

# Rows of a drop that is blocked for its bad rows.
_ROWS = 20


def plant_blocked_drop(planter: Planter, clean: CleanEntity) -> None:
    """A drop of two files with one bad row more than is allowed: its good rows and its repeats are put aside too."""
    if planter.max_bad_share >= 1:
        return
    entity, drop_on = clean.entity, clean.drops[0].drop_on - timedelta(days=1)
    templates = read_rows(planter.connection, clean.drops[0])
    breakages = list_breakages(entity, CSV, drop_on, planter.currency)
    bad_rows = [
        planter.break_row(entity, planter.chance.choice(templates), drop_on, planter.chance.choice(breakages))
        for _ in range(floor(planter.max_bad_share * _ROWS) + 1)
    ]
    fine = Breakage(BLOCKED, None, {}, "a good row of a drop with too many bad ones")
    fine_rows = [
        replace(planter.break_row(entity, planter.chance.choice(templates), drop_on, fine), outcome=BLOCKED_DROP)
        for _ in range(_ROWS - len(bad_rows))
    ]
    if fine_rows:
        fine_rows[-1] = replace(fine_rows[0], planting="an exact repeat in a drop with too many bad rows")
    half = len(fine_rows) // 2
    in_csv, in_parquet = [*bad_rows, *fine_rows[:half]], fine_rows[half:]
    planter.chance.shuffle(in_csv)
    planter.write_rows(entity, drop_on, "blocked.csv", CSV, in_csv)
    planter.write_rows(entity, drop_on, "blocked-text.parquet", TEXT_PARQUET, in_parquet)
    note_lost_orders(planter, entity, in_csv + in_parquet)


def plant_unusable_files(planter: Planter, clean: CleanEntity) -> None:
    """Files that can't be read or lack a column, each in a drop of its own; beside one of them lies a good file."""
    entity, drop_on = clean.entity, clean.drops[0].drop_on - timedelta(days=1)
    template = read_rows(planter.connection, clean.drops[0])[0]
    for name, rule, planting, spoil in _list_spoils(entity):
        drop_on -= timedelta(days=1)
        row = _make_person(planter, entity, template, drop_on)
        file = planter.write_file(entity, drop_on, name, spoil(planter, entity, row.values))
        planter.note(entity, drop_on, file, None, replace(row, outcome=FILE_QUARANTINED, rule=rule, planting=planting))
    beside = replace(_make_person(planter, entity, template, drop_on), planting="a good file beside one that is not")
    file = planter.write_file(entity, drop_on, "beside.csv", _render_csv(planter, entity, beside.values))
    planter.note(entity, drop_on, file, None, beside)


Spoil = Callable[[Planter, Entity, Row], bytes]


def _list_spoils(entity: Entity) -> Iterator[tuple[str, str, str, Spoil]]:
    """Name, rule, sentence and maker of each kind of unusable file."""
    for name, planting, spoil in _UNREADABLE:
        yield name, UNREADABLE, planting, spoil
    for number, column in enumerate(entity.required_names):
        name, render = (
            (f"without-{column}.csv", _render_csv) if number % 2 else (f"without-{column}.parquet", _render_text)
        )
        spoil = partial(render, without=column)
        yield name, MISSING_COLUMN, f"a file without the column {column}", spoil
    yield "headless.csv", MISSING_COLUMN, "a CSV whose header was lost, so that a row stands in its place", _behead


def _make_person(planter: Planter, entity: Entity, template: Row, drop_on: date) -> PlantedRow:
    """A good row of a drop that will be blocked, with an e-mail at least in a column that nobody knows."""
    row = planter.break_row(entity, template, drop_on, Breakage(BLOCKED, None, {}, ""))
    email = planter.people.make_email()
    values = {**row.values, UNKNOWN_COLUMN: email}
    return replace(row, values=values, outcome=BLOCKED_DROP, personal=(*row.personal, email))


def _render_csv(planter: Planter, entity: Entity, row: Row, without: str = "") -> bytes:
    columns = [name for name in (*entity.column_names, UNKNOWN_COLUMN) if name != without]
    return render_file(planter.connection, entity, CSV, columns, [row])


def _render_text(planter: Planter, entity: Entity, row: Row, without: str = "") -> bytes:
    columns = [name for name in (*entity.column_names, UNKNOWN_COLUMN) if name != without]
    return render_file(planter.connection, entity, TEXT_PARQUET, columns, [row])


def _behead(planter: Planter, entity: Entity, row: Row) -> bytes:
    return _render_csv(planter, entity, row).split(b"\n", 1)[1]


def _cut_gzip(planter: Planter, entity: Entity, row: Row) -> bytes:
    return pack(_render_csv(planter, entity, row))[:-12]


def _cut_parquet(planter: Planter, entity: Entity, row: Row) -> bytes:
    content = _render_text(planter, entity, row)
    return content[: len(content) // 2]


def _spoil_pages(planter: Planter, entity: Entity, row: Row) -> bytes:
    content = bytearray(_render_text(planter, entity, row))
    content[4:44] = b"\xff" * 40
    return bytes(content)


def _encode_latin(planter: Planter, entity: Entity, row: Row) -> bytes:
    return _render_csv(planter, entity, row).replace(b"dirt-", "né-".encode("latin-1"))


def _encode_wide(planter: Planter, entity: Entity, row: Row) -> bytes:
    return _render_csv(planter, entity, row).decode().encode("utf-16")


def _add_field(planter: Planter, entity: Entity, row: Row) -> bytes:
    return _render_csv(planter, entity, row).rstrip(b"\n") + b",one field too many\n"


def _double_column(planter: Planter, entity: Entity, row: Row) -> bytes:
    return _render_csv(planter, entity, row).replace(UNKNOWN_COLUMN.encode(), entity.required_names[0].encode(), 1)


def _empty(planter: Planter, entity: Entity, row: Row) -> bytes:
    return b""


_UNREADABLE: tuple[tuple[str, str, Spoil], ...] = (
    ("cut.csv.gz", "a gzip that was cut short", _cut_gzip),
    ("plain.csv.gz", "a CSV named as if it were packed", _render_csv),
    ("cut.parquet", "a Parquet file that was cut short", _cut_parquet),
    ("pages.parquet", "a Parquet file whose footer is whole and whose first page is not", _spoil_pages),
    ("text.parquet", "a CSV named as if it were Parquet", _render_csv),
    ("latin-1.csv", "a CSV in Latin-1", _encode_latin),
    ("utf-16.csv", "a CSV in UTF-16", _encode_wide),
    ("ragged.csv", "a CSV with a field too many in its last row", _add_field),
    ("twice.csv", "a CSV with one column twice", _double_column),
    ("empty.csv", "an empty file", _empty),
)
