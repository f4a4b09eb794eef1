"""The same call gives the same bytes; the smallest shop works; wrong calls are told in a sentence."""

from datetime import date
from hashlib import sha256

import pytest

from datasets.__main__ import main
from datasets.simulated import simulate
from datasets.simulated.draws import Draws
from pipeline.errors import UsageError
from tests.datasets.simulated.simulation import make_settings


def digest(folder):
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(tmp_path):
    folders = []
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        settings = make_settings(tmp_path / name)
        simulate(settings, tmp_path / name / "landing", tmp_path / name / "truth", 120, 90, seed)
        folders.append(digest(tmp_path / name / "landing") | digest(tmp_path / name / "truth"))
    one, two, other = folders
    assert one == two
    assert one["sales/orders/2024-03-30/orders.parquet"] != other["sales/orders/2024-03-30/orders.parquet"]


def test_a_file_ends_where_memory_ends_and_rows_do_not_change(tmp_path, monkeypatch):
    settings = make_settings(tmp_path)
    whole = simulate(settings, tmp_path / "landing", tmp_path / "truth", 120, 90)
    monkeypatch.setattr("datasets.simulated.landing.FILE_ROWS", 500)
    parts = simulate(settings, tmp_path / "parts", tmp_path / "parts truth", 120, 90)
    assert len(parts.drops) > len(whole.drops)
    assert parts.rows == whole.rows
    assert digest(tmp_path / "truth")["people.parquet"] == digest(tmp_path / "parts truth")["people.parquet"]
    assert digest(tmp_path / "truth")["orders.parquet"] != ""


@pytest.mark.parametrize(("customers", "days"), [(1, 1), (1, 400), (100, 365)])
def test_the_smallest_shops_work(tmp_path, customers, days):
    result = simulate(make_settings(tmp_path), tmp_path / "landing", tmp_path / "truth", customers, days)
    assert result.last_day == date(2024, 1, 1).fromordinal(date(2024, 1, 1).toordinal() + days - 1)
    assert result.rows["stock"] == days * (result.rows["products"] - 1)


def test_the_command_tells_what_it_did(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    words = ["simulated", "--customers", "200", "--days", "100", "--first-day", "2023-02-01"]
    code = main([*words, "--landing", str(tmp_path / "landing"), "--truth", str(tmp_path / "truth")])
    printed = capsys.readouterr()
    assert code == 0
    for told in ("dated 2023-05-11", "sales/order_lines", "Reconciliation in GBP", "have left", "VIP line", "of lift"):
        assert told in printed.out
    assert printed.err.startswith("Simulating 200 people over 100 days")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--customers", "0"], "--customers 0 must lie between"),
        (["--days", "-3"], "--days -3 must lie between"),
        (["--seed", "-1"], "--seed -1 must lie between"),
        (["--first-day", "1980-01-01"], "--first-day 1980-01-01 must lie"),
        (["--respond", "nowhere"], "holds no simulation that can go on"),
        (["--respond", "nowhere", "--days", "3"], "leave out --customers"),
    ],
)
def test_a_wrong_call_gets_one_sentence(tmp_path, capsys, monkeypatch, words, sentence):
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    code = main(["simulated", *words, "--landing", str(tmp_path / "landing"), "--truth", str(tmp_path / "truth")])
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (tmp_path / "landing").exists()


def test_the_truth_may_not_lie_where_the_pipeline_reads(tmp_path):
    with pytest.raises(UsageError, match="lies in the landing folder"):
        simulate(make_settings(tmp_path), tmp_path / "landing", tmp_path / "landing" / "truth", 10, 10)


def test_draws_depend_on_their_keys_alone():
    import numpy as np

    draws, keys = Draws(7), np.arange(100_000)
    everything = draws.uniform("a stream", keys, 3)
    assert (everything[500:600] == draws.uniform("a stream", keys[500:600], 3)).all()
    assert everything.min() > 0
    assert everything.max() < 1
    assert abs(everything.mean() - 0.5) < 0.005
    assert abs(np.corrcoef(everything[1:], everything[:-1])[0, 1]) < 0.02
    assert abs(np.corrcoef(everything, draws.uniform("another", keys, 3))[0, 1]) < 0.02
    counts = draws.count("counts", 2.5, keys)
    assert abs(counts.mean() - 2.5) < 0.03
    assert abs(counts.var() - 2.5) < 0.08


def test_the_demo_keeps_its_truth_out_of_the_landing_folder_and_makes_room_for_others(tmp_path, capsys, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("RAPPORT_HOME", str(home))
    monkeypatch.delenv("RAPPORT_LANDING", raising=False)
    monkeypatch.setattr("datasets.demo._CUSTOMERS", 150)
    monkeypatch.setattr("datasets.demo._DAYS", 60)
    assert main(["demo", "simulated"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "2024-02-29\n"
    assert f"never reads: {home / 'demo_truth'}" in printed.err
    assert (home / "demo_truth" / "people.parquet").exists()
    assert main(["demo", "simulated"]) == 0
    assert "0 written, " in capsys.readouterr().err
    assert main(["demo", "online_retail"]) == 0
    assert not (home / "demo_truth").exists()
