"""The evaluation of lifetime models prints the naive and published rows again, and says which goals hold."""

import pytest

from ml.evaluation.lifetime import run
from ml.params import load_params
from tests.ml.lifetime.conftest import SHIPPED


@pytest.fixture(scope="module")
def tables():
    """The cells of each row, by what its first cell says."""
    lines = [line.strip("| ").split(" | ") for line in run(load_params(), SHIPPED).splitlines() if line.startswith("|")]
    return {cells[0]: cells[1:] for cells in lines}


def test_naive_and_published_rows(tables):
    assert [cell.split()[0] for cell in tables["own past rate"]] == ["1.038", "+47.4%"]
    assert [cell.split()[0] for cell in tables["BG/NBD, mean"]] == ["0.819", "-14.3%"]
    assert [cell.split()[0] for cell in tables["Pareto/NBD, mean"]] == ["0.794", "-12.9%"]
    assert tables["repeat spend per week"][0].startswith("0.530 (")
    assert tables["Pareto/NBD times Gamma-Gamma"][0].startswith("0.555 (")


def test_a_goal_holds_when_its_figure_says_so(tables):
    error, bias, found = (
        tables[name]
        for name in ("MAE of purchases (median)", "bias of the total (corrected mean)", "best 20 % by spend found")
    )
    assert (float(error[1].split()[0]) <= 0.75) == (error[2] == "yes")
    assert (abs(float(bias[1].split("%")[0])) <= 5) == (bias[2] == "yes")
    assert (float(found[1].split()[0]) >= 0.58) == (found[2] == "yes")
