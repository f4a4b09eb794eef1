"""The words the suites are written in. Plain data: nothing here imports Great Expectations, which takes seconds.

SQL in a rule may use two placeholders: `{table}`, the table the rule stands under, and `{as_of}`, the night's date.
Other tables are named with their schema. A `%` or a `:` would be read as a parameter on the way: do without.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class NotNull:
    """The column has a value in every row."""

    column: str

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        return f"{self.column} is never null"


@dataclass(frozen=True)
class Unique:
    """No two rows share the values of these columns."""

    columns: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        return f"{', '.join(self.columns)} {'is' if len(self.columns) == 1 else 'together are'} unique"


@dataclass(frozen=True)
class Between:
    """The column, where it has a value, lies between two values that are allowed themselves."""

    column: str
    low: float | None = None
    high: float | None = None
    because: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        if self.high is None:
            words = f"is at least {self.low:,}"
        elif self.low is None:
            words = f"is at most {self.high:,}"
        else:
            words = f"lies between {self.low:,} and {self.high:,}"
        return _with_reason(f"{self.column} {words}", self.because)


@dataclass(frozen=True)
class OneOf:
    """The column, where it has a value, holds one of these codes."""

    column: str
    values: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        return f"{self.column} is one of {', '.join(self.values)}"


@dataclass(frozen=True)
class NoRowsWhere:
    """No row of the table, called b in the condition, meets it. `columns` are shown beside the key when one does."""

    rule: str
    condition: str
    columns: tuple[str, ...] = ()
    because: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        return _with_reason(self.rule, self.because)


@dataclass(frozen=True)
class NoRows:
    """This query, which finds bad rows by looking at more than one row or table, finds none."""

    rule: str
    query: str
    columns: tuple[str, ...] = ()
    because: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words, for messages and Data Docs."""
        return _with_reason(self.rule, self.because)


Rule = NotNull | Unique | Between | OneOf | NoRowsWhere | NoRows


@dataclass(frozen=True)
class TableSuite:
    """What must hold for one table. A table without rows fails unless `may_be_empty` says why that is fine."""

    schema: str
    table: str
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    may_be_empty: str | None = None

    @property
    def name(self) -> str:
        """The table as SQL names it."""
        return f"{self.schema}.{self.table}"


def key_of(*columns: str) -> tuple[Rule, ...]:
    """The rules of a key: never null, and unique as a whole."""
    return (*(NotNull(column) for column in columns), Unique(columns))


def never_null(*columns: str) -> tuple[Rule, ...]:
    """One rule for each column: it always has a value."""
    return tuple(NotNull(column) for column in columns)


def shares(columns: Iterable[str]) -> tuple[Rule, ...]:
    """One rule for each column: a share or a probability."""
    return tuple(Between(column, 0, 1) for column in columns)


def refers_to(column: str, table: str) -> NoRowsWhere:
    """Every value of the column is found in the column of the same name in another table."""
    return NoRowsWhere(
        f"{column} is found in {table}",
        f"b.{column} is not null and not exists (select 1 from {table} as t where t.{column} = b.{column})",
        (column,),
    )


def _with_reason(rule: str, because: str) -> str:
    return f"{rule} ({because})" if because else rule
