"""Many slices of an array at once. It stands alone, so that who needs nothing else imports nothing else."""

import numpy as np


def expand(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The positions of many slices, one after the other."""
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
