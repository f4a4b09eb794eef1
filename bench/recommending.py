"""Top-10 lists by one package, as a process of its own: python bench/recommending.py STEP PACKAGE FOLDER [CUSTOMERS].

`fit` learns from FOLDER's purchases and saves the model there; `recommend` loads it, lists ten products for each of the
first CUSTOMERS, and writes what that took: loading and imports are not measured. It runs in the environment of the
package and imports nothing else of this project.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

LISTED = 10
_BATCH = 10_000  # customers given to implicit at a time: the factors' products of all would not fit in memory


def fit_rapport(folder: Path) -> None:
    """Rapport's own."""
    import joblib
    import pandas as pd

    from ml.recommend import NextBasket

    joblib.dump(NextBasket().fit(pd.read_parquet(folder / "orders.parquet")), folder / "rapport.joblib")


def load_rapport(folder: Path) -> Callable[[int], np.ndarray]:
    """Lists as positions of products, -1 where there are fewer than ten."""
    import joblib

    model = joblib.load(folder / "rapport.joblib")
    customers, as_of = model.history_.customers, np.datetime64(model.history_.last_day, "D")

    def recommend(count: int) -> np.ndarray:
        found = model.recommend(customers[:count], as_of, LISTED)
        return found["product_id"].to_numpy().reshape(count, LISTED)

    return recommend


def fit_implicit(folder: Path) -> None:
    """Alternating least squares as it comes: 100 factors, 15 rounds."""
    from implicit.als import AlternatingLeastSquares
    from scipy import sparse

    model = AlternatingLeastSquares(random_state=1)
    model.fit(sparse.load_npz(folder / "bought.npz"), show_progress=False)
    model.save(str(folder / "implicit.npz"))


def load_implicit(folder: Path) -> Callable[[int], np.ndarray]:
    """Lists as positions of products; what was bought before may come again."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy import sparse

    model, bought = AlternatingLeastSquares.load(str(folder / "implicit.npz")), sparse.load_npz(folder / "bought.npz")

    def recommend(count: int) -> np.ndarray:
        batches = [np.arange(start, min(start + _BATCH, count)) for start in range(0, count, _BATCH)]
        lists = [model.recommend(some, bought[some], N=LISTED, filter_already_liked_items=False)[0] for some in batches]
        return np.concatenate(lists)

    return recommend


FIT = {"rapport": fit_rapport, "implicit": fit_implicit}
LOAD = {"rapport": load_rapport, "implicit": load_implicit}


def main(step: str, package: str, folder: str, customers: str = "0") -> None:
    """Do one step; a recommendation's measures go to FOLDER/took.json."""
    if step == "fit":
        FIT[package](Path(folder))
        return
    recommend = LOAD[package](Path(folder))
    before, started = time.process_time(), time.perf_counter()
    lists = recommend(int(customers))
    took = {
        "cpu": time.process_time() - before,
        "wall": time.perf_counter() - started,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "lists": len(lists),
        "shortest": min(len(set(some)) for some in lists.tolist()),
    }
    (Path(folder) / "took.json").write_text(json.dumps(took))


if __name__ == "__main__":
    main(*sys.argv[1:])
