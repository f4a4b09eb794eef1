"""The baskets entry counts like its peer at a tiny size, and refuses to time ways that differ."""

import numpy as np
import pytest

from bench.__main__ import main
from bench.baskets import _require_equal, _Way
from pipeline.errors import RapportError


def test_it_runs_beside_scipy_at_a_tiny_size(capsys, tmp_path):
    call = ["baskets", "--baskets", "3000", "--products", "50", "--pairs", "1", "--peers", "scipy"]
    assert main([*call, "--folder", str(tmp_path)]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| 0.0")]
    assert [row[:2] for row in rows] == [
        ["0.001", "scipy"],
        ["0.001", "itself, with huge baskets"],
        ["0.0001", "scipy"],
        ["0.0001", "itself, with huge baskets"],
    ]
    assert all(float(row[2]) > 0 and float(row[3]) > 0 for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_other_counts_are_refused(tmp_path):
    ways = [_Way(name, tmp_path, tmp_path / "plain.parquet", 2, tmp_path) for name in ("rapport", "scipy")]
    for way, count in zip(ways, (5, 6), strict=True):
        np.savez(way.out, pairs=np.array([[1, 2]]), counts=np.array([count]))
    with pytest.raises(RapportError, match="scipy and rapport don't count the same at 2 baskets: counts differ"):
        _require_equal(*ways)
