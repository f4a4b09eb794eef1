"""The state a simulation goes on from, in the truth's folder."""

import json
import os
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path

import numpy as np

from datasets.simulated.parameters import Behaviour
from datasets.simulated.retailer import Retailer, open_retailer
from pipeline.errors import UsageError

STATE = "state.npz"
PARAMETERS = "parameters.json"
_STATE_FORMAT = 1
_PARTS = ("people", "identities", "shelf")


def save_state(folder: Path, retailer: Retailer) -> None:
    """Write what is needed to go on, in one file; parameters.json tells a person what it was made from."""
    made_from = {
        "seed": retailer.draws.seed,
        "first_day": retailer.first_day.isoformat(),
        "customers": retailer.customers,
        "days": retailer.days,
        "behaviour": asdict(retailer.behaviour),
    }
    goes_on = {
        "format": _STATE_FORMAT,
        "next_day": retailer.day,
        "counters": retailer.counters,
        "published_ids": retailer.published_ids,
    }
    part = folder / "state.part"
    with part.open("wb") as file:
        np.savez(file, words=np.array(json.dumps(made_from | goes_on)), **_save_arrays(retailer))
    (folder / PARAMETERS).write_text(json.dumps(made_from, indent=2) + "\n", encoding="utf-8")
    os.replace(part, folder / STATE)


def load_state(folder: Path) -> Retailer:
    """The retailer as it was left; UsageError when the folder holds none that can go on."""
    try:
        # allow_pickle=False: nothing that is loaded can run
        with np.load(folder / STATE, allow_pickle=False) as saved:
            arrays = {key: saved[key] for key in saved.files}
        words = json.loads(str(arrays.pop("words")))
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"{folder} holds no simulation that can go on ({error}); make one first with: "
            "python -m datasets simulated --landing DIR --truth DIR"
        ) from None
    names = {f.name for f in fields(Behaviour)}
    if words["format"] != _STATE_FORMAT or set(words["behaviour"]) != names:
        raise UsageError(f"{folder} was written by another version of the simulation; make a new one.")
    numbers = {key: tuple(value) if isinstance(value, list) else value for key, value in words["behaviour"].items()}
    first_day = date.fromisoformat(words["first_day"])
    retailer = open_retailer(words["seed"], first_day, words["customers"], words["days"], Behaviour(**numbers))
    _restore_arrays(retailer, arrays)
    retailer.day, retailer.counters = words["next_day"], words["counters"]
    retailer.published_ids = words["published_ids"]
    return retailer


def _save_arrays(retailer: Retailer) -> dict[str, np.ndarray]:
    """Everything that can't be made again from seed and parameters."""
    arrays = {}
    for part in _PARTS:
        value = getattr(retailer, part)
        arrays |= {f"{part}__{f.name}": getattr(value, f.name) for f in fields(value)}
    arrays |= {f"ledger__{name}": column for name, column in retailer.ledger.save().items()}
    return arrays | {"offered": retailer.offered, "baskets": retailer.baskets}


def _restore_arrays(retailer: Retailer, arrays: dict[str, np.ndarray]) -> None:
    for part in _PARTS:
        value = getattr(retailer, part)
        for f in fields(value):
            setattr(value, f.name, arrays[f"{part}__{f.name}"])
    prefix = "ledger__"
    retailer.ledger.restore({k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)})
    retailer.offered, retailer.baskets = arrays["offered"], arrays["baskets"]
