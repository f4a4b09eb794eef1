"""What the night's summary tells of a load."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline import runs
from pipeline.errors import RapportError
from pipeline.landing import load_drops
from pipeline.landing.report import describe_files, describe_load
from pipeline.warehouse import open_for_reading, open_for_writing
from tests.pipeline.landing.small_shop import LINES, ORDERS


def load_night(shop, day: str) -> str:
    run_id = runs.begin(shop.settings, date.fromisoformat(day))
    load_drops(replace(shop.settings, max_bad_share=0.5), date.fromisoformat(day), run_id, lambda message: None)
    return run_id


@pytest.fixture
def told(shop) -> tuple[str, str]:
    """What the summary and the list of files say of a night with all that can happen to a row."""
    shop.drop_sales(
        orders=f"{ORDERS}o3,2024-01-02,,,,,,,,\nb,,,,,,,,,\n",
        lines=f"{LINES}o1,8,p,0,1,\no1,9,p,x,1,\n" + LINES.split("\n", 1)[1],
    )
    shop.drop("sales/products", "2024-01-01", "product_id,list_price,shade\np1,-1,red\np2,-1,red\np3,1,red\n")
    run_id = load_night(shop, "2024-01-01")
    with open_for_reading(shop.settings) as connection:
        return "\n".join(describe_load(connection, run_id)), describe_files(connection)


def test_the_summary_counts_by_entity_and_reason(told):
    lines = [line.split() for line in told[0].splitlines()]
    assert ["sales/orders", "1", "4", "2", "0", "1", "1"] in lines
    assert ["sales/order_lines", "1", "8", "3", "3", "2", "0"] in lines
    assert "  quarantined: sales/order_lines: 1 does_not_parse, 1 out_of_range" in told[0]
    assert "  quarantined: sales/products: 2 out_of_range, 1 drop_blocked" in told[0]
    assert "  blocked: sales/products 2024-01-01: 2 of its 3 rows (66.7%) are bad, mostly out_of_range" in told[0]


def test_the_list_of_files_adds_up_row_by_row(told):
    counts = [line.split() for line in told[1].splitlines() if line.endswith(".csv")]
    assert [row[-1] for row in counts] == [
        f"sales/{entity}/2024-01-01/part.csv" for entity in ("order_lines", "orders", "products")
    ]
    for row in counts:
        read, *ended = map(int, row[:-1])
        assert read == sum(ended) > 0
    assert "columns nobody declared: shade" in told[1]
    assert "quarantined: 1 missing_value" in told[1]


def test_a_night_without_new_drops_says_so(shop):
    shop.drop_sales()
    load_night(shop, "2024-01-01")
    run_id = load_night(shop, "2024-01-02")
    with open_for_reading(shop.settings) as connection:
        assert describe_load(connection, run_id) == ["Loaded", "  no new drops"]
        assert describe_files(connection) == f"Run {run_id}, as of 2024-01-02, found no new drops."


def test_before_the_first_night_it_says_what_to_do(shop):
    with open_for_writing(shop.settings):
        pass
    with (
        open_for_reading(shop.settings) as connection,
        pytest.raises(RapportError, match="nothing has run yet; run a night with"),
    ):
        describe_files(connection)
