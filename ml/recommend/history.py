"""What was bought, as numbers: customers, products and days instead of names and times, in one fixed order."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

COLUMNS = ("customer_id", "order_id", "ordered_at", "product_id")
EPOCH = pd.Timestamp("1970-01-01")


class OrdersError(ValueError):
    """Orders that nothing can be learnt from; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class History:
    """One element for each product of an order of a customer, ordered by customer, time of the order and product.

    `customer` and `product` are positions in `customers` and `products` (names in their order), `order` counts orders
    in the same order as the lines, `day` counts days since 1970. `sold_*` are the same lines by day, with those of
    guests: what the shop sells, whoever buys. `sold_share` is 1 / products of that order.
    """

    customers: pd.Index
    products: pd.Index
    customer: np.ndarray
    order: np.ndarray
    product: np.ndarray
    day: np.ndarray
    sold_product: np.ndarray
    sold_day: np.ndarray
    sold_share: np.ndarray

    @property
    def last_day(self) -> int:
        """The day of the last sale."""
        return int(self.sold_day[-1])

    @cached_property
    def line_starts(self) -> np.ndarray:
        """Where each customer's lines begin, and the end of all."""
        return np.searchsorted(self.customer, np.arange(len(self.customers) + 1))

    @cached_property
    def order_customer(self) -> np.ndarray:
        """The customer of each order."""
        return self.customer[self._order_starts]

    @cached_property
    def order_day(self) -> np.ndarray:
        """The day of each order."""
        return self.day[self._order_starts]

    @cached_property
    def order_share(self) -> np.ndarray:
        """1 / the number of products in each order."""
        return 1 / np.diff(np.append(self._order_starts, len(self.order)))

    @cached_property
    def orders_of(self) -> np.ndarray:
        """How many orders each customer has."""
        return np.diff(self.order_ends, prepend=0)

    @cached_property
    def first_day_of(self) -> np.ndarray:
        """The day of each customer's first line; infinite for those without any."""
        days = np.full(len(self.customers), np.inf)
        has_lines = np.diff(self.line_starts) > 0
        days[has_lines] = self.day[self.line_starts[:-1][has_lines]]
        return days

    @cached_property
    def order_ends(self) -> np.ndarray:
        """One past the last order of each customer."""
        return np.searchsorted(self.order_customer, np.arange(len(self.customers)), side="right")

    @cached_property
    def _order_starts(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.order, prepend=-1))

    def keep(self, lines: np.ndarray, last_day: int | None = None) -> "History":
        """Only those lines of customers (a mask); with a last day, also no sale after it. Names keep their numbers."""
        order = np.cumsum(np.diff(self.order[lines], prepend=-1) != 0) - 1
        sold = slice(None if last_day is None else np.searchsorted(self.sold_day, last_day, side="right"))
        return History(
            self.customers,
            self.products,
            self.customer[lines],
            order,
            self.product[lines],
            self.day[lines],
            self.sold_product[sold],
            self.sold_day[sold],
            self.sold_share[sold],
        )

    def until(self, last_day: int) -> "History":
        """What was known at the end of a day."""
        return self.keep(self.day <= last_day, last_day)

    def hold_out(self, customers: np.ndarray) -> tuple["History", "Orders"]:
        """Take the latest order of some customers away, as orders to be foretold from what remains."""
        is_target = np.zeros(len(self.order_customer), dtype=bool)
        is_target[self.order_ends[customers] - 1] = True
        lines = is_target[self.order]
        targets = Orders(
            self.order_customer[is_target], self.order_day[is_target], self.customer[lines], self.product[lines]
        )
        return self.keep(~lines), targets


@dataclass(frozen=True)
class Orders:
    """Orders to be foretold, one a customer: whose and when, and their lines."""

    customer: np.ndarray
    day: np.ndarray
    line_customer: np.ndarray
    line_product: np.ndarray


def read_history(orders: pd.DataFrame) -> History:
    """Read a frame of lines; a product counts once an order. An empty customer_id is a guest: sales, no customer."""
    missing = [name for name in COLUMNS if name not in orders.columns]
    if missing:
        raise OrdersError(f"orders have no column {missing[0]}; needed are {', '.join(COLUMNS)}")
    lines = orders[[*COLUMNS]]
    empty = [name for name in COLUMNS[1:] if lines[name].isna().any()]
    if empty:
        raise OrdersError(f"orders have lines without {empty[0]}; leave those lines out")
    if not len(lines):
        raise OrdersError("orders hold no line; nothing can be recommended from nothing")
    customer, customers = _number(lines["customer_id"])
    product, products = _number(lines["product_id"])
    order = _number(lines["order_id"])[0]
    moment = count_seconds(lines["ordered_at"])
    by_order = np.lexsort((product, order, customer))
    customer, order, product, moment = (values[by_order] for values in (customer, order, product, moment))
    # an order is as old as its first line; a product stands in it once
    is_start = (np.diff(customer, prepend=-2) != 0) | (np.diff(order, prepend=-1) != 0)
    number = np.cumsum(is_start) - 1
    moment = np.minimum.reduceat(moment, np.flatnonzero(is_start))[number]
    once = (np.diff(number, prepend=-1) != 0) | (np.diff(product, prepend=-1) != 0)
    customer, number, product, moment = (values[once] for values in (customer, number, product, moment))
    share = 1 / np.bincount(number)[number]
    by_time = np.lexsort((product, number, moment, customer))
    customer, number, product, moment, share = (
        values[by_time] for values in (customer, number, product, moment, share)
    )
    day = (moment // 86400).astype(np.int32)
    by_day = np.lexsort((number, product, day))
    known = customer >= 0
    return History(
        pd.Index(customers),
        pd.Index(products),
        customer[known].astype(np.int32),
        np.cumsum(np.diff(number[known], prepend=-1) != 0) - 1,
        product[known].astype(np.int32),
        day[known],
        product[by_day].astype(np.int32),
        day[by_day],
        share[by_day].astype(np.float32),
    )


def _number(ids: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Each id as its place among all of them, in their own order; -1 where there is none."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype(ids.cat.categories.dtype)  # whose order may be another
    return pd.factorize(ids, sort=True)


def count_seconds(moments: pd.Series) -> np.ndarray:
    """Whole seconds since 1970."""
    return ((pd.to_datetime(moments) - EPOCH) // pd.Timedelta(seconds=1)).to_numpy(np.int64)


def count_days(as_of: object) -> np.ndarray:
    """Days since 1970 of one date or of many."""
    days = pd.to_datetime(pd.Series(np.atleast_1d(np.asarray(as_of, dtype=object))))
    return (count_seconds(days) // 86400).astype(np.int64)
