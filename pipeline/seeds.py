"""The seeds that a business person edits, checked before dbt builds anything from them.

dbt would take a wrong seed as it is, or stop with a word about types. Here a mistake is told in the words of the file.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pipeline.errors import UsageError

SEGMENTS = ("churned", "dormant", "vip", "near_vip", "at_risk", "regular")
VALUE_BANDS = ("top", "high", "middle", "low")
_FOOT = "save the file and run the same command again"


@dataclass(frozen=True)
class Row:
    """One row of a seed: where it stands and what it says."""

    file: Path
    line: int
    values: dict[str, str]

    def refuse(self, wrong: str, remedy: str) -> UsageError:
        """The error that names this row, what is wrong with it and what to do."""
        return UsageError(f"{self.file}, line {self.line}: {wrong}; {remedy}, {_FOOT}.")

    def read_number(self, column: str) -> Decimal:
        """The number in a column."""
        text = self.values[column]
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.refuse(f"{column} {text!r} is not a number", "write it in digits with a point, such as 0.10")
        return number


def check_seeds(folder: Path) -> None:
    """Raise UsageError with one sentence about the first mistake in tiers.csv, value_bands.csv or segments.csv."""
    check_tiers(folder / "tiers.csv")
    check_value_bands(folder / "value_bands.csv")
    check_segments(folder / "segments.csv")


def check_tiers(file: Path) -> None:
    """Ranks run 1, 2, 3 … and each tier asks for more than the one below; only the lowest is held from 0."""
    rows = _read_rows(file, ("tier", "tier_rank", "threshold_kind", "threshold_value"))
    _check_places(rows, "tier", "tier_rank")
    below: Row | None = None
    for row in sorted(rows, key=lambda row: row.read_number("tier_rank")):
        _check_threshold(row, below)
        below = row


def check_value_bands(file: Path) -> None:
    """The four bands, most valuable first; each ends above the one before it, and the last at 1."""
    rows = _read_rows(file, ("value_band", "up_to_share"))
    _check_names(rows, "value_band", VALUE_BANDS)
    before = Decimal(0)
    for row, band in zip(rows, VALUE_BANDS, strict=True):
        share, said = row.read_number("up_to_share"), row.values["up_to_share"]
        if row.values["value_band"] != band:
            raise row.refuse(
                f"value_band is {row.values['value_band']} where {band} belongs",
                f"put the bands in the order {', '.join(VALUE_BANDS)}",
            )
        if not 0 < share <= 1:
            raise row.refuse(
                f"up_to_share {said} of {band} is no share of customers",
                "write a number above 0 and up to 1, 0.10 for a tenth",
            )
        if share <= before:
            raise row.refuse(
                f"up_to_share {said} of {band} is not above {before} of the band before it",
                "let the shares rise from row to row",
            )
        before = share
    if before != 1:
        raise rows[-1].refuse(
            f"the last band ends at {before}, so that the customers beyond it have no band", "let it end at 1"
        )


def check_segments(file: Path) -> None:
    """The six segments, each once, on places 1 to 6, with a meaning, none where it could never win."""
    rows = _read_rows(file, ("segment", "place", "meaning"))
    _check_names(rows, "segment", SEGMENTS)
    _check_places(rows, "segment", "place")
    by_name = {row.values["segment"]: row for row in rows}
    regular, churned, dormant = by_name["regular"], by_name["churned"], by_name["dormant"]
    if regular.read_number("place") != len(SEGMENTS):
        raise regular.refuse(
            f"regular is on place {regular.values['place']}, but it means none of the others",
            f"put it on place {len(SEGMENTS)}",
        )
    if churned.read_number("place") > dormant.read_number("place"):
        raise churned.refuse(
            f"churned is on place {churned.values['place']}, after dormant on place {dormant.values['place']}; "
            "whoever is churned is dormant too, so nobody would ever be churned",
            "put churned before dormant",
        )


def _read_rows(file: Path, columns: Sequence[str]) -> list[Row]:
    try:
        # utf-8-sig: spreadsheets begin their files with a byte order mark
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            if header != list(columns):
                raise UsageError(
                    f"{file}, line 1: the columns are {', '.join(header) or 'missing'}; "
                    f"write the line {','.join(columns)} with commas, {_FOOT}."
                )
            rows = [_make_row(file, reader.line_num, columns, fields) for fields in reader if fields]
    except FileNotFoundError:
        raise UsageError(f"{file} is missing; bring it back from version control, {_FOOT}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{file} can't be read as a table ({error}); save it as CSV in UTF-8 with commas, {_FOOT}."
        ) from None
    if not rows:
        raise UsageError(f"{file} has no rows below its first line; bring it back from version control, {_FOOT}.")
    return rows


def _make_row(file: Path, line: int, columns: Sequence[str], fields: list[str]) -> Row:
    row = Row(file, line, dict(zip(columns, fields, strict=False)))
    if len(fields) != len(columns):
        raise row.refuse(
            f"there are {len(fields)} values for {len(columns)} columns",
            f"give one value each for {', '.join(columns)} (a text with commas in double quotes)",
        )
    for column, value in row.values.items():
        if not value.strip():
            raise row.refuse(f"{column} is empty", f"fill in {column}")
        if value != value.strip():
            raise row.refuse(f"{column} {value!r} begins or ends with a space", "take the space away")
    return row


def _check_names(rows: list[Row], column: str, names: Sequence[str]) -> None:
    """Each of `names` is there, and no other."""
    for row in rows:
        if row.values[column] not in names:
            raise row.refuse(
                f"{row.values[column]!r} is no {column}", f"use each of {', '.join(names)} once and no other"
            )
    _check_unique(rows, column)
    missing = [name for name in names if name not in {row.values[column] for row in rows}]
    if missing:
        raise rows[-1].refuse(
            f"after this last row {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            f"add a row for each of {', '.join(missing)}",
        )


def _check_unique(rows: list[Row], column: str) -> None:
    lines: dict[str, int] = {}
    for row in rows:
        value = row.values[column]
        if value in lines:
            raise row.refuse(
                f"{column} {value} is there already, on line {lines[value]}", "remove or rename one of the two"
            )
        lines[value] = row.line


def _check_places(rows: list[Row], name: str, column: str) -> None:
    """Names are unique, and the numbers in `column` are 1, 2, 3 … without gap or double."""
    _check_unique(rows, name)
    taken: dict[Decimal, Row] = {}
    remedy = f"number the rows 1 to {len(rows)}, each number once"
    for row in rows:
        number = row.read_number(column)
        if number != number.to_integral_value() or not 1 <= number <= len(rows):
            wrong = f"{column} {row.values[column]} of {row.values[name]} is not one of 1 to {len(rows)}"
            raise row.refuse(f"{wrong}, so there is a gap", remedy)
        if number in taken:
            other = taken[number]
            raise row.refuse(
                f"{row.values[name]} has {column} {number}, as {other.values[name]} on line {other.line} has", remedy
            )
        taken[number] = row


def _check_threshold(row: Row, below: Row | None) -> None:
    """One tier's threshold by itself, and beside that of the tier below it."""
    tier, kind, said = (row.values[column] for column in ("tier", "threshold_kind", "threshold_value"))
    value = row.read_number("threshold_value")
    if kind not in ("amount", "share"):
        raise row.refuse(f"threshold_kind {kind!r} of {tier} is unknown", "write amount or share")
    if below is None:
        if kind != "amount" or value != 0:
            raise row.refuse(
                f"the lowest tier, {tier}, begins at {kind} {said}, so that some customers would hold no tier",
                "let the tier of rank 1 begin at amount 0",
            )
        return
    beneath, kind_below, said_below = (below.values[c] for c in ("tier", "threshold_kind", "threshold_value"))
    if kind == "share" and not 0 < value < 1:
        raise row.refuse(
            f"share {said} of {tier} is no share of customers", "write a number between 0 and 1, 0.10 for the top tenth"
        )
    if kind == "amount" and kind_below == "share":
        raise row.refuse(
            f"{tier} is given as an amount above {beneath}, which is given as a share (line {below.line}): which "
            "of the two asks for more would change from night to night",
            "give the lower tiers as amounts and the higher ones as shares, or all as one kind",
        )
    if kind == "amount" and value <= below.read_number("threshold_value"):
        raise row.refuse(
            f"amount {said} of {tier} is not above {said_below} of {beneath}, the tier below it (line {below.line})",
            "let the amounts rise with the rank",
        )
    if kind == kind_below == "share" and value >= below.read_number("threshold_value"):
        raise row.refuse(
            f"share {said} of {tier} is not below {said_below} of {beneath}, the tier below it (line {below.line})",
            "let fewer customers hold each higher tier",
        )
