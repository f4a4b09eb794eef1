"""What is wrong with a mapping or with what it would land: collected, so that a person hears of everything at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass
class Findings:
    """Problems refuse the write; warnings don't. Each is one sentence, with the mapping's line where it is known."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add_problem(self, sentence: str, line: int | None = None) -> None:
        """Note something that must be mended before anything is written."""
        self.problems.append(_locate(sentence, line))

    def add_warning(self, sentence: str, line: int | None = None) -> None:
        """Note something a person should know and may leave as it is."""
        self.warnings.append(_locate(sentence, line))


def suggest_name(word: str, known: Iterable[str]) -> str:
    """'did you mean X?' where a known name is near, else the list of them."""
    names = list(known)
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_lower[near[0]]}?"
    shown = ", ".join(names[:30]) + (" ..." if len(names) > 30 else "")
    return f"known are {shown}." if names else "there is none."


def count_things(number: int, thing: str) -> str:
    """'1 row', '2,500 rows'."""
    return f"{number:,} {thing if number == 1 else thing + 's'}"


def _locate(sentence: str, line: int | None) -> str:
    return sentence if line is None else f"line {line}: {sentence}"
