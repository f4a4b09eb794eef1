"""What must hold for the rows in force on the night's date, cleaned and typed."""

from expectations import accounting
from expectations.rules import Between, NoRowsWhere, OneOf, TableSuite, key_of, never_null, refers_to

_OPTIONAL = "every entity but orders and order lines may never land (landing contract)"


def _not_after_the_night(column: str) -> NoRowsWhere:
    return NoRowsWhere(f"{column} is not after the night", f"cast({column} as date) > {{as_of}}", (column,))


_ABOVE_ZERO = NoRowsWhere("quantity is above 0", "quantity <= 0", ("quantity",))

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "staging",
        "stg_sales__orders",
        key=("order_id",),
        rules=(
            *key_of("order_id"),
            *never_null("ordered_at", "status"),
            OneOf("status", ("completed", "cancelled")),
            _not_after_the_night("ordered_at"),
            accounting.STAGED_ORDERS,
        ),
    ),
    TableSuite(
        "staging",
        "stg_sales__order_lines",
        key=("order_id", "line_no"),
        rules=(
            *key_of("order_id", "line_no"),
            *never_null("product_id", "quantity", "unit_price", "discount_amount"),
            _ABOVE_ZERO,
            Between("unit_price", low=0),
            Between("discount_amount", low=0),
            NoRowsWhere(
                "discount_amount is not above the line's gross",
                "discount_amount > round(quantity * unit_price::decimal(38, 8), 2)",
                ("discount_amount", "quantity", "unit_price"),
            ),
            refers_to("order_id", "staging.stg_sales__orders"),
            accounting.STAGED_LINES,
        ),
    ),
    TableSuite(
        "staging",
        "stg_sales__products",
        key=("product_id",),
        rules=(*key_of("product_id"), *never_null("is_merchandise")),
        may_be_empty=_OPTIONAL,
    ),
    TableSuite(
        "staging",
        "stg_sales__returns",
        key=("return_id",),
        rules=(
            *key_of("return_id"),
            *never_null("product_id", "returned_at", "quantity", "refund_amount"),
            _ABOVE_ZERO,
            Between("refund_amount", low=0),
            _not_after_the_night("returned_at"),
            accounting.STAGED_RETURNS,
        ),
        may_be_empty=_OPTIONAL,
    ),
    TableSuite(
        "staging",
        "stg_loyalty__exposures",
        key=("offer_id",),
        rules=(
            *key_of("offer_id"),
            *never_null("sent_at"),
            OneOf("arm", ("treatment", "control")),
            _not_after_the_night("sent_at"),
        ),
        may_be_empty=_OPTIONAL,
    ),
)
