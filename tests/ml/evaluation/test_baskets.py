"""What the bench tells of planted truth is passed on whole, and so is its failure."""

import sys
from pathlib import Path

import pytest

from ml.evaluation import baskets
from ml.evaluation.report import EvaluationError
from ml.params import load_params


def run(monkeypatch, script):
    monkeypatch.setattr(baskets, "_COMMAND", (sys.executable, "-c", script))
    return baskets.run(load_params(), Path())


def test_the_tables_come_without_the_heading_of_the_bench(monkeypatch):
    told = run(monkeypatch, "print('## planted: of truth\\n\\n20 people\\n\\n| a |\\n')")
    assert told == "20 people\n\n| a |"


def test_a_failure_is_told_in_its_own_words(monkeypatch):
    with pytest.raises(EvaluationError, match="failed: bench: the disk is full"):
        run(monkeypatch, "import sys; print('progress\\nbench: the disk is full', file=sys.stderr); sys.exit(1)")
