"""E-mails and phone numbers in places where nobody expects them, made unreadable. The one home of how they look.

Numbers have many meanings, so there are two readings of a text. In a column of ids a row of digits is an id, and only
what is written as no id is (a plus sign, brackets, groups with blanks) is taken for a phone. In any other text ten
digits in a row are a phone too. Dates, times, short numbers and money stay readable in both.
"""

import re

EMAIL_MASK = "[e-mail]"
PHONE_MASK = "[phone]"

# The patterns are read by DuckDB (RE2) and by Python alike: no look-around.
_EMAIL = r"""[^\s@,;:<>()\[\]{}"'|=/\\]+@[^\s@,;:<>()\[\]{}"'|=/\\]+"""
_BEFORE, _AFTER = r"(^|[^0-9A-Za-z_.+\-])", r"($|[^0-9A-Za-z_])"
_BLANK = "[ \u00a0]"
_GAP = rf"{_BLANK}?[.\-/]?{_BLANK}?"

# Written as no id is: a plus sign; an area code in brackets; a trunk zero and groups with blanks between.
_PLAINLY_PHONE = (
    rf"\+{_GAP}\(?[0-9](?:{_GAP}[()]?{_GAP}[0-9]){{6,14}}",
    rf"\(\+?[0-9]{{1,5}}\)(?:{_GAP}[0-9]){{5,12}}",
    rf"00?[1-9][0-9]{{0,4}}(?:{_BLANK}[0-9]{{2,8}}){{1,5}}",
)
# Digits that are a phone unless they are an id: a trunk zero, groups as they are written, ten digits and more. Ten or
# thirteen digits that begin with 1 are seconds or milliseconds since 1970, and 01.02.2024 10:00 is a time.
_MAYBE_PHONE = (
    rf"00?[1-9][0-9](?:{_GAP}[0-9]){{6,11}}",
    r"0[1-9](?:[ .\-][0-9]{2}){4}",
    r"0[1-9]-[0-9]{7,9}",
    r"(?:1[ .\-])?[0-9]{3}[ .\-][0-9]{3}[ .\-][0-9]{4}",
    r"0{3}[ .\-]?0{3,4}[ .\-]?0{4}",
    r"[2-9][0-9]{9,14}|1[0-9]{10,11}|1[0-9]{13,14}",
    rf"[0-9]{{3,5}}{_BLANK}[0-9]{{6,8}}",
)


def _pattern(*phones: str) -> str:
    return f"{_BEFORE}(?:{'|'.join(phones)}){_AFTER}"


_PHONE_IN_ID = _pattern(*_PLAINLY_PHONE)
_PHONE_IN_TEXT = _pattern(*_PLAINLY_PHONE, *_MAYBE_PHONE)
# Too few digits for a phone, and no @: most texts, told apart at little cost.
_SUSPICIOUS = r"@|[0-9](?:[^0-9]{0,4}[0-9]){6}"


def mask_sql(value: str, is_id: bool = False) -> str:
    """SQL of a text without its e-mails and phones. `is_id` says that it should be an id: digits alone may stay."""
    phone = _PHONE_IN_ID if is_id else _PHONE_IN_TEXT
    masked = f"regexp_replace({value}, {_literal(_EMAIL)}, '{EMAIL_MASK}', 'g')"
    # Twice, for two numbers with one blank between share it.
    for _ in range(2):
        masked = rf"regexp_replace({masked}, {_literal(phone)}, '\1{PHONE_MASK}\2', 'g')"
    return f"case when regexp_matches({value}, '{_SUSPICIOUS}') then {masked} else {value} end"


def mask_text(text: str, is_id: bool = False) -> str:
    """The same for a text that is not in a table, such as a reader's message or a file's name (which is an id)."""
    phone = _PHONE_IN_ID if is_id else _PHONE_IN_TEXT
    masked = re.sub(_EMAIL, EMAIL_MASK, text)
    for _ in range(2):
        masked = re.sub(phone, rf"\1{PHONE_MASK}\2", masked)
    return masked


def _literal(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"
