"""Whatever bytes a file holds, its rows are accounted for or the file is quarantined; the night always goes on."""

import gzip
import random
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.landing import load_drops
from pipeline.settings import Settings
from tests.whole_shop import FIRST_DAY, land_whole_shop

ENTITIES = ("sales/orders", "sales/order_lines", "sales/products", "support/contacts", "loyalty/consents")
SPOILT = 40
DAYS = 2
SIZE = 30
# after every drop
AS_OF = FIRST_DAY + timedelta(days=DAYS + SPOILT)


def make_settings(home: Path) -> Settings:
    return Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_SECRET": "a secret for tests"})


def spoil(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to five accidents: cut, doubled, overwritten or stuffed with noise somewhere."""
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(content) + 1)
        length = chance.choice((1, 1, 2, 7, 50))
        noise = chance.choice((chance.randbytes(length), bytes(length), b'"', b"\n", b",", b"\r", b"\xff\xfe", b"'"))
        content = chance.choice(
            (
                content[:place],
                content[:place] + content[place:][:length] + content[place:],
                content[:place] + noise + content[place + len(noise) :],
                content[:place] + noise + content[place:],
            )
        )
    return content


def land_spoilt_files(landing: Path, seed: int) -> list[str]:
    """Spoil copies of clean files, each into a drop of its own after the clean ones; return their names."""
    chance = random.Random(seed)
    names = []
    for entity in ENTITIES:
        clean = sorted((landing / entity).glob("*/part.*"))
        for number in range(1, SPOILT + 1):
            source = chance.choice(clean)
            content, suffix = source.read_bytes(), source.suffix
            if suffix == ".csv" and chance.random() < 0.3:
                content, suffix = gzip.compress(content, mtime=0), ".csv.gz"
            content = chance.randbytes(chance.randrange(300)) if chance.random() < 0.1 else spoil(content, chance)
            name = f"{entity}/{FIRST_DAY + timedelta(days=DAYS + number)}/spoilt{suffix}"
            path = landing / name
            path.parent.mkdir()
            path.write_bytes(content)
            names.append(name)
    return names


@pytest.mark.parametrize("seed", range(2))
def test_spoilt_files_are_accounted_for_or_quarantined(tmp_path, seed):
    settings = make_settings(tmp_path)
    land_whole_shop(settings.landing, days=DAYS, size=SIZE)
    load_drops(settings, AS_OF, "run", lambda message: None)
    clean_rows = count_rows(settings)
    spoilt = land_spoilt_files(settings.landing, seed)
    summary = load_drops(settings, AS_OF, "run", lambda message: None)
    found = {file.file: file for file in summary.files}
    assert set(spoilt) <= set(found)
    for file in summary.files:
        assert file.rows_read == file.rows_loaded + file.rows_repeated + file.rows_quarantined + file.rows_waiting
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        whole = {
            name
            for entity in ENTITIES
            for (name,) in connection.execute(
                f"select file from quarantine.{entity.replace('/', '_')} where row_number is null"
            ).fetchall()
        }
    # a file without a row is either put aside whole or was cut right behind its header
    assert all(found[name].rows_read or name in whole or found[name].status == "loaded" for name in spoilt)
    assert len(whole) > SPOILT
    assert len(whole) < len(spoilt)
    assert count_rows(settings) == clean_rows


def count_rows(settings: Settings) -> dict[str, int]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return {
            entity: connection.execute(
                f"select count(*) from raw.{entity.replace('/', '_')} where not contains(_file, 'spoilt')"
            ).fetchone()[0]
            for entity in ENTITIES
        }
