"""What may be recommended to whom: stock, merchandise, what was refused, and what is not needed again so soon."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.recommend.history import count_days


@dataclass(frozen=True)
class Limits:
    """What may be recommended. None means no limit of that kind.

    `in_stock` and `merchandise` are product ids; both must hold a product. `stocked` is a frame of product_id and the
    days available_from and available_until (empty: no end); a product that is named must be available on the day the
    customer is expected, one that isn't is not known to be missing. `refused` is a frame of customer_id and product_id,
    what a customer returned or complained of. `durables` are product ids nobody needs a second time soon. Nothing is
    repeated before `least_gone_share` of the time it lasts has gone by.
    """

    in_stock: Collection[str] | None = None
    merchandise: Collection[str] | None = None
    stocked: pd.DataFrame | None = None
    refused: pd.DataFrame | None = None
    durables: Collection[str] = field(default=())
    least_gone_share: float = 0.0


@dataclass(frozen=True)
class Bounds:
    """Limits as numbers. One element a product: `allowed`, `durable`, and the days from and until which it is in stock.
    `refused` holds customer and product as one number, customers by their place among those asked."""

    allowed: np.ndarray
    durable: np.ndarray
    in_stock_from: np.ndarray
    in_stock_until: np.ndarray
    refused: np.ndarray
    least_gone_share: float

    def permit(self, asked: np.ndarray, product: np.ndarray, day: np.ndarray, gone_share: np.ndarray) -> np.ndarray:
        """A mask of pairs that may be recommended on a day each; `gone_share` is infinite for what was never bought."""
        is_repeat = np.isfinite(gone_share)
        permitted = (self.in_stock_from[product] <= day) & (day <= self.in_stock_until[product])
        permitted &= ~(is_repeat & (self.durable[product] | (gone_share < self.least_gone_share)))
        if len(self.refused):
            permitted &= ~np.isin(asked * np.int64(len(self.allowed)) + product, self.refused)
        return permitted


def find_bounds(limits: Limits, asked: pd.Index, products: pd.Index) -> Bounds:
    """Limits for the customers asked and the products known."""
    allowed = np.ones(len(products), dtype=bool)
    for those in (limits.in_stock, limits.merchandise):
        if those is not None:
            allowed &= products.isin(those)
    start, end = np.full(len(products), -np.inf), np.full(len(products), np.inf)
    if limits.stocked is not None:
        place = products.get_indexer(limits.stocked["product_id"])
        known = place >= 0
        # without a first day it can't be had at all
        start[place[known]] = _count_days_or(limits.stocked["available_from"][known], np.inf)
        end[place[known]] = _count_days_or(limits.stocked["available_until"][known], np.inf)
    return Bounds(
        *(allowed, products.isin(limits.durables), start, end),
        *(_find_refused(asked, products, limits), limits.least_gone_share),
    )


def _count_days_or(days: pd.Series, otherwise: float) -> np.ndarray:
    counted = np.full(len(days), otherwise)
    is_given = days.notna().to_numpy()
    counted[is_given] = count_days(days[is_given].to_numpy())
    return counted


def _find_refused(asked: pd.Index, products: pd.Index, limits: Limits) -> np.ndarray:
    if limits.refused is None:
        return np.zeros(0, np.int64)
    customer = asked.get_indexer(limits.refused["customer_id"])
    product = products.get_indexer(limits.refused["product_id"])
    held = (customer >= 0) & (product >= 0)
    return customer[held] * np.int64(len(products)) + product[held]
