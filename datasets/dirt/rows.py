"""Bad rows among exact repeats of good ones, in drops that the shop sent anyway."""

from collections.abc import Sequence
from datetime import date, timedelta

from datasets.dirt.breakages import list_breakages, list_leaks
from datasets.dirt.clean import CleanEntity, keep_single, read_rows
from datasets.dirt.files import CSV, TEXT_PARQUET, TYPED_PARQUET, Form, Row
from datasets.dirt.ledger import LOADED, QUARANTINED, REPEATED, WAITING
from datasets.dirt.planter import Block, PlantedRow, Planter, find_own_key
from pipeline.landing.entities import Column, Entity

CONFLICT = "conflicting_key"
NO_ORDER = "line_without_order"

# How many rows of earlier drops are sent once more, and how many are dated after the last night.
_SENT_AGAIN = 5
_WAITING = 2


def plant_rows(planter: Planter, clean: CleanEntity) -> None:
    """Break every row rule in a CSV and a typed Parquet file of one drop, and in a text Parquet file of another."""
    entity = clean.entity
    drop, other = planter.chance.choice(clean.drops), planter.chance.choice(clean.drops)
    templates, other_templates = read_rows(planter.connection, drop), read_rows(planter.connection, other)
    in_csv = _make_blocks(planter, entity, CSV, drop.drop_on, templates)
    typed = _make_blocks(planter, entity, TYPED_PARQUET, drop.drop_on, templates)
    one, differing = _make_conflict(planter, entity, planter.chance.choice(templates), drop.drop_on)
    in_csv.append((one,))
    typed.append((differing,))
    in_csv += _repeat_clean_rows(planter, templates, in_csv + typed)
    in_text = _make_blocks(planter, entity, TEXT_PARQUET, other.drop_on, other_templates)
    in_text += _repeat_clean_rows(planter, other_templates, in_text)
    csv_name = planter.chance.choice(("rows.csv", "rows.csv.gz"))
    for drop_on, name, form, blocks in (
        (drop.drop_on, csv_name, CSV, in_csv),
        (drop.drop_on, "rows-typed.parquet", TYPED_PARQUET, typed),
        (other.drop_on, "rows-text.parquet", TEXT_PARQUET, in_text),
    ):
        planter.chance.shuffle(blocks)
        rows = [row for block in blocks for row in block]
        planter.write_rows(entity, drop_on, name, form, rows)
        note_lost_orders(planter, entity, rows)


def plant_late_rows(planter: Planter, clean: CleanEntity) -> None:
    """Into the last drop: rows of earlier drops once more, rows of the day after, and rows with a person in free text.

    The first are repeats, the second wait for the next night, the third are good: their free text must be masked.
    """
    entity, last = clean.entity, clean.drops[-1]
    templates = read_rows(planter.connection, last)
    rows = _send_again(planter, clean)
    if entity.event_column and last.drop_on == planter.as_of:
        rows += [_make_waiting(planter, entity, planter.chance.choice(templates)) for _ in range(_WAITING)]
    if entity.parent:
        rows += [_add_to_waiting_order(planter, entity, templates, order_id) for order_id in planter.waiting_orders]
    if entity.path == "support/contacts":
        rows.append(_write_person_into_topic(planter, entity, planter.chance.choice(templates), last.drop_on))
    if rows:
        planter.chance.shuffle(rows)
        planter.write_rows(entity, last.drop_on, "late.csv", CSV, rows)


def note_lost_orders(planter: Planter, entity: Entity, rows: Sequence[PlantedRow]) -> None:
    """Remember which planted orders will not be there, since their lines will miss them."""
    if entity.path == "sales/orders":
        known = {order_id for order_id, _ in planter.lost_orders}
        for row in rows:
            order_id = (row.values["order_id"] or "").strip()
            if row.rule and order_id and order_id not in known:
                known.add(order_id)
                planter.lost_orders.append((order_id, row.rule))


def _make_blocks(planter: Planter, entity: Entity, form: Form, drop_on: date, templates: Sequence[Row]) -> list[Block]:
    breakages = list_breakages(entity, form, drop_on, planter.currency)
    if form is not TYPED_PARQUET:
        breakages += list_leaks(entity, planter.people)
    blocks: list[Block] = [
        (planter.break_row(entity, planter.chance.choice(templates), drop_on, breakage),) for breakage in breakages
    ]
    blocks.append(blocks[0] * 2)
    blocks += [_make_conflict(planter, entity, planter.chance.choice(templates), drop_on) for _ in range(2)]
    blocks.append(_make_conflict_with_repeat(planter, entity, planter.chance.choice(templates), drop_on))
    if form is not TYPED_PARQUET:
        blocks.append(_make_conflict_under_email(planter, entity, planter.chance.choice(templates), drop_on))
    if entity.parent:
        blocks += _miss_orders(planter, entity, templates, drop_on)
    return blocks


def _make_conflict(planter: Planter, entity: Entity, template: Row, drop_on: date) -> Block:
    row = planter.make_row(entity, template, drop_on)
    column = next(column for column in entity.columns if column.name not in entity.key and not column.codes)
    return tuple(
        PlantedRow(values, QUARANTINED, CONFLICT, None, f"two rows of one key with different {column.name}")
        for values in (row, {**row, column.name: _change(row[column.name], column)})
    )


def _make_conflict_with_repeat(planter: Planter, entity: Entity, template: Row, drop_on: date) -> Block:
    one, differing = _make_conflict(planter, entity, template, drop_on)
    again = PlantedRow(one.values, REPEATED, planting="an exact repeat of a row that conflicts with another")
    return one, differing, again


def _make_conflict_under_email(planter: Planter, entity: Entity, template: Row, drop_on: date) -> Block:
    email = planter.people.make_email()
    return tuple(
        PlantedRow(
            {**row.values, find_own_key(entity): email},
            row.outcome,
            row.rule,
            None,
            f"{row.planting}, an e-mail",
            (email,),
        )
        for row in _make_conflict(planter, entity, template, drop_on)
    )


def _miss_orders(planter: Planter, entity: Entity, templates: Sequence[Row], drop_on: date) -> list[Block]:
    missed = [(order_id, f"its order was planted to break {rule}") for order_id, rule in planter.lost_orders]
    planter.made += 1
    missed.append((f"dirt-nowhere-{planter.made}", "no order ever had that order_id"))
    missed.append((planter.people.make_email(), "order_id is an e-mail"))
    blocks: list[Block] = []
    for order_id, planting in missed:
        row = planter.make_row(entity, planter.chance.choice(templates), drop_on)
        personal = (order_id,) if "@" in order_id else ()
        blocks.append((PlantedRow({**row, "order_id": order_id}, QUARANTINED, NO_ORDER, None, planting, personal),))
    return blocks


def _repeat_clean_rows(planter: Planter, templates: Sequence[Row], blocks: Sequence[Block]) -> list[Block]:
    """Enough repeats of the drop's own rows to keep it below the bad share, whatever else it holds."""
    bad = sum(row.outcome == QUARANTINED for block in blocks for row in block)
    planting = "an exact repeat of a row of its drop"
    return [
        (PlantedRow(planter.chance.choice(templates), REPEATED, planting=planting),)
        for _ in range(int(bad / planter.max_bad_share) + 1)
    ]


def _send_again(planter: Planter, clean: CleanEntity) -> list[PlantedRow]:
    if len(clean.drops) < 2:
        return []
    earlier = planter.chance.choice(clean.drops[:-1])
    rows = keep_single(planter.connection, clean, read_rows(planter.connection, earlier))
    chosen = planter.chance.sample(rows, min(_SENT_AGAIN, len(rows)))
    return [PlantedRow(row, REPEATED, planting=f"an exact repeat of a row of {earlier.drop_on}") for row in chosen]


def _make_waiting(planter: Planter, entity: Entity, template: Row) -> PlantedRow:
    row = planter.make_row(entity, template, planter.as_of + timedelta(days=1))
    if entity.path == "sales/orders":
        planter.waiting_orders.append(row["order_id"])
    return PlantedRow(row, WAITING, planting=f"{entity.event_column} is the day after its drop, the last night's")


def _add_to_waiting_order(planter: Planter, entity: Entity, templates: Sequence[Row], order_id: str) -> PlantedRow:
    row = planter.make_row(entity, planter.chance.choice(templates), planter.as_of)
    return PlantedRow({**row, "order_id": order_id}, WAITING, planting="a line of an order that waits")


def _write_person_into_topic(planter: Planter, entity: Entity, template: Row, drop_on: date) -> PlantedRow:
    email, phone = planter.people.make_email(), planter.people.make_phone()
    row = {**planter.make_row(entity, template, drop_on), "topic": f"I am {email}, my phone is {phone}."}
    return PlantedRow(
        row, LOADED, planting="a good row whose topic tells an e-mail and a phone", personal=(email, phone)
    )


def _change(value: str | None, column: Column) -> str:
    """Another value that is as good as the one that is there."""
    if column.sql_type == "BOOLEAN":
        return "false" if (value or "").strip().lower() in ("true", "t", "1", "yes", "y") else "true"
    if column.sql_type == "TIMESTAMP":
        return f"{(value or '')[:10]}T09:59:59"
    if column.sql_type == "VARCHAR":
        return f"{value or 'dirt'}-other"
    return str(float(value or 0) + 1)
