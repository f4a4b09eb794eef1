"""What can go wrong before a night begins: one clear sentence, no traceback, a non-zero exit."""

import fcntl
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def assert_refused(done, exit_code, *parts):
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def land_one_order(home, day="2020-01-02"):
    for entity, text in {
        "orders": f"order_id,ordered_at,customer_ref\n1,{day}T10:00:00,anna\n",
        "order_lines": "order_id,line_no,product_id,quantity,unit_price\n1,1,tea,2,3.50\n",
    }.items():
        folder = home.landing / "sales" / entity / day
        folder.mkdir(parents=True)
        (folder / "drop.csv").write_text(text)


def test_an_empty_landing_folder(home):
    home.landing.mkdir()
    assert_refused(home.run("pipeline", "nightly", "--date", "2020-01-02"), 1, str(home.landing), "sales/orders")


def test_a_date_before_all_data(home):
    land_one_order(home)
    assert_refused(home.run("pipeline", "nightly", "--date", "2019-12-31"), 1, "2020-01-02")


def test_a_misspelt_data_set(home):
    done = home.run("datasets", "online_retial", "--landing", str(home.landing))
    assert_refused(done, 2, "online_retial", "online_retail")


def test_a_date_that_is_none(home):
    assert_refused(home.run("pipeline", "nightly", "--date", "yesterday"), 2, "2018-01-31")


def test_a_setting_that_is_no_number(home, monkeypatch):
    monkeypatch.setattr(Home, "environment", {**home.environment, "RAPPORT_CONTROL_SHARE": "a tenth"})
    assert_refused(home.run("pipeline", "versions"), 2, "RAPPORT_CONTROL_SHARE", "a tenth")


def test_a_warehouse_in_use(home):
    land_one_order(home)
    with duckdb.connect(str(home.path / "warehouse.duckdb")):
        assert_refused(home.run("pipeline", "nightly", "--date", "2020-01-02"), 1, "in use by another process")


def test_another_night_in_the_same_home(home):
    land_one_order(home)
    with (home.path / "night.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_refused(home.run("pipeline", "nightly", "--date", "2020-01-02"), 1, "another night is running")


def test_a_disk_that_takes_no_writing():
    home = Home(Path("/proc/rapport"))
    assert_refused(home.run("pipeline", "nightly", "--date", "2020-01-02"), 1, "/proc/rapport", "RAPPORT_HOME")


def test_a_shop_too_small_for_models_is_published_all_the_same(home):
    land_one_order(home)
    night = home.run("pipeline", "nightly", "--date", "2020-01-02")
    assert night.returncode == 0, night.stderr
    customers = home.current / "parquet" / "customers.parquet"
    row = duckdb.sql(
        f"select segment, orders_total, net_revenue_total, churn_probability_30d from '{customers}'"
    ).fetchall()
    assert [(str(segment), orders, float(revenue), chance) for segment, orders, revenue, chance in row] == [
        ("vip", 1, 7.0, None)
    ]
