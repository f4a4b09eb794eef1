"""How an identifier is written before it is hashed, so that one person's many spellings give one token. As SQL.

What can't be an identifier of its kind ("n/a" as an e-mail, 000-0000-0000 as a phone) becomes NULL: it names nobody.
"""

from collections.abc import Callable

import duckdb
from phonenumbers.phonemetadata import PhoneMetadata

from pipeline.errors import UsageError

# Common ways to say that there is none; an identifier that reads so identifies nobody.
_NOTHING = "('', '-', '.', '0', 'n/a', 'na', 'none', 'null', 'nan', 'unknown', 'guest', 'anonymous')"

# One @, something before it, a dotted domain behind it. What comes after a plus sign reaches the same mailbox.
_EMAIL = r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}$"

# Mailboxes of a till or a machine, with or without a number: what cashiers key in when a buyer gives none.
_NOBODYS = (
    "^(till|pos|kasse|kassa|caisse|checkout|cashier|register|walk-?in|guest|anonymous|nobody|dummy"
    "|no-?reply|do-?not-?reply)[-_.]?[0-9]*@"
)

# The international number has at most 15 digits (ITU-T E.164); fewer than 7 are an extension or a short code.
_LEAST_DIGITS, _MOST_DIGITS = 7, 15


def normalise_sql(kind: str, value: str) -> str:
    """SQL that brings an identifier (given as SQL text) into the form that is hashed; NULL when it identifies nobody.

    Phones need what `give_phone_region` told the connection.
    """
    return _NORMALISED[kind](value)


def give_phone_region(connection: duckdb.DuckDBPyConnection, region: str) -> None:
    """Let the connection read phone numbers without a country code as numbers of `region` (ISO 3166, such as GB)."""
    plan = _find_plan(region)
    trunk = plan.national_prefix or ""
    exits = plan.international_prefix or "00"
    settings = {
        "phone_code": str(plan.country_code),
        "phone_trunk": trunk,
        # some plans give their exit code as a pattern of several; 00 is understood everywhere
        "phone_exit": exits if exits.isdigit() else "00",
    }
    for name, text in settings.items():
        connection.execute(f"set variable {name} = ?", [text])
    connection.execute("set variable phone_lengths = ?", [list(plan.general_desc.possible_length)])


def _find_plan(region: str) -> PhoneMetadata:
    plan = PhoneMetadata.metadata_for_region(region)
    if plan is None:
        raise UsageError(f"RAPPORT_PHONE_REGION={region!r} is not a country; give two letters such as GB, US or DE.")
    return plan


def _normalise_reference(value: str) -> str:
    return f"case when lower(trim({value})) not in {_NOTHING} then trim({value}) end"


def _normalise_email(value: str) -> str:
    plain = f"regexp_replace(lower(trim({value})), '^mailto:', '')"
    return (
        f"case when contains({value}, '@') and regexp_matches({plain}, '{_EMAIL}') "
        f"and not regexp_matches({plain}, '{_NOBODYS}') "
        rf"then regexp_replace({plain}, '^([^+@]+)\+[^@]*@', '\1@') end"
    )


def _normalise_phone(value: str) -> str:
    """E.164, by the numbering plan of the connection's region; see ITU-T E.164 and the libphonenumber metadata.

    A list of one element carries each step to the next, since SQL has no local names inside an expression.
    """
    number = rf"regexp_replace({value}, '(?i)\s*(,|;|x|ext\.?|extension|#).*$', '')"
    # +44 (0)20 …: the zero in brackets is for callers at home
    number = rf"regexp_replace({number}, '\(0\)', case when contains({value}, '+') then '' else '0' end)"
    signs = f"regexp_replace({number}, '[^0-9+]', '', 'g')"
    return f"list_extract(list_transform([{signs}], lambda d: {_TO_E164}), 1)"


_ALIKE = "replace(d, left(right(d, 1), 1), '') in ('', '+')"

_INTERNATIONAL = (
    "case when starts_with(d, '+') then replace(d, '+', '') "
    "when starts_with(d, '00') then substr(d, 3) "
    "when starts_with(d, getvariable('phone_exit')) and length(d) > 11 "
    "then substr(d, length(getvariable('phone_exit')) + 1) end"
)

# A national number behind its own country code needs no trunk prefix, but people write it (+44 020 …).
_OWN_COUNTRY = (
    "getvariable('phone_code') || case when getvariable('phone_trunk') = '0' "
    "then ltrim(substr(i, length(getvariable('phone_code')) + 1), '0') "
    "else substr(i, length(getvariable('phone_code')) + 1) end"
)

_NATIONAL = (
    "case when getvariable('phone_trunk') <> '' and starts_with(d, getvariable('phone_trunk')) "
    "and list_contains(getvariable('phone_lengths'), length(d) - length(getvariable('phone_trunk'))) "
    "then substr(d, length(getvariable('phone_trunk')) + 1) "
    "when list_contains(getvariable('phone_lengths'), length(d)) then d "
    # 44 20 … is a country code whose plus sign got lost
    "when starts_with(d, getvariable('phone_code')) "
    "and list_contains(getvariable('phone_lengths'), length(d) - length(getvariable('phone_code'))) "
    "then substr(d, length(getvariable('phone_code')) + 1) end"
)

_TO_E164 = (
    f"case when {_ALIKE} then null "
    f"when {_INTERNATIONAL} is not null then list_extract(list_transform([{_INTERNATIONAL}], lambda i: "
    f"case when length(i) between {_LEAST_DIGITS} and {_MOST_DIGITS} then '+' || "
    f"case when starts_with(i, getvariable('phone_code')) then {_OWN_COUNTRY} else i end end), 1) "
    f"else '+' || getvariable('phone_code') || {_NATIONAL} end"
)

_NORMALISED: dict[str, Callable[[str], str]] = {
    "email": _normalise_email,
    "phone": _normalise_phone,
    "customer_ref": _normalise_reference,
    "loyalty_id": _normalise_reference,
}
