"""Why the model thinks of a customer as it does: its log-odds as a sum, the three largest parts of it told in words.

Features that say nearly the same are one reason, for which the most telling of them speaks. What a part adds is counted
from an average customer, and so a value is set beside the median of all customers who have not left.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import logit

from ml.churn.features import FeatureRows
from ml.churn.fit import MODEL_FEATURES, FittedModel, FittedRule
from ml.params import ChurnParams

MOST_REASONS = 3
REASON_COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("rank", pa.int64()),
        ("reason_code", pa.string()),
        ("direction", pa.string()),
        ("contribution", pa.float64()),
        ("value", pa.float64()),
        ("peer_value", pa.float64()),
        ("sentence", pa.string()),
    ]
)
DIRECTIONS = ("lowers", "raises")
_SAYS = pa.array(["That speaks for staying.", "That speaks for leaving."])


@dataclass(frozen=True)
class Reason:
    """Features that speak together. `speaks` is the one shown: as money, percent, or a number of what `form` names."""

    code: str
    speaks: str
    form: str
    sentence: str
    others: str = ""
    unknown: str = "Too little is known to say more"

    @property
    def features(self) -> tuple[str, ...]:
        """All of them."""
        return (self.speaks, *self.others.split())


# In a sentence {value} is the customer's and {peer} that of their peers.
REASONS = (
    Reason(
        *("overdue", "recency_days", "day", "Last bought {value} ago; usual is {peer}"),
        "recency_over_median_gap recency_over_long_gap recency_over_longest_gap recency_in_deviations "
        "probability_alive",
    ),
    Reason(
        *("visits", "purchase_days_90d", "day", "Bought on {value} of the last 90; usual is {peer}"),
        "purchase_days_14d purchase_days_30d purchase_days_60d purchase_days_180d orders_30d orders_90d orders_180d "
        "purchase_days_decayed purchase_trend_30d purchase_trend_90d expected_purchase_rate",
    ),
    Reason(
        *("history", "tenure_days", "day", "First bought {value} ago; usual is {peer}"),
        "orders_total purchase_days_total purchase_rate",
    ),
    Reason(
        *("rhythm", "median_gap_days", "day", "Usually buys again after {value}; usual is {peer}"),
        "mean_gap_days gap_deviation_days long_gap_days longest_gap_days last_gap_days gap_before_days gap_variation",
        "Has bought on one day only",
    ),
    Reason(
        *("spending", "net_revenue_90d", "money", "Spent {value} in the last 90 days; usual is {peer}"),
        "net_revenue_total net_sales_30d net_sales_180d spend_share_30d spend_share_90d",
    ),
    Reason(
        *("basket", "average_order_value", "money", "An order brings {value}; usual is {peer}"),
        "order_value_trend_90d last_over_average_value lines_per_order lines_per_order_90d",
    ),
    Reason(
        *("discounts", "discount_share", "percent", "Discounts took {value} off; usual is {peer}"),
        "discount_share_90d full_price_share",
    ),
    Reason("price", "price_rises_90d", "time", "Paid a sharply risen price {value} in 90 days; usual is {peer}"),
    Reason("stock_out", "stock_outs_90d", "time", "Missed a usual product {value} in 90 days; usual is {peer}"),
    Reason(
        *("product", "returns_90d", "time", "Brought something back {value} in 90 days; usual is {peer}"),
        "returns_total return_share faulty_products_90d",
    ),
    Reason(
        *("service", "support_contacts_90d", "time", "Turned to support {value} in 90 days; usual is {peer}"),
        "questions_90d bad_service_90d",
    ),
    Reason("moved_channel", "channel_moves_90d", "time", "Changed shop for online or back {value}; usual is {peer}"),
    Reason(
        *("offers", "exposures_90d", "offer", "Was sent {value} in 90 days; usual is {peer}"),
        "redemptions_90d",
    ),
    Reason("points", "points_balance", "point", "Has {value}; usual is {peer}"),
)
_GROUP_OF = {feature: place for place, reason in enumerate(REASONS) for feature in reason.features}


def explain(predictor: FittedModel | FittedRule, rows: FeatureRows, params: ChurnParams) -> tuple[float, np.ndarray]:
    """The base, and what each of REASONS adds to it for each row, (rows, reasons): together the log-odds.

    A naive rule has one reason: how long the customer has been away.
    """
    if isinstance(predictor, FittedRule):
        odds = logit(predictor.predict(rows, params))
        added = np.zeros((len(rows), len(REASONS)))
        added[:, 0] = odds - odds.mean()
        return float(odds.mean()), added
    group_of = np.array([_GROUP_OF[MODEL_FEATURES[column]] for column in predictor.columns])
    step = params.score_chunk_rows
    parts = [
        predictor.blend.contribute(predictor.read(rows.take(slice(start, start + step))), group_of, len(REASONS))
        for start in range(0, len(rows), step)
    ]
    return parts[0][0], np.concatenate([added for _, added in parts])


def tell_reasons(predictor: FittedModel | FittedRule, rows: FeatureRows, params: ChurnParams) -> pa.Table:
    """The largest parts of each customer's log-odds, at most three, sorted by customer and rank; one row each.

    Columns are REASON_COLUMNS; `direction` is raises or lowers, `contribution` in log-odds, exact to 9 digits.
    """
    _, added = explain(predictor, rows, params)
    added = np.round(added, 9)
    values = np.column_stack([rows.column(reason.speaks) for reason in REASONS])
    staying = ~rows.is_churned
    peers = np.broadcast_to(_find_medians(values[staying] if staying.any() else values), values.shape)
    largest = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :MOST_REASONS]
    is_told = np.take_along_axis(added, largest, axis=1) != 0
    is_told[:, 0] = True  # even an average customer has a reason
    customer, rank = np.nonzero(is_told)
    group = largest[customer, rank]
    part, value, peer = (matrix[customer, group] for matrix in (added, values, peers))
    columns = [
        rows.customer_id[customer],
        rank + 1,
        np.array([reason.code for reason in REASONS])[group],
        np.array(DIRECTIONS)[(part > 0).astype(int)],
        part,
        *(pa.array(numbers, pa.float64(), from_pandas=True) for numbers in (value, peer)),
        _write_sentences(group, part, value, peer),
    ]
    return pa.table(columns, schema=REASON_COLUMNS).sort_by([("customer_id", "ascending"), ("rank", "ascending")])


def _find_medians(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    columns = [column[mask] for column, mask in zip(values.T, known.T, strict=True)]
    return np.array([np.median(column) if len(column) else np.nan for column in columns])


def _write_sentences(group: np.ndarray, part: np.ndarray, value: np.ndarray, peer: np.ndarray) -> pa.Array:
    """A sentence for each row, written reason by reason."""
    written, places = [], []
    for number, reason in enumerate(REASONS):
        chosen = np.flatnonzero(group == number)
        if len(chosen):
            verdict = _SAYS.take(pa.array((part[chosen] > 0).astype(int)))
            written.append(_fill(reason, value[chosen], peer[chosen], verdict))
            places.append(chosen)
    if not written:
        return pa.array([], pa.string())
    return pa.concat_arrays(written).take(pa.array(np.argsort(np.concatenate(places), kind="stable")))


def _fill(reason: Reason, value: np.ndarray, peer: np.ndarray, verdict: pa.Array) -> pa.Array:
    before, after = reason.sentence.split("{value}")
    middle, end = after.split("{peer}")
    told = pc.binary_join_element_wise(
        before, _write_numbers(value, reason.form), middle, _write_numbers(peer, reason.form), end + ".", ""
    )
    return pc.binary_join_element_wise(pc.fill_null(told, f"{reason.unknown}."), verdict, " ")


def _write_numbers(numbers: np.ndarray, form: str) -> pa.Array:
    """Numbers as one says them, NULL where there is none."""
    missing = pa.array(np.isnan(numbers))
    numbers = np.nan_to_num(numbers)
    if form == "money":
        cents = np.round(np.abs(numbers) * 100).astype(np.int64)
        sign = pa.array(np.where(numbers * 100 <= -0.5, "-", ""), pa.string())
        units = pc.binary_join_element_wise(sign, pa.array(cents // 100).cast(pa.string()), "")
        written = pc.binary_join_element_wise(units, pc.utf8_lpad(pa.array(cents % 100).cast(pa.string()), 2, "0"), ".")
    elif form == "percent":
        whole = pa.array(np.round(numbers * 100).astype(np.int64)).cast(pa.string())
        written = pc.binary_join_element_wise(whole, "%", " ")
    else:
        whole = np.round(numbers).astype(np.int64)
        noun = pa.array(np.where(whole == 1, form, f"{form}s"), pa.string())
        written = pc.binary_join_element_wise(pa.array(whole).cast(pa.string()), noun, " ")
    return pc.if_else(missing, pa.scalar(None, pa.string()), written)
