"""From rows of numbers to the landing contract's tables."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datasets.simulated import loyalty, offers, service
from datasets.simulated.carrying import CONTACT_CHANNELS
from datasets.simulated.catalogue import Catalogue
from datasets.simulated.checkout import COUPONS
from datasets.simulated.ledger import Rows
from datasets.simulated.names import CHANNELS, PROGRAMS
from datasets.simulated.retailer import Retailer
from datasets.simulated.seen import Seen

CURRENCY = "GBP"
MONEY = pa.decimal128(18, 2)
_FIRST_NUMBER = 1_000_000_000
_DAY = 86_400


class Renderer:
    """Turns due rows into tables, and notes in `seen` which identifiers they show."""

    def __init__(self, retailer: Retailer, seen: Seen):
        self.retailer, self.seen = retailer, seen
        self.epoch = np.datetime64(retailer.first_day, "s")
        self.product_ids = pa.array(retailer.catalogue.product_id)

    def render(self, entity: str, rows: Rows) -> pa.Table:
        """The table of an entity, columns as in the landing contract."""
        return pa.table(getattr(self, f"_render_{entity}")(rows))

    def render_products(self, product: np.ndarray) -> pa.Table:
        """The catalogue entries of these products, at today's list prices."""
        catalogue: Catalogue = self.retailer.catalogue
        price = self.retailer.shelf.price[product]
        return pa.table({
            "product_id": self.product_ids.take(pa.array(product)),
            "name": pa.array(catalogue.name[product]),
            "category": name(catalogue.category_names, catalogue.category[product]),
            "subcategory": name(catalogue.subcategory_names, catalogue.subcategory[product]),
            "brand": pa.array(catalogue.brand[product], mask=catalogue.brand[product] == ""),
            "list_price": money(price),
            "unit_cost": money(catalogue.unit_cost[product]),
            "is_active": pa.array(np.ones(len(product), dtype=bool)),
        })  # fmt: skip

    def _render_orders(self, rows: Rows) -> dict:
        is_typed = self.retailer.draws.uniform("typed", rows["number"]) < self.retailer.behaviour.typed_share
        shown = self.seen.show("order", rows["number"], rows, typed=(rows["account"] < 0) & is_typed)
        return {
            "order_id": write_number("", rows["number"]),
            "ordered_at": self._time(rows["second"]),
            **shown,
            "channel": name(CHANNELS, rows["channel"]),
            "store_id": _prefix_where(rows["store"] >= 0, "S", rows["store"] + 1),
            "currency": name([CURRENCY], np.zeros(len(rows["day"]), dtype=np.int8)),
            "status": name(["completed", "cancelled"], rows["cancelled"].astype(np.int8)),
        }

    def _render_order_lines(self, rows: Rows) -> dict:
        return {
            "order_id": write_number("", rows["order"]),
            "line_no": pa.array(rows["line"]).cast(pa.string()),
            "product_id": self._product(rows["product"]),
            "quantity": pa.array(rows["quantity"]),
            "unit_price": money(rows["price"]),
            "discount_amount": money(rows["discount"]),
            "coupon_id": name(COUPONS, rows["coupon"]),
            "offer_id": self.write_offers(rows["offer"]),
        }

    def _render_returns(self, rows: Rows) -> dict:
        shown = self.seen.show("return", rows["number"], {"who": rows["who"], "account": rows["account"]})
        return {
            "return_id": write_number("R", rows["number"]),
            "product_id": self._product(rows["product"]),
            "returned_at": self._time(rows["second"]),
            "quantity": pa.array(rows["quantity"].astype(np.int32)),
            "refund_amount": money(rows["refund"]),
            "order_id": where(rows["order"] >= 0, write_number("", rows["order"])),
            "line_no": where(rows["order"] >= 0, pa.array(rows["line"]).cast(pa.string())),
            "customer_ref": shown["customer_ref"],
            "reason": name(service.REASONS, rows["reason"]),
        }

    def _render_stock(self, rows: Rows) -> dict:
        day = np.datetime64(self.retailer.first_day, "D") + rows["day"]
        return {
            "product_id": self._product(rows["product"]),
            "snapshot_on": pa.array(day.astype("datetime64[D]")),
            "on_hand": pa.array(rows["on_hand"]),
            "on_order": pa.array(rows["on_order"]),
            "lead_time_days": pa.array(rows["lead"]),
        }

    def _render_contacts(self, rows: Rows) -> dict:
        shown = self.seen.show("contact", rows["number"], rows, typed=np.ones(len(rows["day"]), dtype=bool))
        return {
            "contact_id": write_number("K", rows["number"]),
            "opened_at": self._time(rows["opened"]),
            **shown,
            "channel": name(CONTACT_CHANNELS, rows["channel"]),
            "kind": name(service.KINDS, rows["kind"]),
            "topic": name(service.TOPICS, rows["kind"]),
            "product_id": where(rows["product"] >= 0, self._product(np.maximum(rows["product"], 0))),
            "order_id": where(rows["order"] >= 0, write_number("", rows["order"])),
            "resolved_at": where(rows["resolved"] >= 0, self._time(rows["resolved"])),
            "csat": where(rows["csat"] > 0, pa.array(rows["csat"].astype(np.int32))),
            "handling_minutes": pa.array(rows["minutes"].round(1), from_pandas=True),
        }

    def _render_members(self, rows: Rows) -> dict:
        who = rows["who"]
        number = 2 * who + rows["card"]
        shown = self.seen.show("member", number, rows, typed=np.ones(len(who), dtype=bool))
        draws = self.retailer.draws
        year = self.retailer.first_day.year - 18 - draws.whole("age", 62, who)
        people = np.where(self.retailer.identities.household[who] >= 0, 2, 1) + draws.whole("children", 3, who)
        size = pc.binary_join_element_wise('{"household_size": ', pa.array(people).cast(pa.string()), "}", "")
        return {
            "loyalty_id": shown["loyalty_id"],
            "enrolled_at": self._time(rows["second"]),
            **{name: shown[name] for name in ("customer_ref", "email", "phone")},
            "birth_year": where(
                draws.uniform("tells age", who) < self.retailer.behaviour.member_age_share,
                pa.array(year.astype(np.int32)),
            ),
            "program_tier": name(["standard"], np.zeros(len(who), dtype=np.int8)),
            "attributes": where(
                draws.uniform("tells size", who) < self.retailer.behaviour.member_household_share, size
            ),
        }

    def _render_consents(self, rows: Rows) -> dict:
        shown = self.seen.show("consent", rows["who"], {"who": rows["who"], "card": rows["card"]})
        return {
            "loyalty_id": shown["loyalty_id"],
            "channel": name([channel for channel, _ in loyalty.GRANTS], rows["grant"]),
            "purpose": name([purpose for _, purpose in loyalty.GRANTS], rows["grant"]),
            "granted": pa.array(rows["granted"].astype(bool)),
            "changed_at": self._time(rows["second"]),
            "expires_at": where(rows["expires"] != -1, self._time(rows["expires"])),
        }

    def _render_points(self, rows: Rows) -> dict:
        shown = self.seen.show("entry", rows["number"], {"who": rows["who"], "card": rows["card"]})
        return {
            "entry_id": write_number("E", rows["number"]),
            "loyalty_id": shown["loyalty_id"],
            "occurred_at": self._time(rows["second"]),
            "points": pa.array(rows["points"]),
            "reason": name(loyalty.POINT_REASONS, rows["reason"]),
            "order_id": where(rows["order"] >= 0, write_number("", rows["order"])),
        }

    def _render_exposures(self, rows: Rows) -> dict:
        shown = self.seen.show("exposure", rows["number"], {name: rows[name] for name in ("who", "card", "account")})
        return {
            "offer_id": self.write_offers(rows["number"]),
            "sent_at": self._time(rows["second"]),
            "loyalty_id": shown["loyalty_id"],
            "customer_ref": shown["customer_ref"],
            "channel": name(offers.OFFER_CHANNELS, rows["channel"]),
            "program": name(PROGRAMS, rows["program"]),
            "product_id": where(rows["product"] >= 0, self._product(np.maximum(rows["product"], 0))),
            "incentive_value": money(rows["incentive"]),
            "cost": money(rows["cost"]),
            "expires_at": self._time(rows["expires"]),
            "arm": name(["treatment", "control"], rows["is_control"].astype(np.int8)),
        }

    def _render_redemptions(self, rows: Rows) -> dict:
        shown = self.seen.show("redemption", rows["number"], {name: rows[name] for name in ("who", "card", "account")})
        return {
            "redemption_id": write_number("D", rows["number"]),
            "offer_id": self.write_offers(rows["offer"]),
            "redeemed_at": self._time(rows["second"]),
            "order_id": write_number("", rows["order"]),
            "loyalty_id": shown["loyalty_id"],
            "customer_ref": shown["customer_ref"],
        }

    def _time(self, second: np.ndarray) -> pa.Array:
        return pa.array((self.epoch + second.astype("timedelta64[s]")).astype("datetime64[us]"))

    def _product(self, product: np.ndarray) -> pa.Array:
        return self.product_ids.take(pa.array(product))

    def write_offers(self, offer: np.ndarray) -> pa.Array:
        """Ids of offers, the shop's own and published ones; null below 0."""
        own = where((offer >= 0) & (offer < offers.PUBLISHED), write_number("CAMP", offer))
        if not self.retailer.published_ids or not (offer >= offers.PUBLISHED).any():
            return own
        place = np.maximum(offer - offers.PUBLISHED, 0)
        published = pa.array(self.retailer.published_ids).take(pa.array(np.where(offer < offers.PUBLISHED, 0, place)))
        return pc.if_else(pa.array(offer >= offers.PUBLISHED), published, own)


def write_number(prefix: str, number: np.ndarray) -> pa.Array:
    """Ids of one width, so that they sort as their numbers do."""
    text = pa.array(number.astype(np.int64) + _FIRST_NUMBER).cast(pa.string())
    return pc.binary_join_element_wise(prefix, text, "") if prefix else text


def name(names, number: np.ndarray) -> pa.Array:
    """The name with each number."""
    return pa.array(list(names), type=pa.string()).take(pa.array(number))


def where(is_there: np.ndarray, values: pa.Array) -> pa.Array:
    """The values, null where they are not there."""
    return pc.if_else(pa.array(is_there), values, pa.scalar(None, type=values.type))


def _prefix_where(is_there: np.ndarray, prefix: str, number: np.ndarray) -> pa.Array:
    return where(is_there, pc.binary_join_element_wise(prefix, pa.array(number).cast(pa.string()), ""))


def money(pence: np.ndarray) -> pa.Array:
    """Whole pence as decimals: their 128 bits, written directly."""
    pence = np.asarray(pence, dtype=np.int64)
    bits = np.stack([pence, pence >> 63], axis=1)
    return pa.Array.from_buffers(MONEY, len(pence), [None, pa.py_buffer(np.ascontiguousarray(bits))])
