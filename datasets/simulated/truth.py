"""The truth: files beside the landing folder that the pipeline never reads, and the state a simulation goes on from."""

import json
import os
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datasets.simulated.catalogue import RUNGS
from datasets.simulated.ledger import Rows
from datasets.simulated.offers import PUBLISHED
from datasets.simulated.parameters import CAUSES, PROGRAMS, RESPONSES, Behaviour
from datasets.simulated.rendering import MONEY, Renderer, money, name, where, write_number
from datasets.simulated.retailer import Retailer, open_retailer, restore_arrays, save_arrays
from datasets.simulated.seen import TILL_EMAILS
from pipeline.errors import UsageError
from pipeline.warehouse import quote_literal

STATE = "state.npz"
PARAMETERS = "parameters.json"
# grows with each day: new rows are added to what is there
GROWING = ("orders", "price_changes", "stock_outs", "service_events", "missed_favourites", "step_ups", "exposures")
_LOGS = {"price_changes": "price_changes", "service_events": "service_events", "missed": "missed_favourites",
         "step_ups": "step_ups"}  # fmt: skip
_STATE_FORMAT = 1


class Truth:
    """Collects what grows while days are lived, and writes everything at the end."""

    def __init__(self, folder: Path, retailer: Retailer, renderer: Renderer):
        self.folder, self.retailer, self.renderer = folder, retailer, renderer
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

    def take_logs(self, day: int) -> None:
        """Note what happened without being landed."""
        for entity, table in _LOGS.items():
            rows = self.retailer.ledger.take(entity, day)
            if rows is not None:
                self._add(table, getattr(self, f"_log_{entity}")(rows))

    def write(self, connection: duckdb.DuckDBPyConnection, identifiers: pa.Table) -> None:
        """Write every truth file and the state; the state comes last, so that a cut never goes on from half."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for table in GROWING:
            self._write_growing(connection, table)
        self._write_identifiers(connection, identifiers)
        for table, columns in self._describe().items():
            _write_table(self.folder / f"{table}.parquet", pa.table(columns))
        self._write_associations()
        save_state(self.folder, self.retailer)

    def _add(self, table: str, columns: dict) -> None:
        self._new.setdefault(table, []).append(pa.table(columns))

    def _write_growing(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        path, new = self.folder / f"{table}.parquet", self._new.get(table, [])
        if path.exists() and not new:
            return
        schema = new[0].schema if new else _EMPTY[table]
        part = path.with_suffix(".part")
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            if path.exists():
                for batch in pq.ParquetFile(path).iter_batches():
                    writer.write_batch(batch)
            for rows in new:
                writer.write_table(rows)
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
        rows = []
        for planted, baskets in zip(self.retailer.catalogue.associations, held, strict=True):
            share = baskets / max(everything, 1)
            given = planted.base + (1 - planted.base) * planted.added
            everywhere = planted.base + (1 - planted.base) * planted.added * share
            rows.append((planted, share, given, given / everywhere, int(baskets)))
        ids = self.retailer.catalogue.product_id
        _write_table(self.folder / "associations.parquet", pa.table({
            "antecedent": pa.array([str(ids[p.antecedents[0]]) for p, *_ in rows]),
            "antecedent_2": pa.array([str(ids[p.antecedents[1]]) if len(p.antecedents) > 1 else None for p, *_ in rows], pa.string()),
            "consequent": pa.array([str(ids[p.consequent]) for p, *_ in rows]),
            "base_share": pa.array([p.base for p, *_ in rows]),
            "added_probability": pa.array([p.added for p, *_ in rows]),
            "antecedent_share": pa.array([share for _, share, *_ in rows]),
            "confidence": pa.array([given for _, _, given, *_ in rows]),
            "lift": pa.array([lift for *_, lift, _ in rows]),
            "antecedent_baskets": pa.array([baskets for *_, baskets in rows]),
        }))  # fmt: skip

    def _describe(self) -> dict[str, dict]:
        r, last = self.retailer, self.retailer.day - 1
        people, identities = r.people, r.identities
        shown = np.flatnonzero((people.born <= last) | (people.ask_day <= last))
        p = {f: getattr(people, f)[shown] for f in (
            "born", "rate", "regularity", "left", "alive", "cause", "cause_day", "purchases_left", "is_price_only",
            "minds_prices", "is_prospect", "orders", "response", "willingness", "liked", "has_moved", "given_up",
        )}  # fmt: skip
        gone = ~p["alive"]
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
            "main_category": name(r.catalogue.category_names, p["liked"][:, 0]),
            "given_up_category": where(p["given_up"] >= 0, name(r.catalogue.category_names, np.maximum(p["given_up"], 0))),
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


def save_state(folder: Path, retailer: Retailer) -> None:
    """Write what is needed to go on. Only numbers: nothing that is loaded again can run."""
    words = {
        "format": _STATE_FORMAT,
        "seed": retailer.draws.seed,
        "first_day": retailer.first_day.isoformat(),
        "customers": retailer.customers,
        "days": retailer.days,
        "next_day": retailer.day,
        "counters": retailer.counters,
        "published_ids": retailer.published_ids,
        "behaviour": asdict(retailer.behaviour),
    }
    part = folder / "state.part"
    with part.open("wb") as file:
        np.savez(file, **{key.replace("/", "__"): column for key, column in save_arrays(retailer).items()})
    words_part = folder / "parameters.part"
    words_part.write_text(json.dumps(words, indent=2) + "\n", encoding="utf-8")
    os.replace(part, folder / STATE)
    os.replace(words_part, folder / PARAMETERS)


def load_state(folder: Path) -> Retailer:
    """The retailer as it was left; UsageError when the folder holds none that can go on."""
    try:
        words = json.loads((folder / PARAMETERS).read_text(encoding="utf-8"))
        with np.load(folder / STATE, allow_pickle=False) as saved:
            arrays = {key.replace("__", "/"): saved[key] for key in saved.files}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder} holds no simulation that can go on ({error}); make one first with: "
            "python -m datasets simulated --landing DIR --truth DIR"
        ) from None
    if words.get("format") != _STATE_FORMAT:
        raise UsageError(f"{folder} was written by another version of the simulation; make a new one.")
    known = Behaviour().__dict__
    behaviour = Behaviour(**{
        key: tuple(value) if isinstance(value, list) else value for key, value in words["behaviour"].items() if key in known
    })  # fmt: skip
    first_day = date.fromisoformat(words["first_day"])
    retailer = open_retailer(words["seed"], first_day, words["customers"], words["days"], behaviour)
    restore_arrays(retailer, arrays)
    retailer.day, retailer.counters = words["next_day"], words["counters"]
    retailer.published_ids = words["published_ids"]
    return retailer


def _write_table(path: Path, table: pa.Table) -> None:
    part = path.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    os.replace(part, path)


def _id(numbers: np.ndarray) -> pa.Array:
    return pa.array(np.asarray(numbers).astype(np.int64))


_DATE, _TEXT = pa.date32(), pa.string()
_EMPTY = {
    "orders": pa.schema([("order_id", _TEXT), ("person_id", pa.int64()), ("ordered_on", _DATE), ("net_amount", MONEY),
                         ("is_cancelled", pa.bool_())]),
    "price_changes": pa.schema([("product_id", _TEXT), ("on", _DATE), ("price_before", MONEY), ("price_after", MONEY)]),
    "stock_outs": pa.schema([("product_id", _TEXT), ("on", _DATE)]),
    "service_events": pa.schema([("contact_id", _TEXT), ("person_id", pa.int64()), ("opened_on", _DATE),
                                 ("is_bad", pa.bool_())]),
    "missed_favourites": pa.schema([("person_id", pa.int64()), ("on", _DATE), ("order_id", _TEXT), ("product_id", _TEXT)]),
    "step_ups": pa.schema([("person_id", pa.int64()), ("on", _DATE), ("product_id", _TEXT), ("next_product_id", _TEXT),
                           ("was_offered", pa.bool_())]),
    "exposures": pa.schema([("offer_id", _TEXT), ("person_id", pa.int64()), ("program", _TEXT), ("sent_on", _DATE),
                            ("is_control", pa.bool_()), ("effect", pa.float64()), ("is_published", pa.bool_())]),
}  # fmt: skip
