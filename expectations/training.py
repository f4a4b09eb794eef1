"""What must hold for what the models learn from: no day after the night may be seen."""

from expectations.features import DESCRIBED
from expectations.rules import NoRowsWhere, Rule, TableSuite, key_of


def _unknown_until_matured(days: int) -> NoRowsWhere:
    label = f"has_lapsed_{days}d"
    return NoRowsWhere(
        f"{label} is null while its window reaches past the night",
        f"as_of_date + {days} > {{as_of}} and {label} is not null",
        (label,),
    )


def _known_once_matured(days: int) -> NoRowsWhere:
    label = f"has_lapsed_{days}d"
    return NoRowsWhere(
        f"{label} is known once its window has passed",
        f"as_of_date + {days} <= {{as_of}} and {label} is null",
        (label,),
    )


_LABELS: tuple[Rule, ...] = tuple(
    rule for days in (30, 60, 90, 180) for rule in (_unknown_until_matured(days), _known_once_matured(days))
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "features",
        "training_features",
        key=("as_of_date", "customer_id"),
        rules=(
            *key_of("as_of_date", "customer_id"),
            *DESCRIBED,
            NoRowsWhere("as_of_date is before the night", "as_of_date >= {as_of}"),
            *_LABELS,
        ),
        may_be_empty="in a shop's first weeks no past date has enough history before it",
    ),
)
