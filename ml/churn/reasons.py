"""What can be said of a customer: the reasons, the features each sums up, and the sentences that tell them.

Features that say nearly the same are one reason; of those that can be put into words, one figure is told.
"""

from dataclasses import dataclass

MORE_LEAVES, LESS_LEAVES, EITHER = 1, -1, 0
# In place of a figure's number: said by the reason's words for nothing known, or not said at all.
UNKNOWN, NOT_TOLD = -1, -2


@dataclass(frozen=True)
class Figure:
    """A feature that can be told: as money, percent, a ratio, or a number of what `form` names.

    In the sentence {value} is the customer's own and {peer} the usual one. `speaks` says what anybody would take it
    for: more of it speaks for leaving (1), less of it does (-1), or either.
    """

    feature: str
    form: str
    speaks: int
    sentence: str


@dataclass(frozen=True)
class Reason:
    """Features that speak together: figures that can be told, and others.

    `unknown` is said where there is no figure, and speaks for leaving.
    """

    code: str
    figures: tuple[Figure, ...]
    others: str = ""
    unknown: str = ""

    @property
    def features(self) -> tuple[str, ...]:
        """All of them."""
        return (*(figure.feature for figure in self.figures), *self.others.split())


REASONS = (
    Reason(
        "overdue",
        (
            Figure("recency_days", "day", MORE_LEAVES, "Last bought {value} ago; usual is {peer}"),
            Figure(
                *("recency_over_median_gap", "ratio", MORE_LEAVES),
                "Has been away for {value} the usual time between their purchases; others for {peer}",
            ),
        ),
        "recency_over_long_gap recency_over_longest_gap recency_in_deviations probability_alive",
    ),
    Reason(
        "visits",
        (
            Figure("purchase_days_90d", "day", LESS_LEAVES, "Bought on {value} of the last 90; usual is {peer}"),
            Figure("purchase_days_30d", "day", LESS_LEAVES, "Bought on {value} of the last 30; usual is {peer}"),
            Figure("purchase_days_180d", "day", LESS_LEAVES, "Bought on {value} of the last 180; usual is {peer}"),
        ),
        "purchase_days_14d purchase_days_60d orders_30d orders_90d orders_180d purchase_days_decayed "
        "purchase_trend_30d purchase_trend_90d expected_purchase_rate",
    ),
    Reason(
        "history",
        (
            Figure("tenure_days", "day", LESS_LEAVES, "First bought {value} ago; usual is {peer}"),
            Figure("orders_total", "time", LESS_LEAVES, "Has ordered {value} so far; usual is {peer}"),
        ),
        "purchase_days_total purchase_rate",
    ),
    Reason(
        "rhythm",
        (
            Figure("median_gap_days", "day", MORE_LEAVES, "Usually buys again after {value}; others after {peer}"),
            Figure(
                *("long_gap_days", "day", MORE_LEAVES),
                "Buys again within {value} four times out of five; others within {peer}",
            ),
            Figure("longest_gap_days", "day", MORE_LEAVES, "Was away for {value} at the longest; usual is {peer}"),
        ),
        "mean_gap_days gap_deviation_days last_gap_days gap_before_days gap_variation",
        "Has bought on one day only",
    ),
    Reason(
        "spending",
        (
            Figure("net_revenue_90d", "money", LESS_LEAVES, "Spent {value} in the last 90 days; usual is {peer}"),
            Figure("net_sales_30d", "money", LESS_LEAVES, "Bought for {value} in the last 30 days; usual is {peer}"),
            Figure("net_revenue_total", "money", LESS_LEAVES, "Has spent {value} in all; usual is {peer}"),
        ),
        "net_sales_180d spend_share_30d spend_share_90d",
    ),
    Reason(
        "basket",
        (
            Figure("average_order_value", "money", LESS_LEAVES, "An order brings {value}; usual is {peer}"),
            Figure("lines_per_order", "line", LESS_LEAVES, "An order has {value}; usual is {peer}"),
            Figure(
                *("last_over_average_value", "percent", LESS_LEAVES),
                "The last purchase came to {value} of their average one; usual is {peer}",
            ),
        ),
        "order_value_trend_90d lines_per_order_90d",
    ),
    Reason(
        "discounts",
        (
            Figure("discount_share", "percent", EITHER, "Discounts took {value} off; usual is {peer}"),
            Figure(
                *("discount_share_90d", "percent", EITHER),
                "Discounts took {value} off in the last 90 days; usual is {peer}",
            ),
            Figure("full_price_share", "percent", EITHER, "Paid the full price for {value}; usual is {peer}"),
        ),
    ),
    Reason(
        "price",
        (
            Figure(
                *("price_rises_90d", "time", MORE_LEAVES),
                "Paid a sharply risen price {value} in 90 days; usual is {peer}",
            ),
        ),
    ),
    Reason(
        "stock_out",
        (
            Figure(
                *("stock_outs_90d", "time", MORE_LEAVES),
                "Missed a usual product {value} in 90 days; usual is {peer}",
            ),
        ),
    ),
    Reason(
        "product",
        (
            Figure("returns_90d", "time", MORE_LEAVES, "Brought something back {value} in 90 days; usual is {peer}"),
            Figure("faulty_products_90d", "time", MORE_LEAVES, "Got a bad product {value} in 90 days; usual is {peer}"),
            Figure("return_share", "percent", MORE_LEAVES, "Was paid back {value} of their money; usual is {peer}"),
        ),
        "returns_total",
    ),
    Reason(
        "service",
        (
            Figure("bad_service_90d", "time", MORE_LEAVES, "Was served badly {value} in 90 days; usual is {peer}"),
            Figure(
                *("support_contacts_90d", "time", MORE_LEAVES),
                "Turned to support {value} in 90 days; usual is {peer}",
            ),
        ),
        "questions_90d",
    ),
    Reason(
        "moved_channel",
        (
            Figure(
                *("channel_moves_90d", "time", MORE_LEAVES),
                "Changed shop for online or back {value} in 90 days; usual is {peer}",
            ),
        ),
    ),
    Reason(
        "offers",
        (
            Figure("redemptions_90d", "offer", LESS_LEAVES, "Used {value} in 90 days; usual is {peer}"),
            Figure("exposures_90d", "offer", EITHER, "Was sent {value} in 90 days; usual is {peer}"),
        ),
    ),
    Reason("points", (Figure("points_balance", "point", EITHER, "Has {value}; usual is {peer}"),)),
)
