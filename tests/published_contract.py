"""docs/published.md as a test reads it: which columns each table has at the least, and the type of any column."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

_PAGE = (Path(__file__).resolve().parent.parent / "docs/published.md").read_text()


def read_columns() -> dict[str, list[str]]:
    """The columns that the contract lists for each table, shorthand such as `low50, _high50` written out."""
    listed = {}
    for entry in re.split(r"\n(?=\*\*\w+\*\*)", _PAGE.split("\n## Types")[0])[1:]:
        names, _, said = entry.partition(" — ")
        columns = next(text for text in re.findall(r"`([^`]+)`", said) if "," in text)
        # several tables on one line: the columns are the last one's
        listed[re.findall(r"\*\*(\w+)\*\*", names)[-1]] = _write_out(re.sub(r"\([^)]*\)", "", columns))
    return listed


def promised_type(table: str, column: str) -> str:
    """The type that the contract gives a column: that of the first line with a pattern that fits."""
    lines = re.findall(r"^\| (`.+`) \| ([A-Z]\S*) \|$", _PAGE, re.MULTILINE)
    for patterns, promised in lines:
        for pattern in re.findall(r"`([^`]+)`", patterns):
            if fnmatchcase(f"{table}.{column}" if "." in pattern else column, pattern):
                return promised
    raise AssertionError(f"docs/published.md gives {table}.{column} no type")


def _write_out(columns: str) -> list[str]:
    names: list[str] = []
    for name in columns.replace("\n", " ").split(","):
        name = name.strip()
        names.append(names[-1].rpartition("_")[0] + name if name.startswith("_") else name)
    return names
