"""What must hold for the rows as they were loaded."""

from expectations.rules import NoRowsWhere, OneOf, TableSuite, never_null, refers_to

_ACCOUNTING = NoRowsWhere(
    "a file's rows read are its rows loaded, repeated, quarantined and waiting",
    "rows_read is distinct from rows_loaded + rows_repeated + rows_quarantined + rows_waiting",
    ("rows_read", "rows_loaded", "rows_repeated", "rows_quarantined", "rows_waiting"),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "raw",
        "files",
        key=("file", "drop_on"),
        rules=(
            *never_null("source", "entity", "drop_on", "file", "status"),
            OneOf("status", ("loaded", "blocked")),
            _ACCOUNTING,
            NoRowsWhere("a blocked file says why", "status = 'blocked' and message is null", ("status", "message")),
        ),
    ),
    TableSuite(
        "raw",
        "sales_orders",
        key=("order_id", "_drop_on"),
        rules=(
            *never_null("order_id", "ordered_at", "_drop_on", "_file"),
            NoRowsWhere("a superseded row gave way to a later drop", "_superseded_on <= _drop_on", ("_superseded_on",)),
        ),
    ),
    TableSuite(
        "raw",
        "sales_order_lines",
        key=("order_id", "line_no", "_drop_on"),
        rules=(
            *never_null("order_id", "line_no", "product_id", "quantity", "unit_price", "_drop_on", "_file"),
            refers_to("order_id", "raw.sales_orders"),
        ),
    ),
)
