"""What must hold for what the models are told of customers tonight."""

from expectations.rules import Between, NoRowsWhere, Rule, TableSuite, key_of, never_null, shares

# Of customers on any date, whether they are scored or learnt from.
DESCRIBED: tuple[Rule, ...] = (
    *never_null("recency_days", "orders_total"),
    Between("recency_days", low=0),
    Between("tenure_days", low=0),
    Between("orders_total", low=1),
    *shares(("discount_share", "return_share")),
    NoRowsWhere("recency_days is not above tenure_days", "recency_days > tenure_days", ("recency_days", "tenure_days")),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "features",
        "customer_features",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            *DESCRIBED,
            NoRowsWhere("features are the night's", "as_of_date is distinct from {as_of}", ("as_of_date",)),
        ),
    ),
)
