"""The bench runs: it makes its files, proves that both sides hold the same rows, and tells what it measured."""

import re

import pytest

from bench.__main__ import main
from bench.load import FORMATS, _Bench, _make_files
from pipeline.errors import RapportError


def test_it_measures_both_formats_at_a_tiny_size(capsys, tmp_path):
    assert main(["load", "--lines", "10000", "--pairs", "1", "--folder", str(tmp_path)]) == 0
    told = capsys.readouterr()
    rows = [line.split(" | ") for line in told.out.splitlines() if line.startswith(("| parquet", "| csv"))]
    assert [row[0] for row in rows] == ["| parquet", "| csv"]
    for row in rows:
        assert all(re.fullmatch(r"\d+\.\d+", cell) and float(cell) > 0 for cell in row[2:6])
    assert told.err.count("both hold the same 10,000 rows") == 2
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_to_compare_unlike_rows(tmp_path, monkeypatch):
    _make_files(tmp_path, 1000)
    bench = _Bench(tmp_path, FORMATS[1])
    run_peer = _Bench.run_peer

    def run_on_less(self):
        self.file.write_text("".join(self.file.read_text().splitlines(keepends=True)[:-1]))
        return run_peer(self)

    monkeypatch.setattr(_Bench, "run_peer", run_on_less)
    with pytest.raises(RapportError, match="the load holds 1,000 rows, the peer 999"):
        bench.prove_same_rows()


def test_a_wrong_call_is_told(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["load", "--lines", "many"])
    assert stopped.value.code == 2
    assert "'many' is not a whole number above 0" in capsys.readouterr().err
