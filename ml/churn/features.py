"""What the churn models read from features.customer_features, as plain arrays in one fixed order."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

# Of any size, with long tails: a regression reads their logarithms.
COUNTS_AND_AMOUNTS = (
    "recency_days",
    "tenure_days",
    "orders_total",
    "purchase_days_total",
    "purchase_days_14d",
    "purchase_days_30d",
    "purchase_days_60d",
    "purchase_days_90d",
    "purchase_days_180d",
    "orders_30d",
    "orders_90d",
    "orders_180d",
    "purchase_days_decayed",
    "purchase_trend_30d",
    "purchase_trend_90d",
    "net_revenue_total",
    "net_sales_30d",
    "net_revenue_90d",
    "net_sales_180d",
    "average_order_value",
    "order_value_trend_90d",
    "last_over_average_value",
    "lines_per_order",
    "lines_per_order_90d",
    "median_gap_days",
    "mean_gap_days",
    "gap_deviation_days",
    "long_gap_days",
    "longest_gap_days",
    "last_gap_days",
    "gap_before_days",
    "gap_variation",
    "recency_over_median_gap",
    "recency_over_long_gap",
    "recency_over_longest_gap",
    "recency_in_deviations",
    "returns_total",
    "returns_90d",
    "exposures_90d",
    "redemptions_90d",
    "support_contacts_90d",
    "questions_90d",
    "points_balance",
    "bad_service_90d",
    "faulty_products_90d",
    "price_rises_90d",
    "stock_outs_90d",
    "channel_moves_90d",
)
SHARES = (
    "purchase_rate",
    "spend_share_30d",
    "spend_share_90d",
    "discount_share",
    "discount_share_90d",
    "full_price_share",
    "return_share",
)
FEATURES = COUNTS_AND_AMOUNTS + SHARES

IDENTITY = ("customer_id", "as_of_date")
STATE = ("is_churned", "days_to_dormancy")
DORMANCY_LABEL = "falls_dormant_in_window"


class FeatureError(ValueError):
    """The feature table is not what the models were promised."""


@dataclass(frozen=True)
class FeatureRows:
    """Rows of the feature table, sorted by as-of date and hash of the customer; every array has one entry per row."""

    customer_id: np.ndarray
    customer_hash: np.ndarray
    as_of_on: np.ndarray
    features: np.ndarray
    is_churned: np.ndarray
    days_to_dormancy: np.ndarray
    labels: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.customer_id)

    def take(self, rows: np.ndarray) -> "FeatureRows":
        """The given rows, by mask or by position."""
        return replace(
            self,
            customer_id=self.customer_id[rows],
            customer_hash=self.customer_hash[rows],
            as_of_on=self.as_of_on[rows],
            features=self.features[rows],
            is_churned=self.is_churned[rows],
            days_to_dormancy=self.days_to_dormancy[rows],
            labels={name: values[rows] for name, values in self.labels.items()},
        )

    def column(self, name: str) -> np.ndarray:
        """One feature by its name."""
        return self.features[:, FEATURES.index(name)]


def read_features(
    frame: pa.Table | pd.DataFrame, label_columns: tuple[str, ...] = (), may_be_empty: bool = False
) -> FeatureRows:
    """Take what the models need out of an Arrow table or a pandas frame; NULL becomes NaN.

    The rows are sorted, so that the order they came in changes nothing. A missing column, an empty table unless it may
    be empty, or a customer twice on one as-of date is a FeatureError.
    """
    wanted = (*IDENTITY, *STATE, *FEATURES, *label_columns)
    table = _select(frame, wanted)
    if table.num_rows == 0 and not may_be_empty:
        raise FeatureError("the feature table has no rows")
    customer_id, customer_hash = _customers(table)
    as_of_on = table["as_of_date"].cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    order = np.lexsort((customer_hash, as_of_on))
    rows = FeatureRows(
        customer_id=customer_id,
        customer_hash=customer_hash,
        as_of_on=as_of_on,
        features=np.column_stack([_numbers(table, name) for name in FEATURES]),
        is_churned=_numbers(table, "is_churned") == 1,
        days_to_dormancy=_numbers(table, "days_to_dormancy"),
        labels={name: _numbers(table, name) for name in label_columns},
    ).take(order)
    same = (rows.as_of_on[1:] == rows.as_of_on[:-1]) & (rows.customer_id[1:] == rows.customer_id[:-1])
    if same.any():
        raise FeatureError(f"{int(same.sum())} customers are in the feature table twice on the same as-of date")
    return rows


def keep_known(rows: FeatureRows, as_of: date) -> FeatureRows:
    """Only rows up to the as-of date of the run: a later row would be a look ahead."""
    return rows.take(rows.as_of_on <= np.datetime64(as_of, "D"))


def _select(frame: pa.Table | pd.DataFrame, wanted: tuple[str, ...]) -> pa.Table:
    present = frame.column_names if isinstance(frame, pa.Table) else list(frame.columns)
    missing = [name for name in wanted if name not in present]
    if missing:
        raise FeatureError(f"the feature table lacks {', '.join(missing)}")
    if isinstance(frame, pa.Table):
        return frame.select(list(wanted))
    return pa.Table.from_pandas(frame[list(wanted)], preserve_index=False)


def _customers(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    # Each id is made a Python string and hashed once, however many as-of dates it appears on.
    encoded = table["customer_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    if encoded.null_count:
        raise FeatureError(f"{encoded.null_count} rows of the feature table have no customer_id")
    ids = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    codes = encoded.indices.to_numpy()
    return ids[codes], pd.util.hash_array(ids, categorize=False)[codes]


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    column = table[name].cast(pa.float64())
    values = column.to_numpy(zero_copy_only=False).astype(np.float64, copy=True)
    values[~np.isfinite(values)] = np.nan
    return values
