"""The small shop of the landing tests: who is who is told from what was loaded."""

from tests.pipeline.landing.conftest import shop

__all__ = ["shop"]
