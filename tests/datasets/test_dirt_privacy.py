"""E-mails and phones planted in every wrong place are nowhere in what a load leaves, but for the vault."""

import pytest

from datasets.dirt import plant_dirt
from pipeline.landing import load_drops
from pipeline.landing.entities import ENTITIES
from tests.datasets.test_dirt import DirtyShop, make_settings, open_dirty_shop
from tests.warehouse_contents import list_tables
from tests.whole_shop import land_whole_shop


@pytest.fixture(scope="module")
def told_and_shop(tmp_path_factory) -> tuple[list[str], DirtyShop]:
    settings = make_settings(tmp_path_factory.mktemp("private"))
    last_day = land_whole_shop(settings.landing, days=2, size=60)
    plant_dirt(settings, settings.landing, settings.home / "dirt.parquet", seed=3)
    told = []
    load_drops(settings, last_day, "run", told.append)
    return told, open_dirty_shop(settings, last_day)


def test_no_planted_person_is_in_the_warehouse_or_in_what_the_load_tells(told_and_shop):
    told, shop = told_and_shop
    tables = list_tables(shop.connection)
    assert len(tables) > 2 * len(ENTITIES)
    leaks = [(table, *row) for table in tables for row in search_people(shop, table)]
    people = [person for (person,) in shop.ask("select distinct unnest(personal) from planted")]
    assert len(people) > 500
    leaks += [("told", person, line) for line in told for person in people if person in line]
    assert leaks == []


def search_people(shop: DirtyShop, table: str) -> list[tuple]:
    """One row of the table for each kind of planting whose e-mail or phone it shows."""
    columns = ", ".join(name for (name, *_) in shop.ask(f"describe {table}"))
    return shop.ask(
        "select planting, person, text from (select distinct planting, unnest(personal) as person from planted), "
        f"(select concat_ws('|', {columns}) as text from {table}) where contains(text, person) "
        "qualify row_number() over (partition by regexp_replace(planting, '[0-9]+', '') order by person) = 1"
    )
