"""A shop small enough to reason about, and the knobs that go with it."""

from dataclasses import replace

import pandas as pd
import pytest

from ml.params import load_params


def make_orders(*orders):
    """Lines of orders given as (customer, day, products); the order's id tells both."""
    lines = [
        (customer, f"{customer}-{day}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=day, hours=10), product)
        for customer, day, products in orders
        for product in products.split()
    ]
    return pd.DataFrame(lines, columns=["customer_id", "order_id", "ordered_at", "product_id"])


@pytest.fixture(name="shop")
def _shop():
    """Anna buys milk every week and bought a kettle once; Ben and Cleo buy coffee with filters; a guest buys bread."""
    return make_orders(
        *(("anna", day, "milk bread") for day in range(0, 70, 7)),
        ("anna", 70, "milk kettle"),
        *(("ben", day, "coffee filter") for day in range(0, 60, 20)),
        *(("cleo", day, "coffee filter sugar") for day in range(0, 60, 20)),
        *(("dora", day, "coffee milk") for day in range(0, 60, 20)),
        *((None, day, "bread rolls") for day in range(60, 71)),
    )


@pytest.fixture(name="params")
def _params():
    """As shipped, but products with a single common buyer are near, for there are few customers here."""
    return replace(load_params().recommend, neighbour_buyers=1)


@pytest.fixture(name="town")
def _town():
    """Eighty customers with six orders each, two staples of four a customer: enough to learn weights from."""
    products = ["apples", "bread", "cheese", "dates", "eggs", "figs", "grapes", "ham"]
    orders = []
    for number in range(80):
        staples = [products[number % 8], products[(number * 3 + 1) % 8]]
        for place in range(6):
            extra = products[(number * 5 + place * 7) % 8]
            orders.append((f"c{number:02}", number % 5 + place * 9, " ".join({*staples, extra})))
    return make_orders(*orders)
