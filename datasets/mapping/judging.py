"""What the landing's own rules will say of the rows of a mapping, before they land."""

from dataclasses import dataclass

import duckdb

from datasets.mapping.building import order_id_sql
from datasets.mapping.declaration import EntityMap
from datasets.mapping.findings import Findings, count_things
from pipeline.identity.normalise import give_phone_region
from pipeline.landing.entities import TEXT
from pipeline.landing.rules import (
    CONFLICT,
    ORDER_MISSING,
    judge_sql,
    list_rules,
    number_of,
    parse_sql,
)
from pipeline.settings import Settings


@dataclass(frozen=True)
class Judge:
    """Judges entities one after the other, orders before their lines. Rows that break a rule are kept by number."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    findings: Findings
    drop_on: str

    def prepare(self, currency: str | None) -> None:
        """Give the rules what they speak of. Identifiers are only checked, so that any secret does."""
        self.connection.execute("set variable rapport_secret = 'nothing is kept'")
        give_phone_region(self.connection, self.settings.phone_region)
        self.connection.execute("set variable warehouse_currency = ?", [currency])

    def judge(self, entity: EntityMap, orders: EntityMap | None = None) -> bool:
        """Note what would go to quarantine: a warning, unless it is so much that the landing would block the drop.

        `orders` were judged before; lines without a good order among them are bad. True when keys are doubled.
        """
        types = self.read_types(entity)
        judged, rows_sql = _judged_table(entity), self._rows_sql(entity, types)
        self.connection.execute(
            f"create or replace table {judged} as "
            f"select _n, _rule from (select _n, {judge_sql(entity.contract)} as _rule from ({rows_sql})) "
            "where _rule is not null"
        )
        if orders:
            self._find_missing_orders(entity, orders)
        has_doubles = self._find_doubles(entity, types)
        rows = self.connection.execute(f"select count(*) from {entity.table}").fetchone()[0]
        bad = self.connection.execute(f"select count(*) from {judged}").fetchone()[0]
        share = self.settings.max_bad_share
        note = self.findings.add_problem if bad > share * rows else self.findings.add_warning
        for rule, count, example in self._list_verdicts(entity, rows_sql):
            note(f"{entity.path}: the landing would quarantine {count_things(count, 'row')} ({rule}); {example}")
        if bad > share * rows:
            note(
                f"{entity.path}: {bad:,} of {count_things(rows, 'row')} would be quarantined; the landing blocks a "
                f"drop with more than {share:.0%} (RAPPORT_MAX_BAD_SHARE)"
            )
        return has_doubles

    def read_types(self, entity: EntityMap) -> dict[str, str]:
        """The types of the columns as they will stand in the Parquet file."""
        described = self.connection.execute(f"describe select * exclude (_day) from {entity.table}").fetchall()
        is_nested = ("STRUCT", "MAP", "UNION")
        return {
            name: TEXT if kind.startswith(is_nested) or kind.endswith("]") else kind for name, kind, *_ in described
        }

    def _rows_sql(self, entity: EntityMap, types: dict[str, str]) -> str:
        """Rows with a number: values as they came (raw_), and as the landing reads them."""
        raw, parsed = [], []
        for column in entity.contract.columns:
            kind = types.get(column.name, TEXT)
            value = column.name if column.name in types else "cast(null as varchar)"
            raw.append(f"cast({value} as {kind}) as raw_{column.name}")
            parsed.append(f"{parse_sql(column, kind)} as {column.name}")
        return (
            f"select _n, _drop_on, {', '.join(f'raw_{column.name}' for column in entity.contract.columns)}, "
            f"{', '.join(parsed)} "
            f"from (select rowid as _n, {self.drop_on} as _drop_on, {', '.join(raw)} from {entity.table})"
        )

    def _find_missing_orders(self, entity: EntityMap, orders: EntityMap) -> None:
        self.connection.execute(
            f"insert into {_judged_table(entity)} "
            f"select rowid, {number_of(entity.contract, ORDER_MISSING)} from {entity.table} "
            f"where rowid not in (select _n from {_judged_table(entity)}) "
            f"and {order_id_sql('order_id', self.read_types(entity)['order_id'])} not in ("
            f"select {order_id_sql('order_id', self.read_types(orders)['order_id'])} from {orders.table} "
            f"where order_id is not null and rowid not in (select _n from {_judged_table(orders)}))"
        )

    def _find_doubles(self, entity: EntityMap, types: dict[str, str]) -> bool:
        """Rows of one drop with the same key: exact repeats are dropped by the landing, rows that differ are bad."""
        key = ", ".join(("_drop_on", *entity.contract.key))
        everything = ", ".join(("_drop_on", *types))
        judged = _judged_table(entity)
        self.connection.execute(
            "create or replace temp table doubles as with good as ("
            f"select rowid as _n, {self.drop_on} as _drop_on, * from {entity.table} "
            f"where rowid not in (select _n from {judged})), "
            f"shared as (select {key} from good group by all having count(*) > 1) "
            f"select _n, row_number() over (partition by {everything} order by _n) > 1 as is_repeat, "
            f"count(*) over (partition by {everything}) <> count(*) over (partition by {key}) as is_conflict "
            f"from good semi join shared using ({key})"
        )
        self.connection.execute(
            f"insert into {judged} select _n, {number_of(entity.contract, CONFLICT)} "
            "from doubles where is_conflict and not is_repeat"
        )
        rows, repeats = self.connection.execute("select count(*), count(*) filter (is_repeat) from doubles").fetchone()
        if repeats:
            self.findings.add_warning(
                f"{entity.path}: {count_things(repeats, 'exact repeat')} of another row (same "
                f"{', '.join(entity.contract.key)}); the landing keeps one of each"
            )
        return rows > 0

    def _list_verdicts(self, entity: EntityMap, rows_sql: str) -> list[tuple[str, int, str]]:
        """For each broken rule its name, the number of rows, and the sentence of the first by key."""
        rules = list_rules(entity.contract)
        counts = self.connection.execute(
            f"select _rule, count(*) from {_judged_table(entity)} group by all order by all"
        ).fetchall()
        private = {column.name for column in entity.contract.columns if column.identifier}
        shown = [name for name in entity.contract.key if name not in private]
        told = (
            " || ', ' || ".join(f"'{name} ' || coalesce(cast(raw_{name} as varchar), 'empty')" for name in shown)
            or "''"
        )
        verdicts = []
        for number, count in counts:
            sentence, place = self.connection.execute(
                f"select {rules[number - 1].sentence}, {told} from ({rows_sql}) "
                f"semi join (select _n from {_judged_table(entity)} where _rule = {number}) using (_n) "
                f"order by {', '.join(f'raw_{name}' for name in entity.contract.key)}, _n limit 1"
            ).fetchone()
            verdicts.append(
                (
                    rules[number - 1].rule,
                    count,
                    f"the first ({place}): {sentence}" if place else f"the first: {sentence}",
                )
            )
        return verdicts


def _judged_table(entity: EntityMap) -> str:
    return f"landing.judged_{entity.contract.table}"
