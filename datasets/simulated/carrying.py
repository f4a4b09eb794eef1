"""Which of their identifiers people give: with an order, to support, on joining the program.

A choice is a number: which account, card, e-mail or phone of the person; NONE where none is given, NOBODYS where
somebody else's stands in its place (the till's e-mail, a placeholder for a phone).
"""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.parameters import Behaviour
from datasets.simulated.timing import APP, PHONE, STORE, WEB, Visits

NONE, NOBODYS = -1, 9
BY_EMAIL, BY_PHONE, BY_CHAT = range(3)
CONTACT_CHANNELS = ("email", "phone", "chat")


@dataclass
class Carried:
    """What each row carries, as numbers."""

    account: np.ndarray
    card: np.ndarray
    email: np.ndarray
    phone: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """As columns of the ledger."""
        return dict(account=self.account, card=self.card, email=self.email, phone=self.phone)


def carry_to_orders(draws: Draws, behaviour: Behaviour, identities: Identities, visits: Visits, day: int) -> Carried:
    """A store sees the card at most; online shops see the account and its e-mail, or a guest's e-mail."""
    who, order, channel = visits.who, visits.order, visits.channel
    chance = {
        name: draws.uniform(f"order {name}", order) for name in ("account", "which", "card", "phone", "till", "keyed")
    }
    account = np.where(identities.accounts[who] > 0, choose_account(behaviour, identities, who, chance["which"]), NONE)
    account_share = np.select([channel == APP, channel == WEB, channel == PHONE], behaviour.account_known, 0.0)
    account = np.where(chance["account"] < account_share, account, NONE)
    card = find_card(identities, who, day)
    shown, online = behaviour.card_shown_share, behaviour.card_online_share
    card_share = np.select([channel == STORE, channel == APP, channel == WEB], [shown, 1.0, online], 0.0)
    card = np.where(chance["card"] < card_share, card, NONE)
    is_online = (channel == WEB) | (channel == APP)
    email = np.where(is_online, choose_email(behaviour, identities, who, account, chance["which"]), NONE)
    is_anonymous = (channel == STORE) & (card == NONE)
    email = np.where(is_anonymous & (chance["till"] < behaviour.till_email_share), NOBODYS, email)
    gives_phone = identities.has_phone[who] & (
        (channel == PHONE) | (is_online & (chance["phone"] < behaviour.phone_online_share))
    )
    phone = np.where(gives_phone, 0, NONE)
    phone = np.where(is_anonymous & (chance["keyed"] < behaviour.placeholder_phone_share), NOBODYS, phone)
    return Carried(*(column.astype(np.int8) for column in (account, card, email, phone)))


def carry_to_support(
    draws: Draws,
    behaviour: Behaviour,
    identities: Identities,
    who: np.ndarray,
    contact: np.ndarray,
    day: np.ndarray,
    written: bool = False,
) -> tuple[np.ndarray, Carried]:
    """How each person turns to support (with `written`: by e-mail or phone only), and what they give there.

    Somebody with neither e-mail, phone, account nor card can't be told by anything: all is NONE.
    """
    chance, which, more, tells = (
        draws.uniform(f"contact {name}", contact) for name in ("channel", "which", "more", "tells")
    )
    has_email, has_phone = identities.emails[who] > 0, identities.has_phone[who]
    account = np.where(identities.accounts[who] > 0, choose_account(behaviour, identities, who, which), NONE)
    card = find_card(identities, who, day)
    can_chat = ((account != NONE) | (card != NONE)) & (not written)
    wants_chat = can_chat & ((chance < behaviour.chat_share) | ~(has_email | has_phone))
    writes = has_email & (~has_phone | (more < behaviour.email_contact_share))
    channel = np.where(wants_chat, BY_CHAT, np.where(writes, BY_EMAIL, BY_PHONE))
    email = np.where(channel == BY_EMAIL, choose_email(behaviour, identities, who, account, which), NONE)
    phone = np.where((channel == BY_PHONE) & has_phone, 0, NONE)
    # who telephones is asked for an e-mail to write to
    asked = (channel == BY_PHONE) & has_email & (more > 1 - behaviour.contact_email_share)
    email = np.where(asked, choose_email(behaviour, identities, who, account, which), email)
    gives_account = (channel == BY_CHAT) | (
        (channel == BY_EMAIL) & (tells < behaviour.contact_account_share) & (not written)
    )
    gives_card = ((channel == BY_CHAT) & (account == NONE)) | (
        (channel == BY_PHONE) & (tells < behaviour.contact_card_share) & (not written)
    )
    account, card = np.where(gives_account, account, NONE), np.where(gives_card, card, NONE)
    carried = Carried(*(column.astype(np.int8) for column in (account, card, email, phone)))
    return channel.astype(np.int8), carried


def carry_to_program(
    draws: Draws, behaviour: Behaviour, identities: Identities, who: np.ndarray, which_card: int
) -> Carried:
    """On joining people give their e-mail and phone mostly, and their account sometimes."""
    reach = behaviour.member_reach_share
    shares = {"e-mail": reach, "phone": reach, "account": behaviour.member_account_share}
    gives = {name: draws.uniform(f"member {name}", who, which_card) < share for name, share in shares.items()}
    account = np.where(gives["account"] & (identities.accounts[who] > 0), 0, NONE)
    email = np.where(gives["e-mail"] & (identities.emails[who] > 0), 0, NONE)
    phone = np.where(gives["phone"] & identities.has_phone[who], 0, NONE)
    card = np.full(len(who), which_card)
    return Carried(*(column.astype(np.int8) for column in (account, card, email, phone)))


def find_card(identities: Identities, who: np.ndarray, day) -> np.ndarray:
    """The card in use on a day, the newest; NONE before enrolment."""
    second = (identities.cards[who] > 1) & (identities.enrolled_again[who] < day)
    return np.where((identities.cards[who] > 0) & (identities.enrolled[who] < day), second.astype(np.int64), NONE)


def choose_account(behaviour: Behaviour, identities: Identities, who: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Mostly the first account, for those who have one."""
    share = behaviour.other_account_share
    further = (chance / share * identities.accounts[who]).astype(np.int64)
    return np.where(chance < share, further, 0)


def choose_email(
    behaviour: Behaviour, identities: Identities, who: np.ndarray, account: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Further accounts have the other e-mail, where there is one."""
    other = (identities.emails[who] > 1) & ((account > 0) | (chance > 1 - behaviour.other_email_share))
    return np.where(identities.emails[who] > 0, other.astype(np.int64), NONE)
