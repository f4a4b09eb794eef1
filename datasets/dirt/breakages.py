"""Every way to break one rule of an entity, made from the same declarations that the rules are made from.

The values are written down here, not taken from the rules' SQL: a rule that goes wrong must not take its test with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from datasets.dirt.files import CSV, TEXT_PARQUET, TYPED_PARQUET, Form
from datasets.dirt.people import People
from pipeline.landing.entities import Column, Entity

MISSING = "missing_value"
UNPARSED = "does_not_parse"
OUT_OF_RANGE = "out_of_range"
UNKNOWN_CODE = "unknown_code"
EVENT = "event_out_of_range"

_EMPTY = {CSV: ("", "   "), TEXT_PARQUET: (None, "", "   "), TYPED_PARQUET: (None,)}
_NOT_A_NUMBER = ("one", "NaN", "inf", "-inf", "1,5", "£3", "3 pieces", "99999999999999999999")
_NOT_A_TIME = (
    *("yesterday", "2023-02-31T10:00:00", "31/01/2023", "2023-01-31T25:00:00", "1675159200"),
    *("infinity", "-infinity", "epoch", "2023-01-31T10:00:00+99:00"),
)
_NOT_A_DATE = ("soon", "2023-02-31", "31/01/2023", "infinity", "epoch")
_NOT_A_TRUTH = ("maybe", "2")
# What a frame's column of floats can hold beside numbers.
_NO_NUMBER_EITHER = ("NaN", "inf", "-inf")
# Words that stand where an identifier should and name nobody.
_NOBODY = ("n/a", "unknown", "none", "-")


@dataclass(frozen=True)
class Breakage:
    """Values that turn a good row into one that breaks one rule. `column` is None for a rule over several columns.

    `personal` lists the e-mails and phones among the values, for a search to look for.
    """

    rule: str
    column: str | None
    changes: Mapping[str, str | None]
    planting: str
    personal: tuple[str, ...] = ()


def list_breakages(entity: Entity, form: Form, drop_on: date, currency: str | None) -> list[Breakage]:
    """Every way to break a rule that looks at one row alone, as far as a file of that form can hold it.

    `currency` is the warehouse's; without one no currency is another.
    """
    found = [breakage for column in entity.columns for breakage in _break_column(column, form)]
    for check in entity.checks:
        found += _BREAK_CHECK[check.rule](entity, drop_on, currency)
    if entity.event_column:
        found += _move_event(entity, drop_on)
    return found


def list_leaks(entity: Entity, people: People) -> list[Breakage]:
    """Broken rows with e-mails and phones where they do not belong: among numbers, times, codes and free text."""
    found = []
    for column in entity.columns:
        if column.identifier in ("email", "phone") or not (column.sql_type != "VARCHAR" or column.codes):
            continue
        rule = UNKNOWN_CODE if column.codes else UNPARSED
        for kind, value in (("an e-mail", people.make_email()), ("a phone", people.make_phone())):
            found.append(Breakage(rule, column.name, {column.name: value}, f"{column.name} is {kind}", (value,)))
    for column in list_free_texts(entity):
        email, phone = people.make_email(), people.make_phone()
        changes = {column.name: f"write to {email} or\nring {phone}", **_break_something(entity, column)}
        missing = next(name for name in changes if name != column.name)
        planting = f"{missing} is empty, and {column.name} tells an e-mail and a phone on two lines"
        found.append(Breakage(MISSING, missing, changes, planting, (email, phone)))
    return found


def list_free_texts(entity: Entity) -> list[Column]:
    """Columns in which people write what they like."""
    return [
        column
        for column in entity.columns
        if column.sql_type == "VARCHAR"
        and not (column.required or column.codes or column.identifier or column.name.endswith("_id"))
        and column.name != "currency"
    ]


def _break_something(entity: Entity, other: Column) -> dict[str, None]:
    """Any required column but the key, or the key when there is no other."""
    names = [name for name in reversed(entity.required_names) if name != other.name]
    return {names[0]: None}


def _break_column(column: Column, form: Form) -> Iterator[Breakage]:
    def put(rule: str, value: str | None, words: str) -> Breakage:
        return Breakage(rule, column.name, {column.name: value}, f"{column.name} is {words}")

    if column.required:
        for value in _EMPTY[form]:
            yield put(MISSING, value, "NULL" if value is None else f"empty ({value!r})")
        if column.identifier:
            for value in _NOBODY:
                yield put(MISSING, value, f"{value!r}, which names nobody")
    for value in _list_unparsed(column, form):
        yield put(UNPARSED, value, f"{value!r}, which can't be read as {column.sql_type}")
    for value in _list_out_of_range(column):
        yield put(OUT_OF_RANGE, value, f"{value}, outside its range")
    for value in ("no such code", f"{column.codes[0]}!") if column.codes else ():
        yield put(UNKNOWN_CODE, value, f"{value!r}, a code nobody knows")


def _list_unparsed(column: Column, form: Form) -> tuple[str, ...]:
    kind = column.sql_type
    if kind == "VARCHAR" or (form is TYPED_PARQUET and not _is_number(kind)):
        return ()
    if kind in ("INTEGER", "BIGINT"):
        return (*(_NO_NUMBER_EITHER if form is TYPED_PARQUET else _NOT_A_NUMBER), "4.5")
    if _is_number(kind):
        return _NO_NUMBER_EITHER if form is TYPED_PARQUET else _NOT_A_NUMBER
    return {"TIMESTAMP": _NOT_A_TIME, "DATE": _NOT_A_DATE, "BOOLEAN": _NOT_A_TRUTH}[kind]


def _list_out_of_range(column: Column) -> Iterator[str]:
    step = 1 if column.sql_type in ("INTEGER", "BIGINT") else 0.01
    if column.minimum is not None:
        yield f"{column.minimum - step:g}"
        yield f"{column.minimum - 1000:g}"
    if column.above is not None:
        yield f"{column.above:g}"
        yield f"{column.above - 1:g}"
        if column.sql_type == "DECIMAL(18,3)":
            yield f"{column.above + 0.0004:g}"  # nothing is left of it in three decimals
    if column.maximum is not None:
        yield f"{column.maximum + step:g}"


def _is_number(sql_type: str) -> bool:
    return sql_type.startswith("DECIMAL") or sql_type in ("INTEGER", "BIGINT")


def _move_event(entity: Entity, drop_on: date) -> Iterator[Breakage]:
    name = entity.event_column
    is_date = next(column.sql_type for column in entity.columns if column.name == name) == "DATE"
    days = {
        "1989-12-31": "the day before 1990",
        "0001-01-01": "the first day there is",
        (drop_on + timedelta(days=2)).isoformat(): "two days after its drop",
        "9999-12-31": "a day nobody will see",
    }
    for day, words in days.items():
        value = day if is_date else f"{day}T{'23:59:59' if day < '1990' else '00:00:00'}"
        yield Breakage(EVENT, None, {name: value}, f"{name} is {value}, {words}")


def _give_nobody(entity: Entity, drop_on: date, currency: str | None) -> Iterator[Breakage]:
    names = [column.name for column in entity.columns if column.identifier]
    yield Breakage("no_identifier", None, dict.fromkeys(names), "every identifier is empty")
    nobody = {"email": "none@", "phone": "000-0000-0000"}
    changes = {name: nobody.get(name, "n/a") for name in names}
    yield Breakage("no_identifier", None, changes, "every identifier is one that names nobody")


def _resolve_too_early(entity: Entity, drop_on: date, currency: str | None) -> Iterator[Breakage]:
    for resolved in (f"{drop_on}T09:59:59", f"{drop_on - timedelta(days=1)}T10:00:00"):
        changes = {"opened_at": f"{drop_on}T10:00:00", "resolved_at": resolved}
        yield Breakage("resolved_before_opened", None, changes, f"resolved_at {resolved} lies before opened_at")


def _discount_too_much(entity: Entity, drop_on: date, currency: str | None) -> Iterator[Breakage]:
    for quantity, price, discount in (("3", "1.5", "4.51"), ("1", "0", "0.01"), ("0.5", "19.99", "1000")):
        changes = {"quantity": quantity, "unit_price": price, "discount_amount": discount}
        planting = f"discount_amount {discount} of {quantity} at {price}"
        yield Breakage("discount_above_gross", None, changes, planting)


def _pay_otherwise(entity: Entity, drop_on: date, currency: str | None) -> Iterator[Breakage]:
    others = [other for other in ("USD", "EUR", "chf") if other.upper() != currency] if currency else []
    for other in others:
        yield Breakage("other_currency", None, {"currency": other}, f"currency is {other} among {currency}")


_BREAK_CHECK = {
    "no_identifier": _give_nobody,
    "resolved_before_opened": _resolve_too_early,
    "discount_above_gross": _discount_too_much,
    "other_currency": _pay_otherwise,
}
