"""What a person watching a run sees: progress on standard error, results on standard output."""

import sys


def say(message: str) -> None:
    """Tell how the work goes."""
    print(f"  {message}", file=sys.stderr, flush=True)
