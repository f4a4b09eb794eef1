"""The accounts that must balance: what landed was staged, what was staged is in the facts, what is in the facts is what
customers are said to have brought. Each compares totals, so it costs one pass over each side.
"""

from expectations.rules import NoRows

_IN_FORCE = "_drop_on <= {as_of} and (_superseded_on is null or _superseded_on > {as_of})"
_LAST_YEAR = "cast({as_of} - interval 12 month as date)"

_ORDERS = "select count(*) as orders, count(*) filter (where status = 'completed') as completed from "

# Money by its parts: a line's gross is quantity times price, which a rule on marts.order_lines asks of each line.
# Adding up 38-digit products on both sides would take five times as long.
_LINES = (
    "select count(*) as lines, sum(quantity) as quantity, sum(unit_price) as prices,"
    " sum(coalesce(discount_amount, 0)) as discounts from "
)
_RETURNS = "select count(*) as returns, sum(quantity) as quantity, sum(refund_amount) as refunds from "


def _balance(rule: str, totals: tuple[str, ...], here: str, there: str) -> NoRows:
    """Two queries of one row each give the same totals."""
    return NoRows(rule, _differences(totals, f"({here}) as h cross join ({there}) as t"), totals)


def _balance_by(keys: tuple[str, ...], rule: str, totals: tuple[str, ...], here: str, there: str) -> NoRows:
    """Two queries of one row for each key give the same totals for each key."""
    names = ", ".join(keys)
    return NoRows(rule, _differences(totals, f"({here}) as h full join ({there}) as t using ({names})", names), totals)


def _differences(totals: tuple[str, ...], both: str, keys: str = "") -> str:
    shown = ", ".join(([keys] if keys else []) + [f"h.{total}, t.{total} as {total}_expected" for total in totals])
    return f"select {shown} from {both} where " + " or ".join(f"h.{x} is distinct from t.{x}" for x in totals)


STAGED_ORDERS = _balance(
    "orders are the landed orders in force",
    ("orders",),
    "select count(*) as orders from {table}",
    f"select count(*) as orders from raw.sales_orders where {_IN_FORCE} and cast(ordered_at as date) <= {{as_of}}",
)

STAGED_LINES = _balance(
    "lines, quantities, prices and discounts are those of the landed lines in force",
    ("lines", "quantity", "prices", "discounts"),
    _LINES + "{table}",
    f"{_LINES}raw.sales_order_lines where {_IN_FORCE} and order_id in"
    f" (select order_id from raw.sales_orders where {_IN_FORCE} and cast(ordered_at as date) <= {{as_of}})",
)

STAGED_RETURNS = _balance(
    "returns and refunds are those landed and in force",
    ("returns", "quantity", "refunds"),
    _RETURNS + "{table}",
    f"{_RETURNS}raw.sales_returns where {_IN_FORCE} and cast(returned_at as date) <= {{as_of}}",
)

ORDERS = _balance(
    "orders are those staged", ("orders", "completed"), _ORDERS + "{table}", _ORDERS + "staging.stg_sales__orders"
)

ORDER_REFUNDS = _balance(
    "refunds of orders are those of the returns that name them",
    ("refunds",),
    "select coalesce(sum(refund_amount), 0) as refunds from {table}",
    "select coalesce(sum(refund_amount), 0) as refunds from marts.returns"
    " where order_id in (select order_id from marts.orders)",
)

# Few orders are cancelled: leaving their lines out costs less than joining all lines to their orders.
ORDER_LINES = _balance(
    "lines, quantities, prices and discounts are those staged of completed orders",
    ("lines", "quantity", "prices", "discounts"),
    _LINES + "{table}",
    _LINES + "staging.stg_sales__order_lines where order_id not in"
    " (select order_id from staging.stg_sales__orders where status <> 'completed')",
)

RETURNS = _balance(
    "returns and refunds are those staged",
    ("returns", "quantity", "refunds"),
    _RETURNS + "{table}",
    _RETURNS + "staging.stg_sales__returns",
)

INTERACTIONS = _balance(
    "the timeline holds every order, return, contact, points entry, offer sent and redemption once",
    ("orders", "net_sales", "returns", "refunds", "contacts", "entries", "points", "offers", "redemptions"),
    "select count(*) filter (where kind = 'order') as orders, sum(amount) filter (where kind = 'order') as net_sales,"
    " count(*) filter (where kind = 'return') as returns, -sum(amount) filter (where kind = 'return') as refunds,"
    " count(*) filter (where source = 'support') as contacts, count(*) filter (where kind = 'points') as entries,"
    " sum(amount) filter (where kind = 'points') as points, count(*) filter (where kind = 'exposure') as offers,"
    " count(*) filter (where kind = 'redemption') as redemptions from {table}",
    "select * from"
    " (select count(*) as orders, sum(net_sales) as net_sales from marts.orders where status = 'completed')"
    " cross join (select count(*) as returns, sum(refund_amount) as refunds from marts.returns)"
    " cross join (select count(*) as contacts from staging.stg_support__contacts)"
    " cross join (select count(*) as entries, sum(points) as points from staging.stg_loyalty__points)"
    " cross join (select count(*) as offers from staging.stg_loyalty__exposures where arm = 'treatment')"
    " cross join (select count(*) as redemptions from staging.stg_loyalty__redemptions)",
)


def _brought(lines: str = "true", refunds: str = "true") -> str:
    """Sales less discounts of these lines, less these refunds, as SQL of one number."""
    return (
        f"((select coalesce(sum(gross_amount - discount_amount), 0) from marts.order_lines where {lines})"
        f" - (select coalesce(sum(refund_amount), 0) from marts.returns where {refunds}))"
    )


_GUESTS = "customer_id is null"
_KNOWN = "customer_id is not null and "

REVENUE = _balance(
    "net revenue of customers and guests together is lines less discounts less refunds",
    ("net_revenue",),
    f"select coalesce(sum(net_revenue_total), 0) + {_brought(_GUESTS, _GUESTS)} as net_revenue from {{table}}",
    f"select {_brought()} as net_revenue",
)

REVENUE_OF_12_MONTHS = _balance(
    "net revenue of 12 months is customers' lines less discounts less refunds of these months",
    ("net_revenue",),
    "select coalesce(sum(net_revenue_12m), 0) as net_revenue from {table}",
    f"select {_brought(f'{_KNOWN} ordered_on > {_LAST_YEAR}', f'{_KNOWN} returned_on > {_LAST_YEAR}')} as net_revenue",
)

CUSTOMERS_ORDERS = _balance(
    "customers' orders are the completed orders of known people",
    ("orders", "orders_12m"),
    "select coalesce(sum(orders_total), 0) as orders, coalesce(sum(orders_12m), 0) as orders_12m from {table}",
    f"select count(*) as orders, count(*) filter (where ordered_on > {_LAST_YEAR}) as orders_12m from marts.orders"
    f" where {_KNOWN} status = 'completed' and lines > 0",
)

_SUMMED = ("customers", "orders_12m", "net_revenue_12m", "gross_margin_12m")

SEGMENT_SUMS = _balance_by(
    ("segment",),
    "a segment's sums are those of its customers",
    _SUMMED,
    f"select segment, {', '.join(_SUMMED)} from {{table}} where as_of_date = {{as_of}} and customers > 0",
    "select segment, count(*) as customers, sum(orders_12m) as orders_12m, sum(net_revenue_12m) as net_revenue_12m,"
    " sum(gross_margin_12m) as gross_margin_12m from marts.customers where segment is not null group by segment",
)

RUNNING_SPELLS = _balance_by(
    ("segment", "tier"),
    "running spells are the customers' segments and tiers of the night",
    ("customers",),
    "select segment, tier, count(*) as customers from {table} where valid_to is null group by segment, tier",
    "select segment, tier, count(*) as customers from marts.customers where segment is not null group by segment, tier",
)
