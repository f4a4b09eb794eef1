"""A DuckDB file as Great Expectations' data sources: one for each schema, read-only, released on close."""

from pathlib import Path
from typing import Any

from expectations.rules import TableSuite

# Most rows that one query brings into Python. Counts are made in DuckDB; rows are only ever samples and column names.
# Saving a result costs Great Expectations 3 ms for each decimal in it.
MOST_ROWS = 200


class Warehouse:
    """Opens the file when a table is first asked for, and lets go of it on close."""

    def __init__(self, context: Any, database: Path, connect_options: dict[str, Any]) -> None:
        self._context = context
        self._database = database
        self._options = connect_options
        self._sources: dict[str, Any] = {}
        self._batches: dict[str, Any] = {}
        self._tables: frozenset[str] | None = None
        self._engines: list[Any] = []

    def list_tables(self) -> frozenset[str]:
        """Every table and view of the file as schema.table. Raises when the file can't be opened."""
        if self._tables is None:
            import sqlalchemy

            if not self._database.is_file():
                raise FileNotFoundError(f"{self._database} does not exist")
            # One row, because only so many rows of a result are read.
            query = (
                "select list(table_schema || '.' || table_name) from information_schema.tables"
                " where table_catalog = current_database()"
            )
            with self._find_source("main").get_engine().connect() as connection:
                self._tables = frozenset(connection.execute(sqlalchemy.text(query)).scalar() or ())
        return self._tables

    def find_batches(self, suite: TableSuite) -> Any:
        """The whole table, as Great Expectations names it."""
        if suite.name not in self._batches:
            asset = self._find_source(suite.schema).add_table_asset(name=suite.table, table_name=suite.table)
            self._batches[suite.name] = asset.add_batch_definition_whole_table("whole table")
        return self._batches[suite.name]

    def make_problem_batches(self, name: str, sentence: str) -> Any:
        """One row that says what is wrong, kept in memory so that it needs no file."""
        if "problems" not in self._sources:
            self._sources["problems"] = self._open("problems", ":memory:", {}, "main")
        asset = self._sources["problems"].add_query_asset(name=name, query=f"select {_quote(sentence)} as problem")
        return asset.add_batch_definition_whole_table("problem")

    def close(self) -> None:
        """Close every connection, so that the file can be written again."""
        for engine in self._engines:
            engine.dispose()
        self._engines.clear()

    def _find_source(self, schema: str) -> Any:
        if schema not in self._sources:
            connect_args = {"read_only": True, "config": self._options}
            self._sources[schema] = self._open(schema, str(self._database), connect_args, schema)
        return self._sources[schema]

    def _open(self, name: str, database: str, connect_args: dict[str, Any], schema: str) -> Any:
        from sqlalchemy import URL, event

        url = URL.create("duckdb", database=database).render_as_string(hide_password=False)
        source = self._context.data_sources.add_sql(name, connection_string=url, kwargs={"connect_args": connect_args})

        def use_schema(connection: Any, record: Any) -> None:
            # Great Expectations loses the schema of a table on the way to DuckDB, so each connection starts in it.
            connection.execute(f"set schema = {_quote(schema)}")

        # A data source looks at tables with one engine and validates with another.
        for engine in (source.get_engine(), source.get_execution_engine().engine):
            self._engines.append(engine)
            event.listen(engine, "connect", use_schema)
            event.listen(engine, "after_cursor_execute", _read_rows_at_once)
            # The connection made while the source was added knows neither hook.
            engine.dispose()
        return source


def _read_rows_at_once(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """Great Expectations reads results after it gave the connection back, when DuckDB has dropped them."""
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    if cursor.description:
        rows = cursor.fetchmany(MOST_ROWS)
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=rows)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
