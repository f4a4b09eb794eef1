"""Identifiers as people write them on rows, and a note of which were ever shown, for the truth."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datasets.simulated import identities as ids
from datasets.simulated.carrying import NOBODYS, NONE
from datasets.simulated.ledger import Rows
from datasets.simulated.retailer import Retailer

TILL_EMAILS = tuple(f"till{number}@shop.example" for number in range(1, 7))
PLACEHOLDER_PHONES = ("000-0000-0000", "00000000000", "0000 000 0000")
IDENTIFIERS = pa.schema([("person_id", pa.int64()), ("kind", pa.string()), ("value", pa.string())])


class Seen:
    """Writes identifiers, and remembers who showed which."""

    def __init__(self, retailer: Retailer):
        self.draws, self.behaviour = retailer.draws, retailer.behaviour
        self.identities = retailer.identities
        count = len(self.identities.emails)
        self.flags = {
            "customer_ref": np.zeros((count, ids.MOST_ACCOUNTS), dtype=bool),
            "loyalty_id": np.zeros((count, ids.MOST_CARDS), dtype=bool),
            "email": np.zeros((count, ids.MOST_EMAILS), dtype=bool),
            "phone": np.zeros((count, 1), dtype=bool),
        }
        self.slips: list[pa.Table] = []

    def show(self, kind: str, number: np.ndarray, rows: Rows, typed: np.ndarray | None = None) -> dict[str, pa.Array]:
        """The identifier columns of rows of a kind, each row known by its number; `typed` ones may have a slip."""
        who, shown = rows["who"], {}
        if "account" in rows:
            shown["customer_ref"] = ids.write_accounts(who, rows["account"].astype(np.int64))
            self._note("customer_ref", who, rows["account"])
        if "card" in rows:
            shown["loyalty_id"] = ids.write_cards(who, rows["card"].astype(np.int64))
            self._note("loyalty_id", who, rows["card"])
        if "email" in rows:
            shown["email"] = self._show_emails(kind, number, who, rows["email"].astype(np.int64), typed)
        if "phone" in rows:
            shown["phone"] = self._show_phones(kind, number, who, rows["phone"], typed)
        return shown

    def list_identifiers(self) -> pa.Table:
        """Every identifier that was shown, as landed but for case and the spelling of phones."""
        tables = [*self.slips]
        for kind, flags in self.flags.items():
            who, which = np.nonzero(flags)
            tables.append(_list_shown(kind, who, self._write(kind, who, which)))
        return pa.concat_tables(tables) if tables else IDENTIFIERS.empty_table()

    def _write(self, kind: str, who: np.ndarray, which: np.ndarray) -> pa.Array:
        if kind == "customer_ref":
            return ids.write_accounts(who, which)
        if kind == "loyalty_id":
            return ids.write_cards(who, which)
        if kind == "email":
            return ids.write_emails(self.identities.email_owner[who], which)
        return _write_e164(ids.find_phone_numbers(self.identities.phone_owner[who]))

    def _note(self, kind: str, who: np.ndarray, which: np.ndarray) -> None:
        own = (which != NONE) & (which != NOBODYS)
        self.flags[kind][who[own], which[own]] = True

    def _show_emails(self, kind, number, who, which, typed) -> pa.Array:
        own = np.flatnonzero((which != NONE) & (which != NOBODYS))
        people, numbers = who[own], number[own]
        texts = ids.write_emails(self.identities.email_owner[people], which[own])
        slips = typed[own] & (self.draws.uniform(f"{kind} e-mail slip", numbers) < self.behaviour.typo_share)
        place = np.where(slips, 1 + self.draws.whole(f"{kind} e-mail slip place", 5, numbers), 0)
        texts = _replace(texts, np.flatnonzero(slips), lambda part, at: ids.swap_letters(part, place[at]))
        slipped = np.flatnonzero(slips)
        self.slips.append(_list_shown("email", people[slipped], texts.take(pa.array(slipped))))
        self._note("email", people[~slips], which[own][~slips])
        capitals = typed[own] & (self.draws.uniform(f"{kind} capitals", numbers) < self.behaviour.capitals_share)
        texts = _replace(texts, np.flatnonzero(capitals), lambda part, at: _write_capitals(part, numbers[at]))
        till = np.flatnonzero(which == NOBODYS)
        tills = pa.array(TILL_EMAILS).take(pa.array(self.draws.whole("till", len(TILL_EMAILS), number[till])))
        return _place(len(who), (own, texts), (till, tills))

    def _show_phones(self, kind, number, who, which, typed) -> pa.Array:
        own = np.flatnonzero((which != NONE) & (which != NOBODYS))
        people, numbers = who[own], number[own]
        digits = ids.find_phone_numbers(self.identities.phone_owner[people])
        slips = typed[own] & (self.draws.uniform(f"{kind} phone slip", numbers) < self.behaviour.typo_share)
        place = self.draws.whole(f"{kind} phone slip place", 5, numbers)
        digits = np.where(slips, ids.swap_digits(digits, place), digits)
        self.slips.append(_list_shown("phone", people[slips], _write_e164(digits[slips])))
        self._note("phone", people[~slips], np.zeros(int(np.sum(~slips)), dtype=np.int64))
        texts = ids.spell_phones(digits, self.draws.whole(f"{kind} phone form", ids.PHONE_FORMS, numbers))
        keyed = np.flatnonzero(which == NOBODYS)
        choice = self.draws.whole("placeholder", len(PLACEHOLDER_PHONES), number[keyed])
        return _place(len(who), (own, texts), (keyed, pa.array(PLACEHOLDER_PHONES).take(pa.array(choice))))


def _list_shown(kind: str, who: np.ndarray, values: pa.Array) -> pa.Table:
    kinds = pa.array([kind]).take(pa.array(np.zeros(len(who), dtype=np.int8)))
    return pa.table([pa.array(who.astype(np.int64)), kinds, values], schema=IDENTIFIERS)


def _write_e164(number: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise("+44", pa.array(number).cast(pa.string()), "")


def _write_capitals(texts: pa.Array, number: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(number % 3 == 0), pc.ascii_upper(texts), pc.ascii_capitalize(texts))


def _replace(texts: pa.Array, places: np.ndarray, change) -> pa.Array:
    """The texts with those at `places` changed."""
    if not len(places):
        return texts
    mask = np.zeros(len(texts), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(texts, pa.array(mask), change(texts.take(pa.array(places)), places))


def _place(length: int, *parts: tuple[np.ndarray, pa.Array]) -> pa.Array:
    """An array of some length with each part's texts at its places, null elsewhere."""
    index = np.full(length, -1, dtype=np.int64)
    texts, start = [], 0
    for places, values in parts:
        index[places] = start + np.arange(len(places))
        texts.append(values)
        start += len(values)
    return pa.concat_arrays(texts).take(pa.array(index, mask=index < 0))
