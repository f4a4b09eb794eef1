"""Dirt on purpose: violations of the landing contract, planted into a clean landing folder and written down one by one.

What the loader puts into quarantine afterwards must be what the ledger says, both ways.
"""

from datasets.dirt.plant import Planted, plant_dirt
from datasets.dirt.summary import render_planted

__all__ = ["Planted", "plant_dirt", "render_planted"]
