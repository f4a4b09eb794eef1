"""From counts of pairs to rules: support, confidence, lift, leverage, and how likely chance alone is."""

import numpy as np
import pyarrow as pa
from scipy.stats import hypergeom

from ml.baskets.count import Connection, PairCounts, count_pairs
from ml.params import PairParams

LEVELS = ("product", "category")
RULE_COLUMNS = [
    ("level", pa.string()),
    ("antecedent", pa.string()),
    ("antecedent_2", pa.string()),
    ("consequent", pa.string()),
    ("baskets", pa.int64()),
    ("support", pa.float64()),
    ("confidence", pa.float64()),
    ("lift", pa.float64()),
    ("leverage", pa.float64()),
    ("p_value", pa.float64()),
]


def mine_rules(connection: Connection, lines_sql: str, level: str, params: PairParams) -> pa.Table:
    """Rules of one level from a query that gives (basket_id, item), merchandise only.

    The table's metadata says how many baskets were counted and how many were cut for their size.
    """
    return derive_rules(count_pairs(connection, lines_sql, params), level, params)


def derive_rules(counts: PairCounts, level: str, params: PairParams) -> pa.Table:
    """Both directions of every pair bought together more often than chance (lift above 1) and often enough.

    Ordered by leverage, the extra baskets the pair is in beyond chance, then by confidence and names; the
    first `max_rules` stay. `p_value` is Fisher's exact test, one-sided, for that pair alone: it is not
    corrected for the number of pairs looked at.
    """
    if level not in LEVELS:
        raise ValueError(f"level is {' or '.join(LEVELS)}, not {level!r}")
    total = counts.baskets
    # Each pair twice: left leads to right, and right leads to left.
    antecedent = np.concatenate([counts.left, counts.right])
    consequent = np.concatenate([counts.right, counts.left])
    both = np.concatenate([counts.pair_baskets, counts.pair_baskets])
    first, second = counts.item_baskets[antecedent], counts.item_baskets[consequent]
    # Whole numbers, so that a lift of exactly 1 is never above it by rounding.
    more_than_chance = both * total > first * second
    chosen = more_than_chance & (both >= params.min_baskets) & (both >= params.min_confidence * first)
    antecedent, consequent, both = antecedent[chosen], consequent[chosen], both[chosen]
    first, second = first[chosen], second[chosen]
    confidence = both / first
    leverage = (both * total - first * second) / total**2 if total else both.astype(float)
    # Names were numbered in their order, so numbers break ties as the names would.
    order = np.lexsort((consequent, antecedent, -confidence, -leverage))[: params.max_rules]
    antecedent, consequent, both, first, second = (
        values[order] for values in (antecedent, consequent, both, first, second)
    )
    columns = {
        "level": np.full(len(order), level, dtype=object),
        "antecedent": counts.items[antecedent],
        "antecedent_2": np.full(len(order), None, dtype=object),
        "consequent": counts.items[consequent],
        "baskets": both,
        "support": both / max(total, 1),
        "confidence": confidence[order],
        "lift": (both * total) / np.maximum(first * second, 1),
        "leverage": leverage[order],
        "p_value": find_p_value(both, first, second, total),
    }
    arrays = {name: pa.array(columns[name], kind) for name, kind in RULE_COLUMNS}
    counted = {
        "baskets_counted": str(counts.baskets),
        "baskets_cut": str(counts.baskets_cut),
        "items_counted": str(len(counts.items)),
    }
    return pa.table(arrays).replace_schema_metadata(counted)


def find_p_value(both: np.ndarray, first: np.ndarray, second: np.ndarray, total: int) -> np.ndarray:
    """The chance of at least so many shared baskets if the two items knew nothing of each other."""
    if len(both) == 0:
        return np.empty(0)
    # The test is the same in both directions and slow enough to ask each question once.
    asked, answer = np.unique(
        np.column_stack([both, np.maximum(first, second), np.minimum(first, second)]), axis=0, return_inverse=True
    )
    return hypergeom.sf(asked[:, 0] - 1, total, asked[:, 1], asked[:, 2])[answer.reshape(-1)]
