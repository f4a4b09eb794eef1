"""Public purchase records, and what each customer had done by a cutoff and did after it.

CDNOW as the papers use it: same-day purchases merged, a calibration period and 39 weeks after it (Fader, Hardie and Lee
2005, "'Counting Your Customers' the Easy Way", Marketing Science 24(2)). The files are described in
datasets/data/README.md.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.report import EvaluationError

SAMPLE, WHOLE, RETAIL = "CDNOW_sample.txt", "CDNOW_master.txt.gz", "online_retail.parquet"
CALIBRATION_ENDS = date(1997, 9, 30)
HOLDOUT_WEEKS = 39

_COLUMNS = {
    SAMPLE: ("master_id", "customer_id", "day", "cds", "spend"),
    WHOLE: ("customer_id", "day", "cds", "spend"),
}
_HEADER_LINES = {SAMPLE: 0, WHOLE: 1}


@dataclass(frozen=True)
class Cohort:
    """What customers had done by the cutoff and did in the weeks after it; arrays with a value per customer.

    Times are weeks: `recency` from the first to the last purchase before the cutoff, `age` from the first purchase to
    the cutoff. `frequency` counts repeat purchase days, `mean_value` is the mean spend of those days (0 without any),
    `first_value` that of the first day.
    """

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    mean_value: np.ndarray
    first_value: np.ndarray
    purchases_after: np.ndarray
    spend_after: np.ndarray
    weeks_after: float

    def __len__(self) -> int:
        """How many customers."""
        return len(self.frequency)

    @property
    def histories(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What lifetime models are fitted on."""
        return self.frequency, self.recency, self.age


def read_cdnow(folder: Path, name: str) -> pd.DataFrame:
    """One row per customer and day with a purchase (customer_id, day, spend), in that order."""
    path = folder / name
    try:
        rows = pd.read_csv(
            path, sep=r"\s+", names=_COLUMNS[name], skiprows=_HEADER_LINES[name], dtype={"customer_id": str, "day": str}
        )
    except OSError as error:
        raise EvaluationError(f"{path} can't be read ({error.strerror}); --data takes the folder it is in") from None
    return _merge_days(rows["customer_id"], pd.to_datetime(rows["day"], format="%Y%m%d"), rows["spend"])


def read_online_retail(folder: Path) -> pd.DataFrame:
    """The same of the gift shop's invoices to known customers, cancellations left out."""
    path = folder / RETAIL
    try:
        lines = pd.read_parquet(path)
    except OSError as error:
        raise EvaluationError(f"{path} can't be read ({error.strerror}); --data takes the folder it is in") from None
    lines = lines[lines["CustomerID"].notna() & ~lines["InvoiceNo"].str.startswith("C")]
    spend = lines["Quantity"] * lines["UnitPrice"]
    return _merge_days(lines["CustomerID"], lines["InvoiceDate"].dt.normalize(), spend)


def _merge_days(customer_id: pd.Series, day: pd.Series, spend: pd.Series) -> pd.DataFrame:
    rows = pd.DataFrame({"customer_id": customer_id, "day": day, "spend": spend})
    return rows.groupby(["customer_id", "day"], as_index=False)["spend"].sum()


def split_at(purchases: pd.DataFrame, cutoff: date, weeks: float) -> Cohort:
    """Customers first seen by the cutoff (inclusive), and the weeks that follow it."""
    end = pd.Timestamp(cutoff)
    last_day = end + pd.Timedelta(days=round(7 * weeks))
    before = purchases[purchases["day"] <= end]
    after = purchases[(purchases["day"] > end) & (purchases["day"] <= last_day)]
    customers = before.groupby("customer_id")
    days = customers["day"].agg(["min", "max", "size"])
    frequency = days["size"].to_numpy() - 1
    first_value = customers["spend"].first().to_numpy()
    repeat_spend = customers["spend"].sum().to_numpy() - first_value
    following = after.groupby("customer_id")["spend"].agg(["size", "sum"]).reindex(days.index, fill_value=0)
    return Cohort(
        frequency=frequency.astype(float),
        recency=(days["max"] - days["min"]).dt.days.to_numpy() / 7,
        age=(end - days["min"]).dt.days.to_numpy() / 7,
        mean_value=np.where(frequency > 0, repeat_spend, 0.0) / np.maximum(frequency, 1),
        first_value=first_value,
        purchases_after=following["size"].to_numpy(dtype=float),
        spend_after=following["sum"].to_numpy(dtype=float),
        weeks_after=weeks,
    )
