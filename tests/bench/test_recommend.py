"""The recommend entry runs without its peer, tells how it grows, and refuses lists that are missing or short."""

import json
import re

import pytest

from bench.__main__ import main
from bench.recommend import _Lists
from pipeline.errors import RapportError


def test_it_recommends_alone_at_a_tiny_size(capsys, tmp_path):
    call = ["recommend", "--customers", "400", "--products", "60", "--alone", "--folder", str(tmp_path)]
    assert main(call) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if "| rapport" in line]
    assert [row[0] for row in rows] == [
        *("rapport, learning from 400 customers", "rapport, 100 customers"),
        *("rapport, 200 customers", "rapport, 400 customers"),
    ]
    assert all(float(row[1]) > 0 and float(row[3]) > 0 for row in rows)
    assert re.search(r"linear: exponent -?\d+\.\d\d", rows[-1][4])
    assert list(tmp_path.iterdir()) == []


def test_short_lists_are_refused(tmp_path, monkeypatch):
    (tmp_path / "took.json").write_text(json.dumps({"lists": 5, "shortest": 9}))
    monkeypatch.setattr(_Lists, "run", lambda *arguments: None)
    with pytest.raises(RapportError, match="gave 5 lists, the shortest of 9 products"):
        _Lists(tmp_path).recommend("python", "implicit", 5)
