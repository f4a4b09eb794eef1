"""Tell a person what was planted and what a load must make of it."""

from collections import Counter

from datasets.dirt.plant import Planted

_WORDS = {
    "quarantined": "rows must be quarantined",
    "drop_blocked": "rows and files must be put aside with their blocked drops",
    "file_quarantined": "files must be quarantined whole",
    "repeated": "rows must be counted and dropped as exact repeats",
    "waiting": "rows must wait for the night after the last drop",
    "loaded": "rows are good and must be loaded",
}


def render_planted(planted: Planted) -> str:
    """The summary as text: files, rows for each outcome and each rule, and where the ledger lies."""
    outcomes, rules = Counter(), Counter()
    for (outcome, rule), count in planted.outcomes.items():
        outcomes[outcome] += count
        if rule:
            rules[rule] += count
    lines = [f"dirt: {planted.files:,} files planted in {planted.landing} (their names begin with zz-dirt)"]
    lines += [f"  {outcomes[outcome]:>8,} {words}" for outcome, words in _WORDS.items() if outcomes[outcome]]
    lines.append("Rules broken")
    lines += [f"  {count:>8,} {rule}" for rule, count in sorted(rules.items())]
    lines.append(f"What was planted, row by row: {planted.ledger}")
    return "\n".join(lines) + "\n"
