"""Basket rules and steps up against a simulated retailer whose truth is known.

The truth is held against what the stages of a night wrote, which no model may read: the bench does that, in a process
of its own.
"""

import subprocess
import sys
from pathlib import Path

from ml.evaluation.report import EvaluationError, say
from ml.params import Params

TITLE = "planted associations found, false rules, and steps up beside a price-only rule"

_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = (sys.executable, "-m", "bench", "planted")


def run(params: Params, data: Path) -> str:
    """Markdown: how many planted associations are found, how many rules are false, and how steps up are taken."""
    say("simulating a retailer, and mining its baskets …")
    done = subprocess.run(_COMMAND, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it said nothing"]
        raise EvaluationError(f"{' '.join(_COMMAND[1:])} failed: {told[-1]}")
    # its own heading gives way to that of the evaluation
    return done.stdout.split("\n", 1)[1].strip()
