"""What a person watching an evaluation sees: progress on standard error, Markdown on standard output."""

import sys
from collections.abc import Sequence


class EvaluationError(Exception):
    """An evaluation can't be made. The message says what is wrong, where, and what to do."""


def say(message: str) -> None:
    """Tell how the work goes."""
    print(f"  {message}", file=sys.stderr, flush=True)


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
