"""Chance that depends on nothing but the seed, a stream's name and the keys of what is drawn for.

There is no generator with a state: the draw for (person 17, day 203) is the same whoever asks, in whatever order,
chunk or process. That is what makes a simulation the same on any machine, and lets it go on a year later.
The mixer is SplitMix64's (Steele, Lea and Flood 2014).
"""

from functools import cache
from hashlib import blake2b

import numpy as np
from scipy.special import gammaincinv, ndtri

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MOST_EVENTS = 40


class Draws:
    """Draws for arrays of keys; keys broadcast against each other as numpy arrays do."""

    def __init__(self, seed: int):
        self.seed = seed

    def uniform(self, stream: str, *keys) -> np.ndarray:
        """Above 0 and below 1; one key that is no array gives an array of one."""
        mixed = np.array([_start_stream(self.seed, stream)], dtype=np.uint64)
        for key in keys:
            mixed = _mix(mixed + np.asarray(key).astype(np.uint64) * _STEP)
        mixed >>= np.uint64(12)
        return (mixed + 0.5) * 2.0**-52

    def between(self, stream: str, limits: tuple[float, float], *keys) -> np.ndarray:
        """Even between two limits."""
        return limits[0] + (limits[1] - limits[0]) * self.uniform(stream, *keys)

    def whole(self, stream: str, count: int, *keys) -> np.ndarray:
        """A whole number from 0 up to, not including, `count`."""
        return (self.uniform(stream, *keys) * count).astype(np.int64)

    def normal(self, stream: str, *keys) -> np.ndarray:
        """Mean 0, spread 1."""
        return ndtri(self.uniform(stream, *keys))

    def waiting(self, stream: str, *keys) -> np.ndarray:
        """Exponential with mean 1."""
        return -np.log(self.uniform(stream, *keys))

    def gamma(self, stream: str, shape: float, *keys) -> np.ndarray:
        """Gamma with mean 1."""
        return gammaincinv(shape, self.uniform(stream, *keys)) / shape

    def count(self, stream: str, mean, *keys) -> np.ndarray:
        """Poisson-distributed counts."""
        left = self.uniform(stream, *keys)
        mean = np.broadcast_to(np.asarray(mean, dtype=float), left.shape)
        chance = np.exp(-mean)
        counts = np.zeros(left.shape, dtype=np.int64)
        beyond = chance.copy()
        for number in range(1, _MOST_EVENTS):
            more = left > beyond
            if not more.any():
                break
            counts += more
            chance = chance * mean / number
            beyond += chance
        return counts


@cache
def _start_stream(seed: int, stream: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest(), "little")


def _mix(mixed: np.ndarray) -> np.ndarray:
    mixed ^= mixed >> np.uint64(30)
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    return mixed
