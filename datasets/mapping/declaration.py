"""What a mapping file may say. The keys are described in docs/how-to/map-your-data.md."""

from dataclasses import dataclass, field

from datasets.mapping.document import Text
from pipeline.landing import entities as contract

FORMATS = ("csv", "parquet")
WAREHOUSE_TIME = "warehouse"
ORDERS, LINES, RETURNS = "sales/orders", "sales/order_lines", "sales/returns"
CONTRACT = {entity.path: entity for entity in contract.ENTITIES}


@dataclass(frozen=True)
class Source:
    """Files that are read as one table. `path` may hold wildcards; `types` are DuckDB types by column."""

    name: Text
    path: Text
    format: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    types: dict[Text, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A step in SQL: a query over sources and earlier tables, known to later ones by its name."""

    name: Text
    query: Text


@dataclass(frozen=True)
class Value:
    """What a landing column is made of: a column of the source or an SQL expression, or a fixed text."""

    text: Text
    is_constant: bool = False


@dataclass(frozen=True)
class RowKind:
    """Rows of a source or table that are told apart by `where`, with a sentence that says what becomes of them."""

    name: str
    origin: Text
    where: Text | None
    reason: Text


@dataclass(frozen=True)
class EntityMap:
    """How rows of one source or table become rows of a landing entity. `kinds` tell those rows apart in the summary."""

    path: Text
    origin: Text
    where: Text | None
    one_row_per: tuple[Text, ...]
    values: dict[Text, Value]
    kinds: tuple[RowKind, ...] = ()

    @property
    def contract(self) -> contract.Entity:
        """The entity as the landing contract declares it."""
        return CONTRACT[self.path]

    @property
    def table(self) -> str:
        """The table its rows are put in, ready to land."""
        return f"landing.{self.contract.table}"


@dataclass(frozen=True)
class Reckoning:
    """What each row of a source or table is worth, in SQL, so that source and drops can be reconciled."""

    origin: Text
    value: Text


@dataclass(frozen=True)
class Mapping:
    """A mapping file."""

    name: str
    currency: str | None
    timezone: str | None
    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    entities: tuple[EntityMap, ...]
    left_out: tuple[RowKind, ...]
    reckonings: tuple[Reckoning, ...]
    notes: tuple[Text, ...]
    file_name: str | None = None
