"""One fit of BG/NBD by one package, as a process of its own: python bench/fitting.py PACKAGE HISTORIES RESULT.

It runs in the environment of that package and imports nothing else of this project. Imports and reading are not
measured.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


def prepare_rapport(columns: Columns) -> Callable[[], dict[str, float]]:
    """Rapport's own."""
    from ml.lifetime import BetaGeometricNBD

    model = BetaGeometricNBD()
    return lambda: model.fit(*columns).params_


def prepare_lifetimes(columns: Columns) -> Callable[[], dict[str, float]]:
    """The package lifetimes."""
    from lifetimes import BetaGeoFitter

    model = BetaGeoFitter()
    return lambda: dict(model.fit(*columns).params_)


def prepare_pymc_marketing(columns: Columns) -> Callable[[], dict[str, float]]:
    """The package pymc-marketing; with flat priors the most likely parameters are those of maximum likelihood."""
    import pandas as pd
    from pymc_extras.prior import Prior
    from pymc_marketing.clv import BetaGeoModel

    names = ("r", "alpha", "a", "b")
    data = pd.DataFrame(dict(zip(("frequency", "recency", "T"), columns, strict=True)))
    data.insert(0, "customer_id", np.arange(len(data)))
    model = BetaGeoModel(data=data, model_config={name: Prior("HalfFlat") for name in names})

    def fit() -> dict[str, float]:
        model.fit(method="map")
        return {name: float(model.idata.posterior[name].mean()) for name in names}

    return fit


PREPARE = {"rapport": prepare_rapport, "lifetimes": prepare_lifetimes, "pymc-marketing": prepare_pymc_marketing}


def count_cpu_seconds() -> float:
    """Of this process and of those it started, compilers among them."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(package: str, histories: str, result: str) -> None:
    """Fit once and write the parameters and what it took."""
    with np.load(histories) as saved:
        columns = tuple(saved[name] for name in ("frequency", "recency", "age"))
    fit = PREPARE[package](columns)
    started_cpu, started = count_cpu_seconds(), time.perf_counter()
    parameters = fit()
    took = {"cpu": count_cpu_seconds() - started_cpu, "wall": time.perf_counter() - started}
    took["peak_memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with open(result, "w") as file:
        json.dump({"parameters": {name: float(value) for name, value in parameters.items()}, **took}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
