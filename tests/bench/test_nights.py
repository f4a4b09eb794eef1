"""The nights entry: which drops come late, what lands when, and that a table that differs is told."""

from datetime import date, timedelta

import duckdb
import pytest

from bench.__main__ import main
from bench.nights import _choose_late, _land, _tell, _Way
from pipeline.publish.tables import TABLES

NIGHTS = [date(2024, 3, 1) + timedelta(days=day) for day in range(10)]


def test_late_days_come_after_the_first_night_and_are_there_by_the_last():
    assert _choose_late(NIGHTS, 3) == [date(2024, 3, 2), date(2024, 3, 4), date(2024, 3, 6)]
    assert _choose_late(NIGHTS[:4], 1) == [date(2024, 3, 2)]
    assert _choose_late(NIGHTS, 7)[-1] == date(2024, 3, 8)


def test_a_drop_lands_with_its_night_unless_it_is_missing(tmp_path):
    for day in NIGHTS[:3]:
        file = tmp_path / "source" / "sales" / "orders" / str(day) / "orders.parquet"
        file.parent.mkdir(parents=True)
        file.write_text(str(day))

    def landed():
        return sorted(file.read_text() for file in (tmp_path / "landing").glob("*/*/*/*"))

    _land(tmp_path / "source", tmp_path / "landing", NIGHTS[1], [NIGHTS[1]])
    assert landed() == ["2024-03-01"]
    _land(tmp_path / "source", tmp_path / "landing", NIGHTS[2], [])
    assert landed() == ["2024-03-01", "2024-03-02", "2024-03-03"]


def test_a_table_that_differs_in_one_value_is_told(tmp_path):
    ways = {}
    for name in ("one by one", "rebuilt", "out of order"):
        (tmp_path / name).mkdir()
        ways[name] = _Way(tmp_path / name, 12.0)
        with duckdb.connect() as connection:
            for table in TABLES:
                value = "7" if (name, table.name) == ("rebuilt", "orders") else "range"
                query = f"select range as id, if(range = 2, {value}, range) as value from range(3)"
                connection.execute(f"copy ({query}) to '{tmp_path / name / table.name}.parquet'")
    rows = [line.strip("| ").split(" | ") for line in _tell(ways).splitlines()]
    assert ["orders", "3", "differs", "same", "**no**"] in rows
    assert ["customers", "3", "same", "same", "yes"] in rows
    assert len([row for row in rows if "differs" in row]) == 1
    assert rows[-1] == ["CPU s", "12", "12", "12"]


@pytest.mark.parametrize("call", [["--nights", "40", "--days", "30"], ["--nights", "5", "--late", "3"]])
def test_nights_that_don_t_fit_are_refused(call, capsys, tmp_path):
    assert main(["nights", *call, "--folder", str(tmp_path)]) == 2
    assert "give more --days than --nights" in capsys.readouterr().err
