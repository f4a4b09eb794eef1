"""What must hold for what the models learn from: no day after the night may be seen."""

from expectations.rules import Between, NoRows, NoRowsWhere, Rule, TableSuite, key_of, never_null, shares


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
        "customer_features",
        key=("as_of_date", "customer_id"),
        rules=(
            *key_of("as_of_date", "customer_id"),
            *never_null("is_current", "recency_days", "orders_total"),
            Between("recency_days", low=0),
            Between("tenure_days", low=0),
            Between("orders_total", low=1),
            *shares(("discount_share", "return_share")),
            NoRowsWhere("as_of_date is not after the night", "as_of_date > {as_of}"),
            NoRowsWhere("is_current marks the night's rows", "is_current <> (as_of_date = {as_of})", ("is_current",)),
            NoRowsWhere(
                "recency_days is not above tenure_days", "recency_days > tenure_days", ("recency_days", "tenure_days")
            ),
            NoRows(
                "there are rows for the night itself",
                "select {as_of} as as_of_date where not exists (select 1 from {table} where as_of_date = {as_of})",
                ("as_of_date",),
            ),
            *_LABELS,
        ),
    ),
)
