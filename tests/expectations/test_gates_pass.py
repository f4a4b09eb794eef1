"""The suites as a whole: good data passes, and every suite can be read."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations.engine import GATES, find_suites, run_gate


@pytest.mark.parametrize("gate", GATES)
def test_good_data_passes(
    gate: str, prepare: Callable[..., Path], as_of: date, options: dict[str, Any], tmp_path: Path
) -> None:
    result = run_gate(gate, prepare(gate), "run", as_of, tmp_path / "validation", options)
    assert result.failures == []
    assert result.passed
    wanted = sum(len(suite.rules) + (suite.may_be_empty is None) for suite in find_suites(gate))
    assert len(result.checks) == wanted
    assert result.data_docs.is_file()


@pytest.mark.parametrize("gate", GATES)
def test_no_table_has_two_suites_in_a_gate(gate: str) -> None:
    names = [suite.name for suite in find_suites(gate)]
    assert len(names) == len(set(names))


def test_a_gate_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no gate 'mart'"):
        find_suites("mart")
