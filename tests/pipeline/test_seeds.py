"""Each kind of mistake in a seed ends in one sentence: file, line, what is wrong, what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.seeds import SEGMENTS, VALUE_BANDS, check_seeds
from pipeline.settings import PROJECT_ROOT
from tests.integration.conftest import Home

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"

TIERS = "tier,tier_rank,threshold_kind,threshold_value\n"
BANDS = "value_band,up_to_share\n"
ORDER = "segment,place,meaning\n"


def place_segments(**places: int) -> str:
    """segments.csv with some segments on other places than by default."""
    return "".join(f"{segment},{places.get(segment, place)},m\n" for place, segment in enumerate(SEGMENTS, 1))


GOOD = {
    "amounts below shares": ("tiers.csv", TIERS + "standard,1,amount,0\nsilver,2,amount,99.50\ngold,3,share,0.1\n"),
    "amounts in any order of rows": ("tiers.csv", TIERS + "gold,2,amount,5\nstandard,1,amount,0\n"),
    "one tier only": ("tiers.csv", TIERS + "standard,1,amount,0\n"),
    "saved by a spreadsheet": ("tiers.csv", "\ufeff" + (TIERS + "standard,1,amount,0\n").replace("\n", "\r\n")),
    "a VIP comes before a dormant customer": ("segments.csv", ORDER + place_segments(
        vip=1, churned=2, dormant=3
    )),
}  # fmt: skip

# name -> the file, its text, the line that is named, and parts of the sentence
BAD = {
    "gap in ranks": ("tiers.csv", TIERS + "a,1,amount,0\nb,3,amount,9\n", 3, ("tier_rank 3 of b", "1 to 2")),
    "rank of no whole number": ("tiers.csv", TIERS + "a,1,amount,0\nb,1.5,amount,9\n", 3, ("tier_rank 1.5", "1 to 2")),
    "rank twice": ("tiers.csv", TIERS + "a,1,amount,0\nb,1,amount,9\n", 3, ("b has tier_rank 1", "a on line 2")),
    "tier twice": ("tiers.csv", TIERS + "a,1,amount,0\na,2,amount,9\n", 3, ("tier a is there already", "line 2")),
    "kind unknown": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,percent,9\n", 3, ("'percent' of b", "amount or share")),
    "lowest not from 0": ("tiers.csv", TIERS + "a,1,amount,5\nb,2,amount,9\n", 2, ("begins at amount 5", "amount 0")),
    "lowest a share": ("tiers.csv", TIERS + "a,1,share,0.9\nb,2,share,0.1\n", 2, ("begins at share 0.9", "amount 0")),
    "two from 0": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,amount,0\n", 3, ("0 of b is not above 0 of a", "rise")),
    "amount falls": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,amount,9\nc,3,amount,8\n", 4, ("8 of c", "above 9 of b")),
    "amount below 0": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,amount,-9\n", 3, ("-9 of b", "rise with the rank")),
    "amount above a share": (
        "tiers.csv", TIERS + "a,1,amount,0\nb,2,share,0.5\nc,3,amount,900\n", 4, ("c is given as an amount above b",)
    ),
    "share rises": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,share,0.1\nc,3,share,0.2\n", 4, ("0.2 of c", "0.1 of b")),
    "share is a percentage": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,share,10\n", 3, ("share 10 of b", "0 and 1")),
    "share of all": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,share,1\n", 3, ("share 1 of b", "0 and 1")),
    "share of nobody": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,share,0\n", 3, ("share 0 of b", "0 and 1")),
    "threshold in words": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,amount,much\n", 3, ("'much' is not a number",)),
    "threshold endless": ("tiers.csv", TIERS + "a,1,amount,0\nb,2,amount,inf\n", 3, ("'inf' is not a number",)),
    "decimal comma": ("tiers.csv", TIERS + 'a,1,amount,0\nb,2,amount,"9,5"\n', 3, ("'9,5' is not a number", "point")),
    "semicolons": ("tiers.csv", "tier;tier_rank\na;1\n", 1, ("the columns are tier;tier_rank", "with commas")),
    "a value missing": ("tiers.csv", TIERS + "a,1,amount\n", 2, ("3 values for 4 columns",)),
    "an empty value": ("tiers.csv", TIERS + "a,1,amount,0\n,2,amount,9\n", 3, ("tier is empty", "fill in tier")),
    "a space too many": ("tiers.csv", TIERS + "a,1,amount,0\nb ,2,amount,9\n", 3, ("'b '", "take the space away")),
    "bands fall": ("value_bands.csv", BANDS + "top,0.1\nhigh,0.1\nmiddle,0.5\nlow,1\n", 3, ("0.1 of high", "rise")),
    "bands end early": ("value_bands.csv", BANDS + "top,0.1\nhigh,0.2\nmiddle,0.5\nlow,0.9\n", 5, ("end at 1",)),
    "band above 1": ("value_bands.csv", BANDS + "top,10\nhigh,0.2\nmiddle,0.5\nlow,1\n", 2, ("10 of top", "up to 1")),
    "band from 0": ("value_bands.csv", BANDS + "top,0\nhigh,0.2\nmiddle,0.5\nlow,1\n", 2, ("0 of top", "above 0")),
    "band unknown": ("value_bands.csv", BANDS + "best,0.1\nhigh,0.2\nmiddle,0.5\nlow,1\n", 2, ("'best'", "top, high")),
    "band missing": ("value_bands.csv", BANDS + "top,0.1\nhigh,0.2\nlow,1\n", 4, ("middle is missing", "add a row")),
    "bands out of order": (
        "value_bands.csv", BANDS + "high,0.1\ntop,0.2\nmiddle,0.5\nlow,1\n", 2, ("high where top belongs",)
    ),
    "segment unknown": ("segments.csv", ORDER + "gone,1,m\n", 2, ("'gone' is no segment", "once")),
    "segment twice": (
        "segments.csv", ORDER + place_segments() + "vip,7,m\n", 8, ("vip is there already, on line 4",)
    ),
    "segment missing": (
        "segments.csv", ORDER + place_segments().replace("vip,3,m\n", "", 1), 6, ("vip is missing",)
    ),
    "place twice": ("segments.csv", ORDER + place_segments(vip=2), 4, ("vip has place 2", "line 3")),
    "place out of range": ("segments.csv", ORDER + place_segments(vip=7), 4, ("place 7", "1 to 6")),
    "no meaning": ("segments.csv", ORDER + "churned,1,\n", 2, ("meaning is empty",)),
    "regular not last": (
        "segments.csv", ORDER + place_segments(regular=5, at_risk=6), 7, ("regular is on place 5", "6")
    ),
    "churned after dormant": (
        "segments.csv", ORDER + place_segments(churned=2, dormant=1), 2, ("nobody would ever be churned",)
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the seeds as they are shipped."""
    return Path(shutil.copytree(SEEDS, tmp_path / "seeds"))


def test_the_shipped_seeds_pass():
    check_seeds(SEEDS)


@pytest.mark.parametrize("name", GOOD)
def test_a_seed_in_good_order_passes(name, folder):
    file, text = GOOD[name]
    (folder / file).write_text(text, newline="")
    check_seeds(folder)


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_told_with_file_line_and_remedy(name, folder):
    file, text, line, parts = BAD[name]
    (folder / file).write_text(text)
    with pytest.raises(UsageError) as raised:
        check_seeds(folder)
    message = str(raised.value)
    assert message.startswith(f"{folder / file}, line {line}: ")
    assert message.endswith("save the file and run the same command again.")
    assert [part for part in parts if part not in message] == []


def test_a_file_that_is_missing_empty_or_in_another_encoding(folder):
    for content, part in ((b"", "line 1: the columns are missing"), (TIERS.encode(), "no rows"), (b"t\xe9", "UTF-8")):
        (folder / "tiers.csv").write_bytes(content)
        with pytest.raises(UsageError, match=part):
            check_seeds(folder)
    (folder / "tiers.csv").unlink()
    with pytest.raises(UsageError, match=r"tiers\.csv is missing"):
        check_seeds(folder)


def test_a_wrong_seed_stops_the_night_at_the_staging_layer(tmp_path):
    """As a user meets it: an edited seed in a copy of the project, and the stage run as a command."""
    project = tmp_path / "project"
    for part in ("pipeline", "expectations", "ml", "dbt_project"):
        shutil.copytree(PROJECT_ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__", "target"))
    (project / "dbt_project/seeds/tiers.csv").write_text(TIERS + "standard,1,amount,0\nvip,2,share,10\n")
    home = Home(tmp_path / "home")
    for entity, text in {
        "orders": "order_id,ordered_at,customer_ref\n1,2020-01-02T10:00:00,anna\n",
        "order_lines": "order_id,line_no,product_id,quantity,unit_price\n1,1,tea,2,3.50\n",
    }.items():
        drop = home.landing / "sales" / entity / "2020-01-02"
        drop.mkdir(parents=True)
        (drop / "drop.csv").write_text(text)
    night = subprocess.run(
        [sys.executable, "-m", "pipeline", "nightly", "--date", "2020-01-02"],
        cwd=project,
        env={**home.environment, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert night.returncode == 2, night.stderr
    assert "Traceback" not in night.stderr
    told = night.stderr.strip().splitlines()
    assert told[-2].strip() == "clean and type …"
    assert told[-1].startswith(
        f"rapport: {project / 'dbt_project/seeds/tiers.csv'}, line 3: share 10 of vip is no share"
    )


def test_bands_and_segments_are_those_of_the_contract():
    contract = (PROJECT_ROOT / "docs" / "published.md").read_text()
    assert f"value_band ({', '.join(VALUE_BANDS)}, negative)" in contract
    assert f"in the order {', '.join(SEGMENTS)}" in contract
