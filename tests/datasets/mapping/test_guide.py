"""The guide's worked example does what it says, and no key goes undescribed."""

import re
from pathlib import Path

import pytest

from datasets.landing import land_mapping

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "map-your-data.md"
TEXT = GUIDE.read_text(encoding="utf-8")


@pytest.fixture
def guided(shop):
    shop.till.write_text(re.search(r"```csv\n(.*?)```", TEXT, re.DOTALL)[1])
    shop.path.write_text(re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1])
    return shop


def test_the_worked_example_lands_and_ties_out(guided):
    landed = land_mapping(guided.settings, guided.path, guided.landing)
    assert landed.warnings == []
    assert {f"{source}/{entity}": rows for (source, entity), rows in landed.rows.items()} == {
        "sales/orders": 2,
        "sales/order_lines": 3,
        "sales/returns": 1,
    }
    assert landed.reconciliation.left_out == 0
    assert landed.last_day.isoformat() == "2024-03-04"


def test_the_check_shown_in_the_guide_is_what_the_check_says(guided):
    shown = re.search(r"```\n(sales/orders: .*?)```", TEXT, re.DOTALL)[1]
    assert guided.report().startswith(shown)


def test_the_guide_describes_every_key_and_names_none_that_is_not_there():
    code = (GUIDE.parents[2] / "datasets" / "mapping" / "reading.py").read_text(encoding="utf-8")
    known = {
        key for keys in re.findall(r"check_keys\(\s*\((.*?)\)", code, re.DOTALL) for key in re.findall(r'"(\w+)"', keys)
    }
    reference = TEXT[TEXT.index("## Every key") : TEXT.index("## What is checked")]
    described = set(re.findall(r"^\| (?:… )?`(\w+)`", reference, re.MULTILINE))
    told_inside = {"name", "reason", "value", "constant"}
    assert known - told_inside == described - {"name"}
