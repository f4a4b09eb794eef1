"""What must hold for each customer's place: the six segments are plain arithmetic of the day."""

from expectations import accounting
from expectations.rules import Between, NoRows, NoRowsWhere, OneOf, TableSuite, key_of, never_null, shares

SEGMENTS = ("vip", "near_vip", "regular", "at_risk", "dormant", "churned")

_ROUNDING = "the average order value is rounded to the cent; set 2026-11-23"

_SETTINGS = "(select dormant_after_days, churned_after_days from intermediate.int_settings_resolved)"
_TOP_TIER = "(select tier as top_tier, threshold_amount from intermediate.int_tiers_resolved where is_top)"


def _first_that_holds(segment: str, sentence: str, holds: str, column: str) -> NoRows:
    """Nobody is in the segment for whom it does not hold, or in a later one (seed segments) while it does."""
    return NoRows(
        sentence,
        f"select b.customer_id, b.segment, b.{column} from {{table}} as b"
        f" inner join seeds.segments as p on p.segment = b.segment cross join {_SETTINGS} as s"
        f" cross join {_TOP_TIER} as t cross join (select place from seeds.segments where segment = '{segment}') as o"
        f" where (b.segment = '{segment}' and not coalesce({holds}, false)) or ({holds} and p.place > o.place)",
        ("segment", column),
    )


# Without this the rules below would find no bad row because they find no row at all.
_ONE_SETTING = NoRows(
    "there is one row of settings, one top tier and a place for each segment",
    "select s.n as settings, t.n as top_tiers, p.n as places from (select count(*) as n from " + _SETTINGS + ") as s"
    " cross join (select count(*) as n from " + _TOP_TIER + ") as t"
    " cross join (select count(distinct place) as n from seeds.segments) as p where exists (select 1 from {table})"
    " and (s.n <> 1 or t.n <> 1 or p.n <> 6)",
)

_CHURNED = _first_that_holds(
    "churned",
    "segment is churned only from churned_after_days on, and nothing later from then on",
    "b.recency_days >= s.churned_after_days",
    "recency_days",
)

_DORMANT = _first_that_holds(
    "dormant",
    "segment is dormant only from dormant_after_days on, and nothing later from then on",
    "b.recency_days >= s.dormant_after_days",
    "recency_days",
)

_VIP = _first_that_holds(
    "vip", "segment is vip only for holders of the top tier, and nothing later for them", "b.tier = t.top_tier", "tier"
)

_NEAR_VIP = NoRows(
    "a near_vip is below the top threshold, and one average order reaches it",
    "select b.customer_id, b.segment, b.net_revenue_12m, b.average_order_value, t.threshold_amount"
    " from {table} as b cross join " + _TOP_TIER + " as t where b.segment = 'near_vip' and not coalesce("
    "b.net_revenue_12m < t.threshold_amount"
    " and b.net_revenue_12m + b.average_order_value + 0.01 >= t.threshold_amount, false)",
    ("segment", "net_revenue_12m", "average_order_value"),
    because=_ROUNDING,
)

_SUMMARY_ADDS_UP = NoRows(
    "the night's customers add up to the buyers",
    "select {as_of} as as_of_date, s.customers, c.buyers from"
    " (select coalesce(sum(customers), 0) as customers from {table} where as_of_date = {as_of}) as s"
    " cross join (select count(*) as buyers from marts.customers where segment is not null) as c"
    " where s.customers <> c.buyers",
    ("customers",),
)

_SPELLS = (
    "from (select customer_id, valid_from, valid_to,"
    " lead(valid_from) over (partition by customer_id order by valid_from) as next_from from {table})"
)

_NO_OVERLAP = NoRows(
    "spells do not overlap",
    "select customer_id, valid_from, valid_to, next_from "
    + _SPELLS
    + " where next_from is not null and (valid_to is null or next_from < valid_to)",
    ("valid_from", "valid_to"),
)

_NO_HOLE = NoRows(
    "spells have no holes",
    "select customer_id, valid_from, valid_to, next_from " + _SPELLS + " where next_from > valid_to + 1",
    ("valid_from", "valid_to"),
)

# The table joins a spell to the one that ended the day before it; here spells are told by their order instead.
_MOVES_COUNTED = NoRows(
    "customers are those whose spells in the month follow another segment's",
    "select month, from_segment, to_segment, t.customers, h.customers as in_history from {table} as t full outer join ("
    "select cast(date_trunc('month', valid_from) as date) as month,"
    " left_segment as from_segment, segment as to_segment,"
    " count(distinct customer_id) as customers from (select customer_id, segment, valid_from,"
    " lag(segment) over (partition by customer_id order by valid_from) as left_segment from marts.segment_history)"
    " where left_segment <> segment group by all) as h using (month, from_segment, to_segment)"
    " where t.customers is distinct from h.customers",
    ("customers",),
)

_EACH_STOPPED_ONCE = NoRows(
    "the dormant and the churned have a cause, and nobody else",
    "select coalesce(t.customer_id, c.customer_id) as customer_id, c.segment from {table} as t"
    " full outer join (select customer_id, segment from marts.customers where segment in ('dormant', 'churned')) as c"
    " using (customer_id) where t.customer_id is null or c.customer_id is null",
)

_CAUSES = ("new", "grown", "shrunk", "reactivated", "dormant", "churned", "let_go")

# Orders and returns are asked anew, not what the bridge itself was built from.
_MONTHLY = (
    "select cast(date_trunc('month', ordered_on) as date) as month, net_sales as amount from marts.orders"
    " where status = 'completed' union all"
    " select cast(date_trunc('month', returned_on) as date), -refund_amount from marts.returns"
)

_BRIDGE_CLOSES = NoRows(
    "the causes of a month add up to its whole change, to the cent",
    "select month, e.amount as change, t.amount as net_revenue_change from (select month, sum(amount) as amount from ("
    "select month, amount from (" + _MONTHLY + ") union all"
    " select cast(month + interval 1 month as date), -amount from (" + _MONTHLY + "))"
    " where cast(month + interval 1 month as date) <= {as_of} + 1 group by month) as e full outer join"
    " (select month, sum(net_revenue_change) as amount from {table} group by month) as t using (month)"
    " where e.amount is distinct from t.amount",
    ("net_revenue_change",),
)

_PATTERNS_HOLD = NoRows(
    "more customers left after a pattern than of those who buy as often, in the latest period too",
    "select * from {table} where lift <= 1 or holdout_churned_share <= holdout_base_share",
    ("lift", "holdout_churned_share"),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "marts",
        "churn_causes",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            *never_null("evidence"),
            OneOf("cause", ("price", "stock_out", "service", "product", "category_exit", "moved_channel", "unknown")),
            OneOf("confidence", ("high", "medium", "low")),
            _EACH_STOPPED_ONCE,
        ),
        may_be_empty="on a retailer's first nights nobody is dormant",
    ),
    TableSuite(
        "marts",
        "churn_patterns",
        key=("pattern",),
        rules=(
            *key_of("pattern"),
            *never_null("description", "customers", "churned_share", "base_share", "lift", "holdout_churned_share"),
            Between("churned_share", low=0, high=1),
            Between("holdout_churned_share", low=0, high=1),
            _PATTERNS_HOLD,
        ),
        may_be_empty="a short history, or nothing that holds, teaches no pattern",
    ),
    TableSuite(
        "marts",
        "value_bridge",
        key=("month", "cause"),
        rules=(
            *key_of("month", "cause"),
            *never_null("customers", "net_revenue_change"),
            OneOf("cause", _CAUSES),
            Between("customers", low=0),
            _BRIDGE_CLOSES,
        ),
        may_be_empty="before the first month is over there is nothing to compare",
    ),
    TableSuite(
        "marts",
        "customers",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            *never_null("as_of_date", "orders_total"),
            NoRowsWhere("customers are as of the night", "as_of_date <> {as_of}", ("as_of_date",)),
            OneOf("segment", SEGMENTS),
            NoRowsWhere(
                "segment is null exactly for those who never bought",
                "(segment is null) <> (orders_total = 0)",
                ("segment", "orders_total"),
            ),
            NoRowsWhere("a buyer has a tier", "orders_total > 0 and tier is null", ("tier", "orders_total")),
            Between("recency_days", low=0),
            *shares(f"churn_probability_{days}d" for days in (30, 60, 90, 180)),
            *shares(("return_share", "full_price_share")),
            NoRowsWhere(
                "nobody falls dormant before the day they would without another order",
                "dormancy_on < dormant_unless_order_on",
                ("dormancy_on", "dormant_unless_order_on"),
            ),
            NoRowsWhere(
                "once dormant no day is told for an offer or an order",
                "segment in ('dormant', 'churned') and (contact_before is not null or next_order_on is not null)",
                ("contact_before", "next_order_on"),
            ),
            NoRowsWhere("an offer works before dormancy", "contact_before >= dormancy_on", ("contact_before",)),
            _ONE_SETTING,
            _CHURNED,
            _DORMANT,
            _VIP,
            _NEAR_VIP,
            accounting.REVENUE,
            accounting.REVENUE_OF_12_MONTHS,
            accounting.CUSTOMERS_ORDERS,
        ),
    ),
    TableSuite(
        "marts",
        "segment_summary",
        key=("as_of_date", "segment"),
        rules=(
            *key_of("as_of_date", "segment"),
            OneOf("segment", SEGMENTS),
            Between("customers", low=0),
            NoRowsWhere("as_of_date is not after the night", "as_of_date > {as_of}"),
            _SUMMARY_ADDS_UP,
            accounting.SEGMENT_SUMS,
        ),
    ),
    TableSuite(
        "marts",
        "segment_transitions",
        key=("month", "from_segment", "to_segment"),
        rules=(
            *key_of("month", "from_segment", "to_segment"),
            OneOf("from_segment", SEGMENTS),
            OneOf("to_segment", SEGMENTS),
            Between("customers", low=1),
            _MOVES_COUNTED,
        ),
        may_be_empty="on the first night nobody has moved yet",
    ),
    TableSuite(
        "marts",
        "segment_history",
        key=("customer_id", "valid_from"),
        rules=(
            *key_of("customer_id", "valid_from"),
            OneOf("segment", SEGMENTS),
            NoRowsWhere("valid_from is not after the night", "valid_from > {as_of}"),
            NoRowsWhere("a spell does not end before it begins", "valid_to < valid_from", ("valid_to",)),
            _NO_OVERLAP,
            _NO_HOLE,
            accounting.RUNNING_SPELLS,
        ),
    ),
)
