"""The questions of docs/how-to/query.md, asked of a published file."""

import re

import duckdb
import pytest

from tests.integration.conftest import ROOT

PAGE = (ROOT / "docs/how-to/query.md").read_text()
QUESTIONS = dict(re.findall(r"### (\d+\. [^\n]+)\n\n```sql\n(.*?);\n```", PAGE, re.DOTALL))

# A first night has no history, a gift shop no support, no cost and no categories: these may find nobody there.
MAY_BE_EMPTY = ("3.", "4.", "5.", "9.")


@pytest.fixture(scope="module")
def published(first_night):
    home, _ = first_night
    with duckdb.connect(str(home.current / "crm.duckdb"), read_only=True) as connection:
        yield connection


def test_there_are_ten():
    assert [title.split(".")[0] for title in QUESTIONS] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("title", QUESTIONS)
def test_each_is_answered(title, published):
    rows = published.execute(QUESTIONS[title]).fetchall()
    assert rows or title.startswith(MAY_BE_EMPTY)


def test_the_answers_are_what_was_asked(published):
    near = published.execute(QUESTIONS[next(t for t in QUESTIONS if t.startswith("1."))]).fetchall()
    assert all(gap <= average for _, gap, average, *_ in near)
    bridge = published.execute(QUESTIONS[next(t for t in QUESTIONS if t.startswith("6."))]).fetchall()
    changes = {}
    for month, _, _, change, whole in bridge:
        changes.setdefault((month, whole), []).append(change)
    assert all(sum(parts) == whole for (_, whole), parts in changes.items())
