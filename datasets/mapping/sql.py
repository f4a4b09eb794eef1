"""A mapping's SQL: only queries, checked piece by piece, with DuckDB's errors turned into sentences."""

import re
from dataclasses import dataclass, field

import duckdb

from datasets.mapping.document import Text
from datasets.mapping.findings import Findings, suggest_name
from datasets.mapping.sources import quote_name

_IS_WORD = re.compile(r"\w+")


@dataclass
class Bench:
    """Where a mapping is worked on: the connection, what was found wrong, and each usable relation's columns.

    `failed` are the names of sources and tables that could not be made, whose problem was told.
    """

    connection: duckdb.DuckDBPyConnection
    findings: Findings
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def learn_columns(self, relation: str) -> None:
        """Remember a relation as usable."""
        described = self.connection.execute(f"describe select * from {relation}").fetchall()
        self.columns[relation] = tuple(row[0] for row in described)

    def find_column(self, relation: str, text: str) -> str | None:
        """The column that is named so, whatever the case."""
        return next((name for name in self.columns[relation] if name.lower() == text.lower()), None)

    def express(self, relation: str, text: Text) -> str:
        """A column's name or an expression, as SQL. A text that is exactly a column's name means the column."""
        column = self.find_column(relation, text)
        return quote_name(column) if column else f"({text}\n)"

    def try_query(
        self, query: str, place: str, text: Text, relation: str | None = None, is_value: bool = False
    ) -> bool:
        """Whether a query can be run at all; if not, its problem is noted at the text that it was made of."""
        try:
            self.plan(query)
        except duckdb.Error as error:
            self.note_error(error, place, text, relation, is_value)
            return False
        return True

    def plan(self, query: str) -> list[tuple[str, str]]:
        """Names and types of a query's columns; raises duckdb.Error when it is no single query that can be run."""
        statements = self.connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise duckdb.ParserException("Parser Error: one query was expected (select ...), and nothing else")
        return [(row[0], row[1]) for row in self.connection.execute(f"describe {query}").fetchall()]

    def note_error(
        self, error: duckdb.Error, place: str, text: Text, relation: str | None = None, is_value: bool = False
    ) -> None:
        """Note what DuckDB said about a text, unless it is only that a table it needs could not be made."""
        table = re.search(r"Table with name (\S+) does not exist", str(error))
        if table and table[1] in self.failed:
            return
        shown = " ".join(text.split())
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        line = text.line
        inner = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
        if inner and relation is None:
            line += max(int(inner[1]) - 1, 0)
        fixed = f" A fixed text is written {{constant: {text}}}." if is_value and _IS_WORD.fullmatch(text) else ""
        self.findings.add_problem(f"{place}: {shown}: {self._explain(str(error), relation)}{fixed}", line)

    def _explain(self, message: str, relation: str | None) -> str:
        unknown = re.search(r'Referenced (?:column|table) "(.+?)" not found', message)
        if unknown:
            return self._explain_unknown(unknown[1], message, relation)
        if "Permission Error" in message:
            return "a mapping reads its sources only; declare the file under sources"
        table = re.search(r"Table with name (\S+) does not exist", message)
        if table:
            return f"there is no source or table {table[1]}; {suggest_name(table[1], self.columns)}"
        grouped = re.search(r'column "(.+?)" must appear in the GROUP BY', message)
        if grouped and grouped[1] == "_probe":
            return "this gathers several rows; say one_row_per which column, or write it without min, sum and the like"
        if grouped:
            return f"{grouped[1]} may differ within one_row_per; write min(), max(), sum() or any_value() around it"
        if "Cannot compare values" in message or "explicit type cast" in message or "explicit cast" in message:
            return "a text is taken for a number or a time; give its column a type under types, or write a cast (::)"
        first, *others = message.splitlines()
        if others and others[0].startswith("Did you mean"):
            first = f"{first.rstrip('!')}; d{others[0][1:]}"
        first = re.sub(r"^(\w+ Error|Invalid Input Error): ", "", first)
        return f"this is no SQL: {first}" if message.startswith("Parser Error") else first

    def _explain_unknown(self, name: str, message: str, relation: str | None) -> str:
        known = self.columns.get(relation) if relation else None
        if known is None:
            known = re.findall(r'"([^"]+)"', message.partition("Candidate bindings:")[2].partition("\n")[0])
        where = f" in {relation}" if relation else ""
        hint = suggest_name(name, [column for column in known if not column.startswith("_")])
        return f"there is no column {name}{where}; {hint}"
