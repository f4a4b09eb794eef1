"""What must hold for what is about to be sent to people."""

from expectations.recommendations import name_what_is_withheld
from expectations.rules import Between, NoRows, NoRowsWhere, OneOf, TableSuite, key_of, never_null, refers_to
from expectations.segments import SEGMENTS

_PROGRAMS = ("vip_pull", "dormancy_defence", "win_back", "up_sell", "cross_sell")

_BEFORE_DORMANCY = NoRows(
    "a dormancy_defence offer goes out before the customer falls dormant",
    "select b.offer_id, b.customer_id, b.send_on, c.dormant_unless_order_on from {table} as b"
    " join marts.customers as c on c.customer_id = b.customer_id"
    " where b.program = 'dormancy_defence' and not coalesce(b.send_on < c.dormant_unless_order_on, false)",
    ("send_on",),
)

# The reason of a basket that falls short says that the rest of a usual order "closes the gap", in other words.
_CLOSES_THE_GAP = NoRows(
    "a basket said to close the VIP gap does",
    "select b.offer_id, b.customer_id, t.threshold_amount - c.net_revenue_12m as gap, sum(p.expected_price) as basket"
    " from {table} as b join marts.customers as c on c.customer_id = b.customer_id"
    " cross join (select threshold_amount from intermediate.int_tiers_resolved where is_top) as t"
    " left join marts.offer_products as p on p.offer_id = b.offer_id"
    " where b.program = 'vip_pull' and contains(lower(b.reason), 'close the gap')"
    " group by b.offer_id, b.customer_id, t.threshold_amount, c.net_revenue_12m"
    " having not coalesce(sum(p.expected_price) >= t.threshold_amount - c.net_revenue_12m, false)",
    ("reason",),
)

_OFFERED = (
    "(select o.customer_id, p.position as rank, p.product_id from {table} as p"
    " join marts.offers as o on o.offer_id = p.offer_id)"
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "marts",
        "offers",
        key=("offer_id",),
        rules=(
            *key_of("offer_id"),
            *never_null("customer_id", "as_of_date", "segment", "program", "send_on", "expires_on", "arm", "reason"),
            OneOf("program", _PROGRAMS),
            OneOf("arm", ("treatment", "control")),
            OneOf("segment", SEGMENTS),
            Between("incentive_value", low=0),
            Between("cost", low=0),
            NoRowsWhere("offers are the night's", "as_of_date <> {as_of}", ("as_of_date",)),
            NoRowsWhere("send_on is after the night", "send_on <= {as_of}", ("send_on",)),
            NoRowsWhere("an offer outlives its sending", "expires_on < send_on", ("send_on", "expires_on")),
            refers_to("customer_id", "marts.customers"),
            _BEFORE_DORMANCY,
            _CLOSES_THE_GAP,
        ),
        may_be_empty="on some nights nobody is near VIP or at risk, or the budget is spent",
    ),
    TableSuite(
        "marts",
        "offer_products",
        key=("offer_id", "position"),
        rules=(
            *key_of("offer_id", "position"),
            *never_null("product_id"),
            Between("expected_price", low=0),
            refers_to("offer_id", "marts.offers"),
            refers_to("product_id", "marts.products"),
            *name_what_is_withheld(_OFFERED, "offered"),
        ),
        may_be_empty="without offers there is nothing in them",
    ),
)
