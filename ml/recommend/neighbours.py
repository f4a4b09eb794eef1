"""Which products the same customers buy: cosine similarity between products, the nearest few of each."""

import numpy as np
from scipy import sparse

from ml.params import RecommendParams
from ml.recommend.best import pick_best
from ml.recommend.products import Pairs

_ROWS = 500


def find_neighbours(pairs: Pairs, shape: tuple[int, int], params: RecommendParams) -> sparse.csr_array:
    """A matrix of products by products: the nearest `neighbours` of each, by customers in common.

    `shape` is customers by products. Cosine of the products' buyers, where a customer who bought n products counts 1/√n
    for each, so that those who buy everything say little (Deshpande and Karypis 2004). Products with fewer than
    `neighbour_buyers` buyers have none; of a customer the `neighbour_products` bought last are read, to bound the work.
    """
    customer, product = _find_latest(pairs, params.neighbour_products)
    buyers = np.bincount(product, minlength=shape[1])
    enough = buyers[product] >= params.neighbour_buyers
    customer, product = customer[enough], product[enough]
    weight = np.sqrt(1 / np.bincount(customer, minlength=shape[0])[customer]).astype(np.float32)
    bought = sparse.csr_array((weight, (customer, product)), shape=shape)
    length = np.sqrt(np.bincount(product, weights=weight**2, minlength=shape[1]))
    bought.data /= length[bought.indices]
    bought_by = bought.T.tocsr()
    blocks = [_keep_nearest(bought_by, bought, start, params.neighbours) for start in range(0, shape[1], _ROWS)]
    return sparse.vstack(blocks, format="csr")


def _keep_nearest(bought_by: sparse.csr_array, bought: sparse.csr_array, start: int, count: int) -> sparse.csr_array:
    near = (bought_by[start : start + _ROWS] @ bought).tocsr()
    row = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    near.data[near.indices == row + start] = 0
    columns, values = pick_best(near, count)
    held = columns >= 0
    rows = np.nonzero(held)[0]
    return sparse.csr_array((values[held], (rows, columns[held])), shape=near.shape)


def _find_latest(pairs: Pairs, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Each customer's products, at most so many, the ones bought last."""
    if np.bincount(pairs.customer).max(initial=0) <= most:
        return pairs.customer, pairs.product
    latest_first = np.lexsort((pairs.product, -pairs.last_order, pairs.customer))
    customer, product = pairs.customer[latest_first], pairs.product[latest_first]
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    return customer[place < most], product[place < most]
