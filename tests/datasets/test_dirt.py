"""Planted dirt and quarantine agree, row by row and both ways."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from datasets.__main__ import main
from datasets.dirt import plant_dirt, render_planted
from pipeline.errors import UsageError
from pipeline.landing import load_drops
from pipeline.landing.entities import ENTITIES
from pipeline.landing.rules import list_rules
from pipeline.settings import Settings
from tests.whole_shop import land_whole_shop


def make_settings(home: Path, max_bad_share: float = 0.2) -> Settings:
    return Settings(
        home=home,
        landing=home / "landing",
        timezone="UTC",
        max_bad_share=max_bad_share,
        keep_versions=7,
        offer_budget=None,
        control_share=0.1,
        memory="1GB",
        threads=2,
        secret="a secret for tests",
    )


def ignore(message: str) -> None:
    """Progress that nobody reads."""


@dataclass(frozen=True)
class DirtyShop:
    """A loaded landing folder with dirt in it: the ledger's rows and quarantine's, in one place to ask."""

    settings: Settings
    last_day: date
    connection: duckdb.DuckDBPyConnection

    def ask(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()


def open_dirty_shop(settings: Settings, last_day: date) -> DirtyShop:
    connection = duckdb.connect(str(settings.warehouse), read_only=True)
    connection.execute(f"create temp view planted as from read_parquet('{settings.home}/dirt.parquet')")
    put_aside = " union all ".join(
        f"select file, row_number, rule, drop_on, message, row_json from quarantine.{entity.table}"
        for entity in ENTITIES
    )
    connection.execute(f"create temp view put_aside as {put_aside}")
    return DirtyShop(settings, last_day, connection)


def assert_ledger_and_quarantine_agree(dirty: DirtyShop) -> None:
    """Everything planted was caught, by file, row number and rule, and nothing else was."""
    planted = "select file, row_number, rule, drop_on from planted where rule is not null"
    caught = "select file, row_number, rule, drop_on from put_aside"
    assert dirty.ask(f"{planted} except all {caught}") == []
    assert dirty.ask(f"{caught} except all {planted}") == []


@pytest.fixture(scope="module")
def dirty(tmp_path_factory) -> DirtyShop:
    settings = make_settings(tmp_path_factory.mktemp("dirty"))
    last_day = land_whole_shop(settings.landing, days=4, size=60)
    plant_dirt(settings, settings.landing, settings.home / "dirt.parquet", seed=7)
    load_drops(settings, last_day, "run", ignore)
    return open_dirty_shop(settings, last_day)


def test_every_rule_of_every_entity_is_broken(dirty):
    for entity in ENTITIES:
        wanted = Counter(rule.rule for rule in list_rules(entity))
        found = Counter(
            rule
            for rule, _ in dirty.ask(
                "select distinct rule, column_name from planted where row_number is not null and rule is not null "
                f"and source = '{entity.source}' and entity = '{entity.name}'"
            )
        )
        assert found == wanted, entity.path
        files = dirty.ask(
            "select distinct rule from planted where row_number is null "
            f"and source = '{entity.source}' and entity = '{entity.name}' order by all"
        )
        assert files == [("drop_blocked",), ("missing_column",), ("unreadable_file",)]


def test_ledger_and_quarantine_agree(dirty):
    assert dirty.ask("select count(*) > 2000 from planted where rule is not null") == [(True,)]
    assert_ledger_and_quarantine_agree(dirty)


def test_quarantine_names_the_column_that_was_broken(dirty):
    assert (
        dirty.ask(
            "select file, row_number, column_name, message from planted join put_aside using (file, row_number) "
            "where column_name is not null and not starts_with(message, column_name || ' is ')"
        )
        == []
    )


def test_every_file_accounts_for_what_was_planted(dirty):
    of_ledger = (
        "select file, count(row_number), count(*) filter (outcome = 'repeated'), "
        "count(row_number) filter (outcome in ('quarantined', 'drop_blocked')), "
        "count(*) filter (outcome = 'waiting'), "
        "count(*) filter (outcome = 'loaded') from planted group by file"
    )
    of_loader = (
        "select file, rows_read, rows_repeated, rows_quarantined, rows_waiting, rows_loaded from raw.files "
        "where contains(file, 'zz-dirt')"
    )
    assert dirty.ask(f"({of_ledger}) except ({of_loader})") == []
    assert dirty.ask(f"({of_loader}) except ({of_ledger})") == []
    outcomes = dict(dirty.ask("select outcome, count(*) from planted group by outcome"))
    assert set(outcomes) == {"quarantined", "drop_blocked", "file_quarantined", "repeated", "waiting", "loaded"}


def test_clean_rows_are_loaded_as_if_there_were_no_dirt(dirty, tmp_path):
    clean = make_settings(tmp_path)
    land_whole_shop(clean.landing, days=4, size=60)
    load_drops(clean, dirty.last_day, "run", ignore)
    dirty.connection.execute(f"attach '{clean.warehouse}' as clean (read_only)")
    for entity in ENTITIES:
        of_dirty = f"select * from raw.{entity.table} where not contains(_file, 'zz-dirt')"
        of_clean = f"select * from clean.raw.{entity.table}"
        assert dirty.ask(f"({of_dirty}) except all ({of_clean})") == [], entity.path
        assert dirty.ask(f"({of_clean}) except all ({of_dirty})") == [], entity.path
        assert dirty.ask(f"select count(*) > 0 from clean.raw.{entity.table}") == [(True,)]


def test_a_simulated_retailer_with_dirt(tmp_path, monkeypatch, capsys):
    settings = make_settings(tmp_path)
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    folders = ["--landing", str(settings.landing), "--truth", str(tmp_path)]
    assert main(["simulated", "--dirt", "--split", "--customers", "200", "--days", "8", "--seed", "3", *folders]) == 0
    assert "rows must be quarantined" in capsys.readouterr().out
    load_drops(settings, date(2024, 1, 8), "run", ignore)
    dirty = open_dirty_shop(settings, date(2024, 1, 8))
    assert_ledger_and_quarantine_agree(dirty)
    assert dirty.ask("select count(*) > 1000 from put_aside") == [(True,)]


@pytest.mark.parametrize(("seed", "max_bad_share"), [(2, 0.05), (3, 1.0)])
def test_ledger_and_quarantine_agree_for_other_seeds_and_shares(tmp_path, seed, max_bad_share):
    settings = make_settings(tmp_path, max_bad_share)
    last_day = land_whole_shop(settings.landing, days=2, size=20)
    plant_dirt(settings, settings.landing, settings.home / "dirt.parquet", seed)
    load_drops(settings, last_day, "run", ignore)
    dirty = open_dirty_shop(settings, last_day)
    assert_ledger_and_quarantine_agree(dirty)
    blocked = dirty.ask("select count(*) filter (outcome = 'drop_blocked' and row_number is not null) from planted")
    assert (blocked[0][0] == 0) == (max_bad_share == 1)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    found = []
    for name in ("one", "two"):
        settings = make_settings(tmp_path / name)
        land_whole_shop(settings.landing, days=2, size=20)
        plant_dirt(settings, settings.landing, settings.home / "dirt.parquet", seed=5)
        files = sorted(path for path in settings.home.rglob("*") if path.is_file())
        found.append({path.relative_to(settings.home): path.read_bytes() for path in files})
    assert found[0] == found[1]
    assert len(found[0]) > 200


def test_dirt_is_planted_once(tmp_path):
    settings = make_settings(tmp_path)
    land_whole_shop(settings.landing, days=1, size=20)
    planted = plant_dirt(settings, settings.landing, tmp_path / "dirt.parquet")
    assert f"{planted.files:,} files planted" in render_planted(planted)
    with pytest.raises(UsageError, match=r"zz-dirt.* is in the way.*Plant once"):
        plant_dirt(settings, settings.landing, tmp_path / "dirt.parquet")


def test_no_dirt_where_every_bad_row_would_block(tmp_path):
    settings = make_settings(tmp_path, max_bad_share=0)
    land_whole_shop(settings.landing, days=1, size=20)
    with pytest.raises(UsageError, match="RAPPORT_MAX_BAD_SHARE=0 would block every drop"):
        plant_dirt(settings, settings.landing, tmp_path / "dirt.parquet")


def test_the_ledger_must_not_lie_where_the_pipeline_reads(tmp_path):
    settings = make_settings(tmp_path)
    with pytest.raises(UsageError, match="lies in the landing folder"):
        plant_dirt(settings, settings.landing, settings.landing / "dirt.parquet")


def test_the_command_plants_and_tells(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    land_whole_shop(tmp_path / "landing", days=1, size=20)
    call = ["dirt", "--landing", str(tmp_path / "landing"), "--ledger", str(tmp_path / "truth" / "dirt.parquet")]
    assert main(call) == 0
    told = capsys.readouterr().out
    assert "rows must be quarantined" in told
    assert (tmp_path / "truth" / "dirt.parquet").exists()
    assert main(call) == 2
    assert "is in the way" in capsys.readouterr().err
    assert main(["dirt", "--landing", str(tmp_path / "none"), "--ledger", str(tmp_path / "l.parquet")]) == 1
    assert "there is no landing folder" in capsys.readouterr().err
