"""Who can be told by what: accounts, cards, e-mails and phones of each person, all made from numbers nobody owns.

E-mails are at example.com, example.org and example.net (RFC 2606); phones are British 070 0xxx xxxx.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datasets.simulated.draws import Draws
from datasets.simulated.parameters import Behaviour

MOST_ACCOUNTS, MOST_CARDS, MOST_EMAILS = 3, 2, 2
# numbers multiplied by these, modulo a power of ten they share no factor with, look random and stay distinct
_SCATTER = 6_364_137
_PHONES, _ACCOUNTS, _CARDS, _MAILBOXES = 10**7, 10**9, 10**10, 10**7
_FIRST_NAMES = (
    "anna", "ben", "clara", "david", "emma", "frank", "grace", "henry", "irene", "jack", "kate", "liam", "maria",
    "nora", "oscar", "paula", "quinn", "rosa", "simon", "tara", "umar", "vera", "walter", "yasmin", "zoe", "adele",
    "bruno", "cecil", "doris", "edgar",
)  # fmt: skip
_LAST_NAMES = (
    "archer", "baker", "carter", "dawson", "ellis", "fisher", "gardner", "harper", "irving", "jensen", "keller",
    "lawson", "mason", "norris", "osborne", "parker", "quincy", "reeves", "sawyer", "turner", "underhill", "vaughn",
    "walker", "xavier", "yardley", "zimmer", "abbott", "barrett", "coleman", "draper", "easton", "forbes", "granger",
    "holmes", "ingram", "jarvis", "kendall", "langley", "mercer", "newton",
)  # fmt: skip
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass
class Identities:
    """One element a person: how many of each kind they hold, and whose mailbox and phone they use."""

    household: np.ndarray
    emails: np.ndarray
    email_owner: np.ndarray
    has_phone: np.ndarray
    phone_owner: np.ndarray
    accounts: np.ndarray
    cards: np.ndarray
    enrolled: np.ndarray
    enrolled_again: np.ndarray


def make_identities(draws: Draws, behaviour: Behaviour, person: np.ndarray, born: np.ndarray) -> Identities:
    """Identities of the people with these numbers; who lives together follows from the numbers."""
    pair = person // 2
    closeness = draws.uniform("household", pair)
    shares_phone = closeness < behaviour.shared_phone_share
    shares_email = ~shares_phone & (closeness < behaviour.shared_phone_share + behaviour.shared_email_share)
    email_owner = np.where(shares_email, 2 * pair, person)
    phone_owner = np.where(shares_phone, 2 * pair, person)
    has_email = draws.uniform("has e-mail", email_owner) < behaviour.email_share
    has_two = ~shares_email & (draws.uniform("two e-mails", person) < behaviour.second_email_share)
    has_account = has_email & (draws.uniform("account", person) < behaviour.account_share)
    more = draws.uniform("accounts", person)
    third = behaviour.third_account_share
    accounts = 1 + (more < third + behaviour.second_account_share) + (more < third)
    # the same draw decides how often somebody buys: it is the place of their rate among all
    place = draws.uniform("rate", person)
    has_card = draws.uniform("card", person) < behaviour.card_share + behaviour.card_lean * (place - 0.5)
    has_second = draws.uniform("second card", person) < behaviour.second_card_share
    # those who bought before the first day enrolled before it, too
    late = np.where(born < 0, -(draws.uniform("enrolled before", person) * 870), 0)
    enrolled = born + 1 + late + np.where(born < 0, 0, behaviour.enrolment_delay * draws.waiting("enrolled", person))
    again = np.maximum(enrolled, 0) + 20 + draws.uniform("enrolled again", person) * 300
    return Identities(
        household=np.where(closeness < behaviour.household_share, pair, -1),
        emails=np.where(has_email, 1 + has_two, 0).astype(np.int8),
        email_owner=email_owner,
        has_phone=draws.uniform("phone", phone_owner) < behaviour.phone_share,
        phone_owner=phone_owner,
        accounts=np.where(has_account, accounts, 0).astype(np.int8),
        cards=np.where(has_card, 1 + has_second, 0).astype(np.int8),
        enrolled=enrolled.astype(np.int32),
        enrolled_again=again.astype(np.int32),
    )


def write_accounts(person: np.ndarray, which: np.ndarray) -> pa.Array:
    """The customer_ref of each person's account number `which`; null where that is below 0."""
    number = (person * MOST_ACCOUNTS + which) * _SCATTER % _ACCOUNTS
    return _join_where(which >= 0, "C", pa.array(number + _ACCOUNTS).cast(pa.string()))


def write_cards(person: np.ndarray, which: np.ndarray) -> pa.Array:
    """The loyalty_id of each person's card number `which`; null where that is below 0."""
    number = (person * MOST_CARDS + which) * _SCATTER % _CARDS
    return _join_where(which >= 0, "26", pa.array(number + _CARDS).cast(pa.string()))


def write_emails(owner: np.ndarray, which: np.ndarray) -> pa.Array:
    """The e-mail `which` of each owner, in lower case; null where that is below 0."""
    number = (owner * MOST_EMAILS + which) * _SCATTER
    number = np.where(owner * MOST_EMAILS < _MAILBOXES, number % _MAILBOXES, owner * MOST_EMAILS + which)
    number, domain = np.divmod(number, len(_DOMAINS))
    number, first = np.divmod(number, len(_FIRST_NAMES))
    number, last = np.divmod(number, len(_LAST_NAMES))
    suffix = pa.array(number).cast(pa.string())
    names = [pa.array(names).take(pa.array(index)) for names, index in ((_FIRST_NAMES, first), (_LAST_NAMES, last))]
    mailbox = pc.binary_join_element_wise(names[0], ".", names[1], suffix, "")
    address = pc.binary_join_element_wise(mailbox, pa.array(_DOMAINS).take(pa.array(domain)), "@")
    return pc.if_else(pa.array(which >= 0), address, None)


def find_phone_numbers(owner: np.ndarray) -> np.ndarray:
    """The national number (ten digits without the leading zero) of each owner."""
    block, place = np.divmod(owner, _PHONES)
    return 7_000_000_000 + (block * _PHONES + place * _SCATTER % _PHONES) % (10 * _PHONES)


def swap_digits(number: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The number with the digits at `place` and `place` + 1 (from the right, 0 the last) swapped: a slip."""
    unit = 10**place
    low, high = number // unit % 10, number // (unit * 10) % 10
    return number + (low - high) * unit * 10 + (high - low) * unit


def swap_letters(texts: pa.Array, place: np.ndarray) -> pa.Array:
    """Each text with the letters at its place (1 to 5) and the next one swapped: a slip."""
    swapped = texts
    for k in range(1, 6):
        parts = [pc.utf8_slice_codeunits(texts, a, b) for a, b in ((0, k), (k + 1, k + 2), (k, k + 1), (k + 2, None))]
        swapped = pc.if_else(pa.array(place == k), pc.binary_join_element_wise(*parts, ""), swapped)
    return swapped


def spell_phones(number: np.ndarray, form: np.ndarray) -> pa.Array:
    """National numbers as people write them, in six forms."""
    whole = pa.array(number).cast(pa.string())
    area, middle, end = (pc.utf8_slice_codeunits(whole, a, b) for a, b in ((0, 3), (3, 6), (6, 10)))
    zero_area = pc.binary_join_element_wise("0", area, "")
    spellings = (
        pc.binary_join_element_wise("0", whole, ""),
        pc.binary_join_element_wise("+44", whole, ""),
        pc.binary_join_element_wise("0044", whole, ""),
        pc.binary_join_element_wise(zero_area, middle, end, " "),
        pc.binary_join_element_wise(zero_area, middle, end, "-"),
        pc.binary_join_element_wise("+44", area, middle, end, " "),
    )
    return pc.choose(pa.array(form), *spellings)


PHONE_FORMS = 6


def _join_where(is_there: np.ndarray, prefix: str, text: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(is_there), pc.binary_join_element_wise(prefix, text, ""), None)
