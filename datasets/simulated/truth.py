"""The truth: files beside the landing folder that the pipeline never reads, and the state a simulation goes on from."""

import os
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datasets.simulated.catalogue import RUNGS
from datasets.simulated.ledger import Rows
from datasets.simulated.names import CAUSES, PROGRAMS, RESPONSES
from datasets.simulated.offers import PUBLISHED
from datasets.simulated.rendering import MONEY, Renderer, money, name, where, write_number
from datasets.simulated.retailer import Retailer
from datasets.simulated.seen import TILL_EMAILS
from datasets.simulated.state import save_state
from pipeline.warehouse import quote_literal

_LOGS = {"price_changes": "price_changes", "service_events": "service_events", "missed": "missed_favourites",
         "step_ups": "step_ups"}  # fmt: skip


def forget_truth(folder: Path) -> None:
    """Remove what another simulation left, so that nothing of it is added to."""
    for table in (*_GROWING, "identifiers"):
        (folder / f"{table}.parquet").unlink(missing_ok=True)


class Truth:
    """Collects what grows while days are lived, and writes everything at the end."""

    def __init__(self, folder: Path, retailer: Retailer, renderer: Renderer):
        self.folder, self.retailer, self.renderer = folder, retailer, renderer
        self.first = retailer.date_of(retailer.day)
        self._new: dict[str, list[pa.Table]] = {}

    def note(self, entity: str, rows: Rows) -> None:
        """Note rows that are being landed and have a truth behind them."""
        if entity == "orders":
            self._add("orders", {
                "order_id": write_number("", rows["number"]),
                "person_id": _id(rows["who"]),
                "ordered_on": self._date(rows["day"]),
                "net_amount": money(rows["net"]),
                "is_cancelled": pa.array(rows["cancelled"].astype(bool)),
            })  # fmt: skip
        elif entity == "stock":
            out = np.flatnonzero(rows["on_hand"] == 0)
            self._add(
                "stock_outs", {"product_id": self._product(rows["product"][out]), "on": self._date(rows["day"][out])}
            )
        elif entity == "exposures":
            self._add("exposures", {
                "offer_id": self.renderer.write_offers(rows["number"]),
                "person_id": _id(rows["who"]),
                "program": name(PROGRAMS, rows["program"]),
                "sent_on": self._date(rows["day"]),
                "is_control": pa.array(rows["is_control"].astype(bool)),
                "effect": pa.array(rows["effect"].astype(np.float64)),
                "is_published": pa.array(rows["number"] >= PUBLISHED),
            })  # fmt: skip

    def _take_logs(self, day: int) -> None:
        for entity, table in _LOGS.items():
            rows = self.retailer.ledger.take(entity, day)
            if rows is not None:
                self._add(table, getattr(self, f"_log_{entity}")(rows))

    def write(self, connection: duckdb.DuckDBPyConnection, identifiers: pa.Table, last: int) -> None:
        """Write every truth file as of the last day, then the state."""
        self._take_logs(last)
        for table in _GROWING:
            self._write_growing(table)
        self._write_identifiers(connection, identifiers)
        for table, columns in self._describe().items():
            _write_table(self.folder / f"{table}.parquet", pa.table(columns))
        self._write_associations()
        save_state(self.folder, self.retailer)

    def _add(self, table: str, columns: dict) -> None:
        self._new.setdefault(table, []).append(pa.table(columns))

    def _write_growing(self, table: str) -> None:
        """Add the days lived to what is there; what a call that was cut has left of the same days is replaced."""
        path, new = self.folder / f"{table}.parquet", self._new.get(table, [])
        part, schema = path.with_suffix(".part"), _GROWING[table]
        day = next(column.name for column in schema if column.type == _DATE)
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            if path.exists():
                for batch in pq.ParquetFile(path).iter_batches():
                    writer.write_batch(batch.filter(pc.less(batch[day], pa.scalar(self.first, _DATE))))
            for rows in new:
                writer.write_table(rows.cast(schema))
        os.replace(part, path)

    def _write_identifiers(self, connection: duckdb.DuckDBPyConnection, identifiers: pa.Table) -> None:
        path = self.folder / "identifiers.parquet"
        former = (
            f"union all select person_id, kind, value from read_parquet({quote_literal(path)})" if path.exists() else ""
        )
        part = path.with_suffix(".part")
        connection.register("shown_identifiers", identifiers)
        connection.execute(
            "copy (select person_id, kind, value, count(*) over (partition by kind, value) > 1 as is_shared from "
            f"(select distinct * from (select * from shown_identifiers {former})) order by person_id, kind, value) "
            f"to {quote_literal(part)} (format parquet, compression zstd)"
        )
        connection.unregister("shown_identifiers")
        os.replace(part, path)

    def _write_associations(self) -> None:
        """The lift follows from what was planted and from how many baskets hold the antecedents."""
        everything, *held = self.retailer.baskets
        planted, baskets = self.retailer.catalogue.associations, np.array(held)
        base, added = (np.array([getattr(p, part) for p in planted]) for part in ("base", "added"))
        share = baskets / max(everything, 1)
        given = base + (1 - base) * added
        first, last, consequent = (
            self._product(np.array(products))
            for products in zip(*((p.antecedents[0], p.antecedents[-1], p.consequent) for p in planted), strict=True)
        )
        is_pair = np.array([len(p.antecedents) > 1 for p in planted])
        _write_table(self.folder / "associations.parquet", pa.table({
            "antecedent": first,
            "antecedent_2": where(is_pair, last),
            "consequent": consequent,
            "base_share": pa.array(base),
            "added_probability": pa.array(added),
            "antecedent_share": pa.array(share),
            "confidence": pa.array(given),
            "lift": pa.array(given / (base + (1 - base) * added * share)),
            "antecedent_baskets": pa.array(baskets),
        }))  # fmt: skip

    def _describe(self) -> dict[str, dict]:
        r, last = self.retailer, self.retailer.day - 1
        people, identities = r.people, r.identities
        shown = np.flatnonzero((people.born <= last) | (people.ask_day <= last))
        p = {f: getattr(people, f)[shown] for f in (
            "born", "rate", "regularity", "left", "alive", "cause", "cause_day", "purchases_left", "is_price_only",
            "minds_prices", "is_prospect", "orders", "response", "willingness", "liked", "has_moved", "given_up",
        )}  # fmt: skip
        gone, categories = ~p["alive"], r.catalogue.category_names
        has_cause = gone & (p["cause"] >= 0)
        everybody = {
            "person_id": _id(shown),
            "first_on": where(p["born"] >= 0, self._date(p["born"])),
            "rate_per_day": pa.array(p["rate"]),
            "regularity": pa.array(p["regularity"]),
            "leave_on": where(gone, self._date(np.where(gone, p["left"], 0))),
            "cause": where(has_cause, name(CAUSES, np.where(has_cause, p["cause"], 0))),
            "cause_on": where(has_cause, self._date(np.where(has_cause, np.minimum(p["cause_day"], last), 0))),
            "is_alive": pa.array(p["alive"]),
            "is_leaving": pa.array(p["alive"] & (p["purchases_left"] > 0)),
            "orders": pa.array(p["orders"]),
            "is_price_only": pa.array(p["is_price_only"]),
            "minds_prices": pa.array(p["minds_prices"]),
            "is_prospect": pa.array(p["is_prospect"]),
            "response": name(RESPONSES, p["response"]),
            "step_up_willingness": pa.array(p["willingness"]),
            "main_category": name(categories, p["liked"][:, 0]),
            "given_up_category": where(p["given_up"] >= 0, name(categories, np.maximum(p["given_up"], 0))),
            "has_moved_channel": pa.array(p["has_moved"]),
            "household_id": where(identities.household[shown] >= 0, _id(identities.household[shown])),
        }  # fmt: skip
        programs = len(PROGRAMS)
        moved = (p["response"] == RESPONSES.index("persuadable"))[:, None]
        effect = np.where(moved, people.effect[shown], 0).astype(np.float64)
        effects = {
            "person_id": _id(np.repeat(shown, programs)),
            "program": name(PROGRAMS, np.tile(np.arange(programs), len(shown))),
            "response": name(RESPONSES, np.repeat(p["response"], programs)),
            "effect": pa.array(effect.ravel()),
            "effect_elsewhere": pa.array((effect * r.behaviour.response_elsewhere).ravel()),
        }
        c, goods = r.catalogue, np.arange(r.catalogue.size - 1)
        ladders = {
            "product_id": self._product(goods),
            "subcategory": name(c.subcategory_names, c.subcategory[goods]),
            "ladder": pa.array(c.family[goods]),
            "rung": name(RUNGS, c.rung[goods]),
            "next_product_id": where(c.next_rung[goods] >= 0, self._product(np.maximum(c.next_rung[goods], 0))),
            "first_price": money(c.first_price[goods]),
            "unit_cost": money(c.unit_cost[goods]),
            "is_durable": pa.array(c.durable[goods]),
            "faulty_share": pa.array(c.faulty[goods]),
            "cycle_days": pa.array(c.cycle[goods]),
        }
        nobodys = {"kind": pa.array(["email"] * len(TILL_EMAILS)), "value": pa.array(TILL_EMAILS)}
        return {"people": everybody, "offer_effects": effects, "ladders": ladders, "nobodys_identifiers": nobodys}

    def _log_price_changes(self, rows: Rows) -> dict:
        return {
            "product_id": self._product(rows["product"]),
            "on": self._date(rows["day"]),
            "price_before": money(rows["old"]),
            "price_after": money(rows["new"]),
        }

    def _log_service_events(self, rows: Rows) -> dict:
        return {
            "contact_id": write_number("K", rows["number"]),
            "person_id": _id(rows["who"]),
            "opened_on": self._date(rows["day"]),
            "is_bad": pa.array(rows["is_bad"].astype(bool)),
        }

    def _log_missed(self, rows: Rows) -> dict:
        return {
            "person_id": _id(rows["who"]),
            "on": self._date(rows["day"]),
            "order_id": write_number("", rows["order"]),
            "product_id": self._product(rows["product"]),
        }

    def _log_step_ups(self, rows: Rows) -> dict:
        return {
            "person_id": _id(rows["who"]),
            "on": self._date(rows["day"]),
            "product_id": self._product(rows["product"]),
            "next_product_id": self._product(rows["next"]),
            "was_offered": pa.array(rows["offered"].astype(bool)),
        }

    def _date(self, day: np.ndarray) -> pa.Array:
        return pa.array(np.datetime64(self.retailer.first_day, "D") + np.asarray(day).astype("timedelta64[D]"))

    def _product(self, product: np.ndarray) -> pa.Array:
        return self.renderer.product_ids.take(pa.array(product))


def _write_table(path: Path, table: pa.Table) -> None:
    part = path.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    os.replace(part, path)


def _id(numbers: np.ndarray) -> pa.Array:
    return pa.array(np.asarray(numbers).astype(np.int64))


def _make_schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


_DATE, _TEXT, _ID, _FLAG = pa.date32(), pa.string(), pa.int64(), pa.bool_()
# tables that grow with each day: new rows are added to what is there
_GROWING = {
    "orders": _make_schema(order_id=_TEXT, person_id=_ID, ordered_on=_DATE, net_amount=MONEY, is_cancelled=_FLAG),
    "price_changes": _make_schema(product_id=_TEXT, on=_DATE, price_before=MONEY, price_after=MONEY),
    "stock_outs": _make_schema(product_id=_TEXT, on=_DATE),
    "service_events": _make_schema(contact_id=_TEXT, person_id=_ID, opened_on=_DATE, is_bad=_FLAG),
    "missed_favourites": _make_schema(person_id=_ID, on=_DATE, order_id=_TEXT, product_id=_TEXT),
    "step_ups": _make_schema(person_id=_ID, on=_DATE, product_id=_TEXT, next_product_id=_TEXT, was_offered=_FLAG),
    "exposures": _make_schema(
        offer_id=_TEXT,
        person_id=_ID,
        program=_TEXT,
        sent_on=_DATE,
        is_control=_FLAG,
        effect=pa.float64(),
        is_published=_FLAG,
    ),
}
