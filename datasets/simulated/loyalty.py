"""The loyalty program: who joins, what they allow, and their points."""

import numpy as np

from datasets.simulated.carrying import NONE, carry_to_program
from datasets.simulated.draws import Draws
from datasets.simulated.identities import Identities
from datasets.simulated.ledger import Ledger
from datasets.simulated.parameters import Behaviour
from datasets.simulated.population import NEVER, People
from datasets.simulated.timing import Visits

GRANTS = (("email", "marketing"), ("sms", "marketing"), ("post", "marketing"), ("email", "profiling"))
EMAIL_MARKETING = 0
EARNED, SPENT, EXPIRED = range(3)
POINT_REASONS = ("earned", "reward", "expired")
_DAY = 86_400
# points are looked through for old ones on every so manieth day
_EXPIRY_EVERY = 30


def enrol(draws: Draws, behaviour: Behaviour, people: People, identities: Identities, ledger: Ledger, day: int) -> None:
    """Today's new members and their consents; on the first day also all who joined before."""
    # who has left by then does not join (again)
    identities.cards[(identities.enrolled == day) & ~people.alive] = 0
    identities.cards[(identities.enrolled_again == day) & ~people.alive & (identities.cards > 1)] = 1
    here = (identities.cards > 0) & people.alive & (people.born < np.maximum(day, 1))
    joins = (identities.enrolled <= day) if day == 0 else (identities.enrolled == day)
    new = np.flatnonzero(here & joins)
    _add_members(draws, behaviour, identities, ledger, new, identities.enrolled[new], 0, day)
    again = np.flatnonzero(here & (identities.cards > 1) & (identities.enrolled_again == day))
    _add_members(draws, behaviour, identities, ledger, again, identities.enrolled_again[again], 1, day)
    _ask_consents(draws, behaviour, identities, ledger, new, day)
    _take_back(draws, behaviour, identities, ledger, day)


def may_email(draws: Draws, behaviour: Behaviour, identities: Identities, day: int) -> np.ndarray:
    """True for people who are members and whose consent to marketing by e-mail holds today."""
    who = np.arange(len(identities.cards))
    member = (identities.cards > 0) & (identities.enrolled < day) & (identities.emails > 0)
    granted, expires, withdrawn = _find_grants(draws, behaviour, identities, who)
    return member & granted[:, EMAIL_MARKETING] & (expires[:, EMAIL_MARKETING] > day) & (withdrawn > day)


def give_points(
    behaviour: Behaviour, people: People, ledger: Ledger, counters: dict, visits: Visits, card, net, reward, day: int
) -> None:
    """Points for each order with a card (net in pence), less those turned into a reward."""
    for reason, points in ((SPENT, -reward), (EARNED, (net * behaviour.points_per_pound).astype(np.int64) // 100)):
        found = np.flatnonzero((card != NONE) & (points != 0))
        who = visits.who[found]
        np.add.at(people.points, who, points[found])
        people.points_day[who] = day
        _enter(ledger, counters, who, card[found], visits.second[found], points[found], reason, visits.order[found])


def expire_points(
    behaviour: Behaviour, people: People, identities: Identities, ledger: Ledger, counters: dict, day: int
) -> None:
    """Points of accounts without an entry for long."""
    if day % _EXPIRY_EVERY:
        return
    old = np.flatnonzero((people.points > 0) & (people.points_day < day - behaviour.points_expire_days))
    second = (identities.cards[old] > 1) & (identities.enrolled_again[old] < day) & people.alive[old]
    points = -people.points[old]
    people.points[old] = 0
    _enter(ledger, counters, old, second.astype(np.int64), np.full(len(old), day * _DAY + 7200), points, EXPIRED, -1)


def _enter(ledger, counters, who, card, second, points, reason, order) -> None:
    number = counters["entry"] + np.arange(len(who))
    counters["entry"] += len(who)
    ledger.add("points", number=number, day=second // _DAY, second=second, who=who, card=card, points=points,
               reason=np.full(len(who), reason), order=order)  # fmt: skip


def _add_members(draws, behaviour, identities, ledger, who, enrolled, which, day) -> None:
    second = enrolled.astype(np.int64) * _DAY + 9 * 3600 + draws.whole("enrolled at", 10 * 3600, who, which)
    carried = carry_to_program(draws, behaviour, identities, who, which)
    ledger.add("members", day=np.full(len(who), day), second=second, who=who, **carried.columns())


def _ask_consents(draws, behaviour, identities, ledger, who, day) -> None:
    granted, expires, _ = _find_grants(draws, behaviour, identities, who)
    reachable = (identities.emails > 0, identities.has_phone, identities.cards > 0, identities.emails > 0)
    second = identities.enrolled[who].astype(np.int64) * _DAY + 20 * 3600
    for place in range(len(GRANTS)):
        asked = np.flatnonzero(reachable[place][who])
        limited = granted[asked, place] & (expires[asked, place] < NEVER)
        ledger.add("consents", day=np.full(len(asked), day), second=second[asked], who=who[asked], card=0,
                   grant=place, granted=granted[asked, place],
                   expires=np.where(limited, expires[asked, place].astype(np.int64) * _DAY, -1))  # fmt: skip


def _take_back(draws, behaviour, identities, ledger, day) -> None:
    members = np.flatnonzero((identities.cards > 0) & (identities.enrolled < day))
    who = members[_find_withdrawal(draws, behaviour, identities, members) == day]
    granted, expires, _ = _find_grants(draws, behaviour, identities, who)
    for place in range(len(GRANTS)):
        back = np.flatnonzero(granted[:, place] & (expires[:, place] > day))
        second = day * _DAY + 10 * 3600 + draws.whole("taken back", 9 * 3600, who[back], day)
        ledger.add("consents", day=np.full(len(back), day), second=second, who=who[back], card=0, grant=place,
                   granted=np.zeros(len(back), dtype=bool), expires=-1)  # fmt: skip


def _find_grants(draws, behaviour, identities, who) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each person answered on joining, the day each grant runs out, and the day all are taken back."""
    places = np.arange(len(GRANTS))
    shares = np.array([*behaviour.consent_shares, behaviour.profiling_share])
    granted = draws.uniform("granted", who[:, None], places) < shares
    low, high = behaviour.expiring_days
    runs = low + draws.whole("runs out", high - low, who[:, None], places)
    limited = draws.uniform("limited", who[:, None], places) < behaviour.expiring_share
    expires = np.where(limited, identities.enrolled[who][:, None] + runs, NEVER)
    return granted, expires, _find_withdrawal(draws, behaviour, identities, who)


def _find_withdrawal(draws, behaviour, identities, who) -> np.ndarray:
    wait = np.minimum(draws.waiting("withdrawn", who) / behaviour.withdrawal_hazard * 365, NEVER // 2)
    return np.maximum(identities.enrolled[who], 0) + 1 + wait.astype(np.int64)
