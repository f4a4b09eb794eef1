"""A small landing folder and a warehouse of its own for each test."""

from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.pipeline.landing.small_shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty landing folder and an empty home; drops are not blocked for bad rows unless a test says so."""
    settings = Settings(
        home=tmp_path / "home",
        landing=tmp_path / "landing",
        timezone="UTC",
        max_bad_share=1.0,
        keep_versions=7,
        offer_budget=None,
        control_share=0.1,
        memory="1GB",
        threads=2,
    )
    return Shop(settings)
