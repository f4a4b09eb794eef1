"""A small landing folder and a warehouse of its own for each test."""

from pathlib import Path

import pytest

from tests.pipeline.landing.small_shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty landing folder and an empty home."""
    return make_shop(tmp_path)
