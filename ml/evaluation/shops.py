"""Purchase days of public and simulated customers, as the nights would know them."""

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.orders import READERS
from ml.evaluation.report import EvaluationError, say
from ml.purchase_days import PurchaseDays

# Simulated with a seed that no model was tuned on; the demo's is 1, and 2 was looked at while models were made.
_SIMULATED = {"customers": 6000, "days": 700, "seed": 5}
NAMES = (*READERS, "simulated")


def read_shop(name: str, data: Path) -> PurchaseDays:
    """The named shop's purchases; for the public ones what a purchase came to is not read."""
    if name == "simulated":
        return simulate_shop()[0]
    orders = READERS[name](data)
    orders = orders[orders["customer_id"].notna()].drop_duplicates("order_id")
    return _make_days(orders["customer_id"], orders["ordered_at"])


def simulate_shop() -> tuple[PurchaseDays, pd.DataFrame, date]:
    """A simulated retailer's purchases, its buyers with their truth in the order of their places, and its last day."""
    with tempfile.TemporaryDirectory() as folder:
        orders = _simulate(Path(folder))
        people = pd.read_parquet(Path(folder) / "truth" / "people.parquet").set_index("person_id")
    days = _make_days(orders["person_id"], orders["ordered_on"])
    buyers = people.loc[np.unique(orders["person_id"])]
    return days, buyers, pd.Timestamp(orders["ordered_on"].max()).date()


def simulate_lines() -> pd.DataFrame:
    """Lines of the same retailer's orders, as READERS give those of public shops; every person is a known customer."""
    with tempfile.TemporaryDirectory() as folder:
        orders = _simulate(Path(folder))
        files = sorted(Path(folder).glob("landing/sales/order_lines/*/*.parquet"))
        lines = pd.concat([pd.read_parquet(file, columns=["order_id", "product_id"]) for file in files])
    known = orders.assign(
        customer_id=orders["person_id"].astype("string"), ordered_at=pd.to_datetime(orders["ordered_on"])
    )
    lines = lines.merge(known[["customer_id", "order_id", "ordered_at"]], on="order_id")
    return lines.astype(dict.fromkeys(["order_id", "product_id"], "string")).reset_index(drop=True)


def _simulate(folder: Path) -> pd.DataFrame:
    """Land the retailer's drops and their truth in a folder; its orders that were not cancelled, by person."""
    truth = folder / "truth"
    say("simulating {customers:,} people over {days} days, seed {seed} …".format(**_SIMULATED))
    command = [sys.executable, "-m", "datasets", "simulated", "--landing", f"{folder}/landing", "--truth", truth]
    command += [part for name, value in _SIMULATED.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True)
    if done.returncode:
        raise EvaluationError(f"the simulation failed; run it by hand to see why: {' '.join(map(str, command))}")
    orders = pd.read_parquet(truth / "orders.parquet")
    return orders[~orders["is_cancelled"]]


def _make_days(customer: pd.Series, when: pd.Series) -> PurchaseDays:
    place = np.unique(customer, return_inverse=True)[1]
    day = pd.to_datetime(when).to_numpy().astype("datetime64[D]").astype(np.int64)
    rows = pd.DataFrame({"place": place, "day": day}).groupby(["place", "day"]).size().reset_index(name="orders")
    value = np.zeros(len(rows))
    return PurchaseDays.make(int(place.max()) + 1, (rows["place"], rows["day"], rows["orders"], value))
