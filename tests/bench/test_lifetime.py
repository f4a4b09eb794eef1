"""The lifetime entry runs without peers, refuses to compare unlike parameters, and tells of a peer it can't install."""

import json
import re
import sys

import numpy as np
import pytest

from bench.__main__ import main
from bench.lifetime import PEERS, Peer, _compare_parameters, _compare_with, _draw, _Fits
from pipeline.errors import RapportError


def test_it_fits_alone_at_a_tiny_size(capsys, tmp_path):
    call = ["lifetime", "--alone", "3000", "--folder", str(tmp_path), "--peers"]
    assert main(call) == 0
    told = capsys.readouterr()
    (row,) = [line.strip("| ").split(" | ") for line in told.out.splitlines() if line.startswith("| 3,000")]
    assert row[1] == "alone"
    assert float(row[2]) > 0
    assert re.fullmatch(r"\d+\.\d+% from the truth", row[8])
    assert "3,000 customers alone" in told.err
    assert list(tmp_path.iterdir()) == []


def test_the_histories_hold_together(tmp_path):
    with np.load(_draw(2000, tmp_path)) as saved:
        frequency, recency, age = saved["frequency"], saved["recency"], saved["age"]
    assert ((recency > 0) == (frequency > 0)).all()
    assert (recency <= age).all()
    assert np.allclose(age * 7, np.round(age * 7))


def test_a_fit_apart_is_the_fit_itself(tmp_path):
    from ml.lifetime import BetaGeometricNBD

    path = _draw(500, tmp_path)
    took, parameters = _Fits(path, tmp_path).run(sys.executable, "rapport")
    with np.load(path) as saved:
        model = BetaGeometricNBD().fit(saved["frequency"], saved["recency"], saved["age"])
    assert parameters == model.params_
    assert took.cpu > 0
    assert json.loads((tmp_path / "fit.json").read_text())["parameters"] == parameters


def test_it_refuses_to_compare_unlike_parameters():
    ours = {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4}
    assert _compare_parameters(PEERS["lifetimes"], ours, ours | {"b": 2.41}) == pytest.approx(0.01 / 2.41)
    with pytest.raises(RapportError, match=r"lifetimes ends with .* b 3, Rapport with .* b 2\.4"):
        _compare_parameters(PEERS["lifetimes"], ours, ours | {"b": 3.0})


def test_a_peer_that_can_not_be_installed_is_told_in_its_row(tmp_path):
    nowhere = Peer("nowhere", f"nowhere @ file://{tmp_path}/nowhere-1.0-py3-none-any.whl", 4)
    row = _compare_with(nowhere, 1000, 1, tmp_path)
    assert row[1] == "nowhere"
    assert row[-2].startswith("not compared: nowhere @ file://")
    assert row[-1] == "**no**"
