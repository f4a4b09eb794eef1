"""What the command line says and leaves behind, also when the call is wrong."""

import pytest

from datasets.__main__ import main


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("RAPPORT_LANDING", "RAPPORT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(capsys, *words):
    code = main(list(words))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("words", [("online_retial", "--landing", "x"), ("demo", "online-retail"), ("OnlineRetail",)])
def test_a_misspelt_name_gets_one_sentence_with_the_near_match(home, capsys, words):
    code, out, err = run(capsys, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "did you mean online_retail?" in err


def test_a_name_near_to_none_gets_the_list(home, capsys):
    code, _, err = run(capsys, "instacart")
    assert code == 2
    assert "complete_journey, online_retail" in err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--split" in capsys.readouterr().out


def test_an_unwritable_landing_folder_gets_one_sentence(home, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, "online_retail", "--landing", str(tmp_path / "file" / "landing"))
    assert (code, out) == (1, "")
    assert "Can't write drops into" in err.splitlines()[-1]


def test_the_summary_counts_and_reconciles(home, tmp_path, capsys):
    code, out, _ = run(capsys, "online_retail", "--landing", str(tmp_path / "landing"), "--split")
    assert code == 0
    assert "= source total                                  9,747,747.93" in out
    assert "305 files" in out


def test_demo_prints_only_the_date_and_a_second_one_writes_nothing(home, capsys):
    code, out, _ = run(capsys, "demo", "online_retail")
    assert (code, out) == (0, "2011-12-09\n")
    assert (home / ".demo").read_text() == "online_retail\n"
    before = {path: path.stat().st_mtime_ns for path in (home / "landing").rglob("*.parquet")}
    code, out, err = run(capsys, "demo", "online_retail")
    assert (code, out) == (0, "2011-12-09\n")
    assert "0 written, 4 already there" in err
    assert before == {path: path.stat().st_mtime_ns for path in (home / "landing").rglob("*.parquet")}


def test_demo_removes_the_state_of_another_demo_but_not_the_secret(home, capsys):
    for name in ("landing/sales/orders/2018-01-01/orders.parquet", "published/one/crm.duckdb", "airflow/airflow.db"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("")
    for name in ("secret", "warehouse.duckdb", "warehouse.duckdb.wal", "vault.duckdb", "notes.txt"):
        (home / name).write_text("kept")
    (home / ".demo").write_text("complete_journey\n")
    code, out, err = run(capsys, "demo", "online_retail")
    assert (code, out) == (0, "2011-12-09\n")
    assert "Removing the complete_journey demo" in err
    left = {path.name for path in home.iterdir()} - {"tmp", "night.lock"}
    assert left == {".demo", "airflow", "landing", "notes.txt", "secret"}
    assert not (home / "landing/sales/orders/2018-01-01").exists()


@pytest.mark.parametrize("name", ["warehouse.duckdb", "landing/sales/orders/2020-01-01/orders.csv"])
def test_demo_refuses_a_home_with_data_it_did_not_make(home, capsys, name):
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text("precious")
    code, out, err = run(capsys, "demo", "online_retail")
    assert (code, out) == (2, "")
    assert "holds data that the demo did not make" in err
    assert (home / name).read_text() == "precious"
    assert not (home / ".demo").exists()


def test_demo_never_empties_a_landing_folder_outside_its_home(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAPPORT_LANDING", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    home.mkdir()
    (home / ".demo").write_text("complete_journey\n")
    (home / "warehouse.duckdb").write_text("precious")
    code, _, err = run(capsys, "demo", "online_retail")
    assert code == 2
    assert "outside RAPPORT_HOME" in err
    assert (home / "warehouse.duckdb").exists()
