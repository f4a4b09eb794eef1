"""Dirt on purpose: violations of the landing contract, planted into a clean landing folder and written down one by one.

What the loader puts into quarantine afterwards must be what the ledger says, both ways.
"""

from datasets.dirt.command import NAME, add_command, run_command
from datasets.dirt.plant import Planted, plant_dirt
from datasets.dirt.summary import render_planted

__all__ = ["NAME", "Planted", "add_command", "plant_dirt", "render_planted", "run_command"]
