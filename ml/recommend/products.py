"""What is known of each product from all customers: how readily, and after how long, it is bought again."""

from dataclasses import dataclass

import numpy as np

from ml.recommend.history import History

# Customers whose word counts for the average product's before a product speaks for itself.
_PRIOR_ORDERS, _PRIOR_BUYERS, _PRIOR_GAPS = 50, 5, 5
_UNKNOWN_GAP_DAYS = 30.0


@dataclass(frozen=True)
class Pairs:
    """One element for each customer and product bought, in this order; orders as numbered in the history."""

    customer: np.ndarray
    product: np.ndarray
    times: np.ndarray
    first_order: np.ndarray
    last_order: np.ndarray


@dataclass(frozen=True)
class ProductFacts:
    """One element a product: `orders` it was in; `again_per_order`, the chance that an order after the first purchase
    holds it again; `rebought_share` of its buyers who bought it twice or more; `gap_days`, how long it usually lasts.
    """

    orders: np.ndarray
    again_per_order: np.ndarray
    rebought_share: np.ndarray
    gap_days: np.ndarray


def find_pairs(history: History) -> Pairs:
    """Gather the lines of the history by customer and product."""
    by_product = np.argsort(history.customer * np.int64(len(history.products)) + history.product, kind="stable")
    customer, product, order = (values[by_product] for values in (history.customer, history.product, history.order))
    begin = np.flatnonzero((np.diff(customer, prepend=-1) != 0) | (np.diff(product, prepend=-1) != 0))
    end = np.append(begin[1:], len(order))[: len(begin)] - 1
    return Pairs(customer[begin], product[begin], end - begin + 1, order[begin], order[end])


def describe_products(history: History, pairs: Pairs) -> ProductFacts:
    """Shrunk towards the average product, so that one lucky buyer proves nothing."""

    def add_up(values: np.ndarray) -> np.ndarray:
        return np.bincount(pairs.product, weights=values, minlength=len(history.products))

    buyers, again = add_up(np.ones(len(pairs.times))), add_up(pairs.times - 1)
    chances = add_up(history.order_ends[pairs.customer] - 1 - pairs.first_order)
    loyal = add_up(pairs.times > 1)
    lasted = add_up(history.order_day[pairs.last_order] - history.order_day[pairs.first_order])
    usual_gap = lasted.sum() / again.sum() if lasted.sum() else _UNKNOWN_GAP_DAYS
    usual_again, usual_loyal = again.sum() / max(chances.sum(), 1), loyal.sum() / max(buyers.sum(), 1)
    return ProductFacts(
        orders=buyers + again,
        again_per_order=(again + usual_again * _PRIOR_ORDERS) / (chances + _PRIOR_ORDERS),
        rebought_share=(loyal + usual_loyal * _PRIOR_BUYERS) / (buyers + _PRIOR_BUYERS),
        gap_days=(lasted + usual_gap * _PRIOR_GAPS) / (again + _PRIOR_GAPS),
    )
