"""The best few of each row, the same whatever the order of the rows or the size of the batch."""

import numpy as np
from scipy import sparse

from ml.slices import expand

_LARGEST = np.int64(0x7FFFFFFF)


def pick_best(matrix: sparse.csr_array, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of the largest positive values of each row, largest first; of equals, the lower column.

    Both are of shape (rows, count); where a row holds fewer, the column is -1 and the value 0.
    """
    lengths = np.diff(matrix.indptr)
    keys = np.full((len(lengths), count), -1, dtype=np.int64)
    # rows of about the same length together, so that little is filled up
    size = np.ceil(np.log2(np.maximum(lengths, max(count, 2)))).astype(int)
    for one_size in np.unique(size):
        rows = np.flatnonzero(size == one_size)
        keys[rows] = _find_largest(_make_keys(matrix, rows, lengths[rows], count), count)
    values = (np.maximum(keys, 0) >> 32).astype(np.int32).view(np.float32)
    return np.where(values > 0, _LARGEST - (keys & 0xFFFFFFFF), -1), values


def _make_keys(matrix: sparse.csr_array, rows: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    """Value and column as one number, without equals; below 0, and different too, where a row holds no more."""
    width = max(int(lengths.max()), count)
    element = expand(matrix.indptr[rows], lengths)
    row = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    # the bits of a positive float are in the order of the floats
    bits = np.maximum(matrix.data[element], 0).astype(np.float32).view(np.int32).astype(np.int64)
    keys = np.tile(np.arange(-width, 0), (len(rows), 1))
    keys[row, place] = (bits << 32) | (_LARGEST - matrix.indices[element])
    return keys


def _find_largest(keys: np.ndarray, count: int) -> np.ndarray:
    if keys.shape[1] > count:
        keys = np.partition(keys, keys.shape[1] - count, axis=1)[:, -count:]
    return np.sort(keys, axis=1)[:, ::-1]
