"""The README's tables are the DAG's and the seed's."""

import csv
import re
from pathlib import Path

from pipeline.stages import STAGES

README = Path(__file__).resolve().parent.parent / "README.md"


def test_stage_table_matches_the_stages():
    table = re.search(r"<!-- stages.*?-->(.*?)<!-- /stages -->", README.read_text(), re.DOTALL).group(1)
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.strip().splitlines()[2:]]
    assert rows == [(stage.title, f"`{stage.command}`", stage.reads, stage.writes) for stage in STAGES]


def test_segment_table_matches_the_seed():
    with (README.parent / "dbt_project" / "seeds" / "segments.csv").open(newline="") as lines:
        seed = [(row["segment"], row["meaning"].replace("`", "")) for row in csv.DictReader(lines)]
    table = re.search(r"\| segment \| meaning \|\n.*?\n(.*?)\n\n", README.read_text(), re.DOTALL).group(1)
    rows = [tuple(cell.strip().replace("`", "") for cell in line.strip("|").split("|")) for line in table.splitlines()]
    assert rows == seed


def test_every_file_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text())
    assert links
    assert not [link for link in links if not (README.parent / link).exists()]
