"""A simulation to look at, made once: large enough to measure what was planted, small enough for seconds."""

import pytest

from datasets.simulated import simulate
from tests.datasets.simulated.simulation import Simulation, make_settings, open_simulation


@pytest.fixture(scope="session")
def simulation(tmp_path_factory) -> Simulation:
    home = tmp_path_factory.mktemp("simulated")
    settings = make_settings(home)
    result = simulate(settings, settings.landing, home / "truth", customers=4000, days=330, seed=5)
    return open_simulation(settings, result)
