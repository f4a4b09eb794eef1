"""The value entry runs the stage as a night does, at a small size, and tells how it grows."""

import re

from bench.__main__ import main


def test_it_tells_what_half_and_all_took(capsys, tmp_path):
    assert main(["value", "--customers", "600", "--folder", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in told.splitlines() if re.match(r"\| \d", line)]
    assert [row[0] for row in rows] == ["300", "600"]
    assert int(rows[1][1].replace(",", "")) > 1.5 * int(rows[0][1].replace(",", ""))
    assert all(float(cell) > 0 for row in rows for cell in row[2:])
    assert re.search(r"took \d+\.\d\d times the CPU", told)
    assert list(tmp_path.iterdir()) == []
