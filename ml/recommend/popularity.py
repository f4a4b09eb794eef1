"""What sells on a day: the shares of all sales in the days before, short and long."""

from dataclasses import dataclass

import numpy as np

from ml.recommend.history import History

WINDOWS_DAYS = (7, 28, 91)


@dataclass(frozen=True)
class Popularity:
    """One row for each of `days`, one column a product. `shares` are per mille of the lines of each window before the
    end of the day; `light_share` is that of the middle window with a line of an order of n products counted 1/n."""

    days: np.ndarray
    shares: tuple[np.ndarray, ...]
    light_share: np.ndarray

    def rate(self, orders: np.ndarray) -> np.ndarray:
        """What a stranger is offered: all windows together, so that the season counts and a quiet week does no harm.

        How many `orders` a product was ever in decides between those that nobody bought lately.
        """
        return np.mean(self.shares, axis=0) + np.float32(1e-7) * orders.astype(np.float32)


def find_popularity(history: History, days: np.ndarray) -> Popularity:
    """Popularity at the end of each of the days (distinct, rising), guests' purchases included."""
    counts = [np.zeros((len(days), len(history.products)), np.float32) for _ in WINDOWS_DAYS]
    light = np.zeros((len(days), len(history.products)), np.float32)
    for at, day in enumerate(days):
        end = np.searchsorted(history.sold_day, day, side="right")
        for window, count in zip(WINDOWS_DAYS, counts, strict=True):
            start = np.searchsorted(history.sold_day, day - window, side="right")
            products = history.sold_product[start:end]
            count[at] = np.bincount(products, minlength=count.shape[1])
            if window == WINDOWS_DAYS[1]:
                light[at] = np.bincount(products, history.sold_share[start:end], minlength=count.shape[1])
    return Popularity(days, tuple(_per_mille(count) for count in counts), _per_mille(light))


def _per_mille(count: np.ndarray) -> np.ndarray:
    return count * (1000 / np.maximum(count.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)
