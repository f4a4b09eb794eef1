"""What the models accept as a feature table."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.churn.features import FEATURES, FeatureError, keep_known, read_features


def test_a_missing_column_is_named(shop):
    with pytest.raises(FeatureError, match="lacks last_gap_days"):
        read_features(shop.drop(columns="last_gap_days"))


def test_a_missing_label_is_named(shop):
    with pytest.raises(FeatureError, match="has_lapsed_45d"):
        read_features(shop, ("has_lapsed_45d",))


def test_an_empty_table_is_refused(shop):
    with pytest.raises(FeatureError, match="no rows"):
        read_features(shop.head(0))


def test_a_customer_twice_on_one_date_is_refused(current):
    with pytest.raises(FeatureError, match="1 customers"):
        read_features(pd.concat([current, current.head(1)]))


def test_arrow_decimals_booleans_and_nulls_become_numbers(current):
    table = pa.Table.from_pandas(current.head(2), preserve_index=False)
    place = table.column_names.index("net_revenue_total")
    money = pa.array([Decimal("12.34"), None], pa.decimal128(18, 2))
    rows = read_features(table.set_column(place, "net_revenue_total", money))
    # Rows are sorted on reading, so the two values may have changed places.
    assert np.nansum(rows.column("net_revenue_total")) == pytest.approx(12.34)
    assert np.isnan(rows.column("net_revenue_total")).sum() == 1
    assert rows.features.shape == (2, len(FEATURES))
    assert np.isnan(rows.column("exposures_90d")).all()


def test_rows_after_the_run_are_left_out(shop):
    rows = keep_known(read_features(shop), date(2024, 11, 15))
    assert rows.as_of_on.max() == np.datetime64("2024-11-01")
