"""From counts to rules: what holds beyond chance, beyond a few buyers' habits, and still in the later days."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from ml.baskets.chance import find_lift_interval, find_p_value
from ml.baskets.count import Sets, count_buyers, count_pairs, count_triples
from ml.baskets.read import Baskets, Connection, read_baskets
from ml.params import RuleParams

# What kinds of items rules are mined on, and the level of the published contract that each belongs to.
LEVELS = {"product": "product", "subcategory": "category", "category": "category"}
RULE_COLUMNS = [
    ("level", pa.string()),
    ("item_kind", pa.string()),
    ("antecedent", pa.string()),
    ("antecedent_2", pa.string()),
    ("consequent", pa.string()),
    ("baskets", pa.int64()),
    ("support", pa.float64()),
    ("confidence", pa.float64()),
    ("lift", pa.float64()),
    ("lift_low95", pa.float64()),
    ("lift_high95", pa.float64()),
    ("leverage", pa.float64()),
    ("p_value", pa.float64()),
    ("holdout_lift", pa.float64()),
    ("customers", pa.int64()),
]


@dataclass(frozen=True)
class _Rules:
    """Rules to be judged, one element each: items as numbers (`antecedents` of shape (rules, 2), -1 for none), and the
    baskets with antecedents and consequent (`both`), with the antecedents (`first`), with the consequent (`second`),
    each a row for all baskets and a row for the late ones. `p_value` is not corrected; `customers` bought all."""

    antecedents: np.ndarray
    consequent: np.ndarray
    both: np.ndarray
    first: np.ndarray
    second: np.ndarray
    p_value: np.ndarray
    customers: np.ndarray

    def take(self, kept: np.ndarray) -> "_Rules":
        """Only those of a mask, or in another order."""
        values = ((one.name, getattr(self, one.name)) for one in fields(self))
        return _Rules(**{name: value[kept] if name in _PLAIN else value[:, kept] for name, value in values})


_PLAIN = ("antecedents", "consequent", "p_value", "customers")


def mine_rules(connection: Connection, lines_sql: str, item_kind: str, params: RuleParams) -> pa.Table:
    """Rules on one kind of items from a query that gives (basket_id, item, ordered_on, buyer), merchandise only.

    The table's metadata says how many baskets were counted, how many were cut for their size, how many rules held, of
    which `max_rules` stay, and how many were tried: each p_value is Fisher's, times the last number (Bonferroni), at
    most 1.
    """
    if item_kind not in LEVELS:
        raise ValueError(f"items are {', '.join(LEVELS)}, not {item_kind!r}")
    baskets = read_baskets(connection, lines_sql, params)
    pairs = count_pairs(baskets)
    late = np.bincount(
        baskets.item[np.searchsorted(baskets.basket, baskets.first_late) :], minlength=len(baskets.names)
    )
    item_counts = np.array([baskets.item_baskets, late])
    single = _pair_rules(baskets, pairs, item_counts, params)
    double, tried = _triple_rules(baskets, pairs, item_counts, params)
    tried += len(baskets.names) * (len(baskets.names) - 1) // 2
    kept = [_keep_lasting(rules, baskets, tried, params) for rules in (single, double)]
    return _tabulate(kept, baskets, item_kind, tried, params)


def _pair_rules(baskets: Baskets, pairs: Sets, item_counts: np.ndarray, params: RuleParams) -> _Rules:
    """Both directions of each pair: left leads to right, and right leads to left."""
    antecedent, consequent = pairs.items.ravel(order="F"), pairs.items[:, ::-1].ravel(order="F")
    both, none = np.tile(np.array([pairs.baskets, pairs.late]), 2), np.zeros(len(consequent))
    antecedents = np.column_stack([antecedent, np.full(len(antecedent), -1)])
    rules = _Rules(antecedents, consequent, both, item_counts[:, antecedent], item_counts[:, consequent], none, none)
    rules = _keep_strong(rules, baskets.total, params)
    return replace(rules, p_value=find_p_value(rules.both[0], rules.first[0], rules.second[0], baskets.total))


def _triple_rules(baskets: Baskets, pairs: Sets, item_counts: np.ndarray, params: RuleParams) -> tuple[_Rules, int]:
    """Rules with two antecedents, and how many were tried. Their p-value is that of what the second antecedent adds:
    the larger of the two tests among the baskets that hold one of them, and of the test among all baskets."""
    most = np.lexsort((pairs.items[:, 1], pairs.items[:, 0], -pairs.baskets))[: params.max_antecedent_pairs]
    most.sort()
    triples = count_triples(baskets, pairs.items[most])
    pair_of = _Lookup(pairs, len(baskets.names))
    counts = np.array([pairs.baskets, pairs.late])
    first = counts[:, pair_of.find(triples.items[:, 0], triples.items[:, 1])]
    both, none = np.array([triples.baskets, triples.late]), np.zeros(len(triples.baskets))
    antecedents, consequent = triples.items[:, :2], triples.items[:, 2]
    rules = _Rules(antecedents, consequent, both, first, item_counts[:, consequent], none, none)
    rules = _keep_strong(rules, baskets.total, params)
    p_value = find_p_value(rules.both[0], rules.first[0], rules.second[0], baskets.total)
    for one in rules.antecedents.T:
        with_consequent = pairs.baskets[pair_of.find(one, rules.consequent)]
        among_one = find_p_value(rules.both[0], rules.first[0], with_consequent, baskets.item_baskets[one])
        p_value = np.maximum(p_value, among_one)
    return replace(rules, p_value=p_value), len(most) * max(len(baskets.names) - 2, 0)


class _Lookup:
    """Where a pair of items stands among the counted pairs; every part of a counted triple is among them."""

    def __init__(self, pairs: Sets, width: int) -> None:
        self._width = np.int64(max(width, 1))
        keys = pairs.items[:, 0] * self._width + pairs.items[:, 1]
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def find(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Positions in the pairs, whichever of the two items is named first."""
        return self._order[np.searchsorted(self._keys, np.minimum(one, other) * self._width + np.maximum(one, other))]


def _keep_strong(rules: _Rules, total: int, params: RuleParams) -> _Rules:
    """Those confident enough whose lift is above the least one, its interval included. Cheap, so it comes first."""
    confident = rules.both[0] >= params.min_confidence * rules.first[0]
    rules = rules.take(confident)
    low, _ = find_lift_interval(rules.both[0], rules.first[0], rules.second[0], total)
    return rules.take(low >= params.min_lift)


def _keep_lasting(rules: _Rules, baskets: Baskets, tried: int, params: RuleParams) -> _Rules:
    """Those beyond chance with the correction, bought by enough people, and that hold in the earlier days and, tested
    once more, in the later ones."""
    rules = rules.take(np.minimum(rules.p_value * tried, 1) <= params.max_p_value)
    early = [counts[0] - counts[1] for counts in (rules.both, rules.first, rules.second)]
    held_before = early[0] * baskets.first_late > early[1] * early[2]
    late_total = baskets.total - baskets.first_late
    late_p_value = find_p_value(rules.both[1], rules.first[1], rules.second[1], late_total)
    rules = rules.take(held_before & (late_p_value <= params.max_holdout_p_value))
    is_pair = (rules.antecedents[:, 1] < 0).all()
    items = np.column_stack([rules.antecedents[:, : 1 if is_pair else 2], rules.consequent])
    customers = count_buyers(baskets, Sets(items, rules.both[0], rules.both[1]))
    return replace(rules, customers=customers).take(customers >= params.min_customers)


def _tabulate(kept: list[_Rules], baskets: Baskets, item_kind: str, tried: int, params: RuleParams) -> pa.Table:
    """Ordered by leverage, the share of baskets beyond chance, then by confidence and names; the first stay."""
    joined = {one.name: [getattr(rules, one.name) for rules in kept] for one in fields(_Rules)}
    rules = _Rules(
        **{name: np.concatenate(values, axis=-1 if name not in _PLAIN else 0) for name, values in joined.items()}
    )
    total, late_total = max(baskets.total, 1), max(baskets.total - baskets.first_late, 1)
    both, first, second = rules.both[0], rules.first[0], rules.second[0]
    confidence, leverage = both / first, (both * total - first * second) / total**2
    named = _name_antecedents(rules.antecedents, baskets.names)
    consequent = baskets.names[rules.consequent].astype(str)
    by_name = (consequent, *named[::-1])
    order = np.lexsort((*by_name, -confidence, -leverage))[: params.max_rules]
    low, high = find_lift_interval(both, first, second, total)
    columns = {
        "level": np.full(len(both), LEVELS[item_kind]),
        "item_kind": np.full(len(both), item_kind),
        "antecedent": named[0],
        "antecedent_2": np.where(rules.antecedents[:, 1] < 0, None, named[1]),
        "consequent": consequent,
        "baskets": both,
        "support": both / total,
        "confidence": confidence,
        "lift": both * total / (first * second),
        "lift_low95": low,
        "lift_high95": high,
        "leverage": leverage,
        "p_value": np.minimum(rules.p_value * tried, 1),
        "holdout_lift": rules.both[1] * late_total / np.maximum(rules.first[1] * rules.second[1], 1),
        "customers": rules.customers,
    }
    arrays = {name: pa.array(columns[name][order], kind) for name, kind in RULE_COLUMNS}
    counted = {"baskets_counted": baskets.total, "baskets_cut": baskets.cut, "items_counted": len(baskets.names)}
    counted |= {"rules_tried": tried, "rules_held": len(both), "holdout_baskets": baskets.total - baskets.first_late}
    return pa.table(arrays).replace_schema_metadata({name: str(number) for name, number in counted.items()})


def _name_antecedents(antecedents: np.ndarray, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The names of one or two antecedents in their order; the second is empty where there is one."""
    named = np.append(names, "")[antecedents].astype(str).reshape(-1, 2)
    is_turned = (antecedents[:, 1] >= 0) & (named[:, 0] > named[:, 1])
    return np.where(is_turned, named[:, 1], named[:, 0]), np.where(is_turned, named[:, 0], named[:, 1])
