"""Averages over distributions by Gauss quadrature: positive terms only, so that nothing cancels or overflows."""

from collections.abc import Callable
from functools import cache

import numpy as np

# Integrands here are smooth; the tests compare with adaptive integration to nine digits.
NODES = 32


@cache
def find_legendre_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss-Legendre quadrature on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2


def find_beta_nodes(first: float, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights, one row per element of `second`, that average over a beta(first, second) distribution.

    These are Gauss-Jacobi nodes by Golub and Welsch (1969), Calculation of Gauss Quadrature Rules, Mathematics of
    Computation 23(106). Weights are squared components of eigenvectors and sum to one, however large the parameters.
    """
    low, high = first - 1, np.asarray(second, dtype=float) - 1
    total = (low + high)[:, None]
    step = np.arange(NODES)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (low**2 - high[:, None] ** 2) / ((2 * step + total) * (2 * step + total + 2))
        width = 4 * step * (step + low) * (step + high[:, None]) * (step + total)
        width /= (2 * step + total) ** 2 * (2 * step + total + 1) * (2 * step + total - 1)
    middle[:, 0] = (low - high) / (low + high + 2)
    width[:, 1] = 4 * (1 + low) * (1 + high) / ((2 + low + high) ** 2 * (3 + low + high))
    matrix = np.zeros((len(high), NODES, NODES))
    matrix[:, step, step] = middle
    matrix[:, step[1:], step[:-1]] = np.sqrt(width[:, 1:])
    nodes, vectors = np.linalg.eigh(matrix)  # which reads the lower triangle
    return np.clip((1 + nodes) / 2, 1e-300, 1), vectors[:, 0, :] ** 2


def average_over_beta(
    function: Callable[[np.ndarray, slice], np.ndarray], first: float, second: np.ndarray, block: int = 20_000
) -> np.ndarray:
    """The mean of function(p, rows) for p from beta(first, second), for each element of `second`.

    The function gets probabilities with a row for each element of `second` in `rows`, and answers in their shape.
    """
    distinct, place = np.unique(second, return_inverse=True)
    nodes, weights = find_beta_nodes(first, distinct)
    means = np.empty(len(second))
    for start in range(0, len(second), block):
        rows = slice(start, start + block)
        means[rows] = np.einsum("ij,ij->i", function(nodes[place[rows]], rows), weights[place[rows]])
    return means
