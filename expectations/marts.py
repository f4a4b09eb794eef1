"""What must hold for the facts everything else is built from."""

from expectations import accounting
from expectations.rules import Between, NoRows, NoRowsWhere, OneOf, TableSuite, key_of, never_null, refers_to

_KINDS = ("product_question", "order", "return", "support", "points", "exposure", "redemption")

_ORDER_LIMIT = (
    "a larger order is a misplaced decimal point: the largest of the data sets looked at is 168,470; set 2026-11-23"
)
# 5 % refused genuine nights: on 2011-01-18 one true line of Online Retail was 6.0 % of the sales so far.
_LINE_SHARE = "the largest true line seen after 1,000 orders was 6.0 % of all sales so far; set 2026-11-23"

_NOT_LATER = NoRowsWhere("ordered_on is not after the night", "ordered_on > {as_of}", ("ordered_on",))

_NET_SALES = NoRowsWhere(
    "net_sales is gross_amount less discount_amount",
    "net_sales is distinct from gross_amount - discount_amount",
    ("net_sales", "gross_amount", "discount_amount"),
)

_LINE_TOO_LARGE = NoRows(
    "no line is above 10 % of all sales once there are 1,000 orders",
    "select order_id, line_no, net_sales, all_sales from"
    " (select *, sum(net_sales) over () as all_sales from {table})"
    " where net_sales > 0.1 * all_sales and (select count(*) from marts.orders) >= 1000",
    ("net_sales",),
    because=_LINE_SHARE,
)

_COMPARED = ("lines", "gross_amount", "discount_amount", "net_sales")

_ORDERS_ARE_THEIR_LINES = NoRows(
    "a completed order's amounts are the sums of its lines",
    "select o.order_id, "
    + ", ".join(f"o.{name}, l.{name} as {name}_summed" for name in _COMPARED)
    + " from {table} as o left join (select order_id, count(*) as lines, sum(gross_amount) as gross_amount,"
    " sum(discount_amount) as discount_amount, sum(net_sales) as net_sales"
    " from marts.order_lines group by order_id) as l on l.order_id = o.order_id where o.status = 'completed' and ("
    + " or ".join(f"o.{name} is distinct from coalesce(l.{name}, 0)" for name in _COMPARED)
    + ")",
    _COMPARED,
)

_NO_PERSON_IS_BOTH = NoRows(
    "a former id is nobody's id now, and the id that took its place is somebody's",
    "select old_customer_id, customer_id from {table}"
    " where old_customer_id in (select customer_id from identity.identifiers)"
    " or customer_id not in (select customer_id from identity.identifiers where customer_id is not null)",
    ("customer_id",),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "identity",
        "identifiers",
        key=("token",),
        rules=(
            *key_of("token"),
            *never_null("kind", "sightings"),
            OneOf("kind", ("loyalty_id", "customer_ref", "email", "phone")),
        ),
        may_be_empty="a shop may know none of its buyers",
    ),
    TableSuite(
        "marts",
        "customer_aliases",
        key=("old_customer_id",),
        rules=(*key_of("old_customer_id"), *never_null("customer_id", "since"), _NO_PERSON_IS_BOTH),
        may_be_empty="most nights nobody turns out to be somebody else",
    ),
    TableSuite(
        "marts",
        "orders",
        key=("order_id",),
        rules=(
            *key_of("order_id"),
            *never_null("ordered_at", "ordered_on", "status", "lines", "gross_amount", "discount_amount"),
            *never_null("net_sales", "refund_amount", "net_revenue", "is_guest"),
            OneOf("status", ("completed", "cancelled")),
            Between("discount_amount", low=0),
            Between("refund_amount", low=0),
            Between("net_sales", 0, 1_000_000, because=_ORDER_LIMIT),
            _NET_SALES,
            NoRowsWhere(
                "net_revenue is net_sales less refund_amount",
                "net_revenue is distinct from net_sales - refund_amount",
                ("net_revenue", "net_sales", "refund_amount"),
            ),
            NoRowsWhere(
                "an order without a customer is a guest's",
                "is_guest <> (customer_id is null)",
                ("is_guest", "customer_id"),
            ),
            _NOT_LATER,
            NoRowsWhere(
                "ordered_on is the day of ordered_at",
                "ordered_on <> cast(ordered_at as date)",
                ("ordered_on", "ordered_at"),
            ),
            _ORDERS_ARE_THEIR_LINES,
            accounting.ORDERS,
            accounting.ORDER_REFUNDS,
        ),
    ),
    TableSuite(
        "marts",
        "order_lines",
        key=("order_id", "line_no"),
        rules=(
            *key_of("order_id", "line_no"),
            *never_null("ordered_on", "product_id", "is_merchandise", "quantity", "unit_price"),
            *never_null("gross_amount", "discount_amount", "net_sales"),
            NoRowsWhere("quantity is above 0", "quantity <= 0", ("quantity",)),
            Between("unit_price", low=0),
            Between("discount_amount", low=0),
            Between("net_sales", low=0),
            NoRowsWhere(
                "gross_amount is quantity times unit_price",
                "gross_amount <> round(quantity * unit_price::decimal(38, 8), 2)",
                ("gross_amount", "quantity", "unit_price"),
            ),
            _NET_SALES,
            _NOT_LATER,
            refers_to("order_id", "marts.orders"),
            refers_to("product_id", "marts.products"),
            _LINE_TOO_LARGE,
            accounting.ORDER_LINES,
        ),
    ),
    TableSuite("marts", "products", key=("product_id",), rules=(*key_of("product_id"), *never_null("is_merchandise"))),
    TableSuite(
        "marts",
        "returns",
        key=("return_id",),
        rules=(
            *key_of("return_id"),
            *never_null("product_id", "returned_on", "quantity", "refund_amount"),
            NoRowsWhere("quantity is above 0", "quantity <= 0", ("quantity",)),
            Between("refund_amount", low=0),
            NoRowsWhere("returned_on is not after the night", "returned_on > {as_of}", ("returned_on",)),
            accounting.RETURNS,
        ),
        may_be_empty="not every retailer lands returns, and some have none",
    ),
    TableSuite(
        "marts",
        "interactions",
        key=("kind", "reference_id"),
        rules=(
            *never_null("occurred_at", "kind", "source"),
            OneOf("kind", _KINDS),
            NoRowsWhere("occurred_at is not after the night", "cast(occurred_at as date) > {as_of}", ("occurred_at",)),
            accounting.INTERACTIONS,
        ),
    ),
)
