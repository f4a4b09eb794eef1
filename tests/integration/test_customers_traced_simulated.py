"""Ten people of a simulated retailer traced by hand, from the rows that landed to every column of `customers`.

The retailer lands everything: returns, contacts, points, stock and costs. A minute of support costs 0.40 and a return
4.00. The rows and the arithmetic stand in simulated_people.py. Where the simulation changes, the first test tells which
rows no longer land.
"""

from datetime import date

import duckdb
import pytest

from datasets.simulated.command import simulate
from datasets.simulated.parameters import Behaviour
from pipeline.settings import Settings
from pipeline.stages import run_stage
from pipeline.warehouse import open_for_reading
from tests.integration.everybody import check_learnt, measure_everybody
from tests.integration.simulated_people import PEOPLE
from tests.integration.tracing import check_rows, expect_columns, read_customer, run_nights

FIRST_NIGHT, AS_OF = date(2025, 2, 3), date(2025, 3, 5)
COLUMNS = {
    "order": ("order_id", "ordered_at", "status", "customer_ref", "loyalty_id", "email", "phone"),
    "return": ("return_id", "returned_at", "order_id", "product_id", "quantity", "refund_amount", "customer_ref"),
    "contact": ("contact_id", "opened_at", "customer_ref", "loyalty_id", "email", "phone", "handling_minutes"),
    "member": ("loyalty_id", "enrolled_at", "customer_ref", "email", "phone"),
    "points": ("entry_id", "loyalty_id", "occurred_at", "points"),
}
_EVENTS = {
    "orders": "ordered_at", "order_lines": "ordered_at", "returns": "returned_at", "products": "date '2024-01-01'",
    "stock": "snapshot_on", "contacts": "opened_at", "members": "enrolled_at", "consents": "changed_at",
    "points": "occurred_at", "exposures": "sent_at", "redemptions": "redeemed_at",
}  # fmt: skip

# Probabilities of dormancy, by an order of whose they are. The cutoff is 0.5; who was at risk stays so down to 0.4.
PROBABILITIES = {
    FIRST_NIGHT: {"1000000427": 0.5, "1000000406": 0.49},
    AS_OF: {"1000000427": 0.4, "1000000406": 0.6},
}

# What everybody teaches, worked out with numpy below: the 95th percentile of gaps between purchase days, rounded up,
# and what the best tenth have bought for in the 12 months, in pence. Who reached the second only on the last night, or
# came within an order of it, is in the segment since then.
DORMANT_AFTER = {FIRST_NIGHT: 124, AS_OF: 131}
VIP_AMOUNT = {FIRST_NIGHT: 18199, AS_OF: 18378}
# a score is one more than the cut points below the value; a band goes down to the value of its last customer
CUT_POINTS = {
    "r_score": ["2024-07-27", "2024-11-11", "2024-12-31", "2025-02-11"],
    "f_score": [0, 1, 2, 5],
    "m_score": [1181, 3947, 7016, 13659],
}
LAST_OF_BANDS = {"top": 5940, "high": 2609, "middle": 334, "low": -5991}


def _land_in_two_drops(settings: Settings) -> None:
    """Simulate 200 people who buy rarely, so that a history fits on a page; each night finds the events up to it."""
    behaviour = Behaviour(rate_mean=1 / 70, rate_most=1 / 20, favourites_most=4, finds=(0.3, 1.2), complaint_share=0.1)
    simulated = settings.home / "simulated"
    simulate(settings, simulated, settings.home / "truth", 200, 430, seed=1, behaviour=behaviour)
    with duckdb.connect() as connection:
        connection.execute(
            f"create view dated as select order_id, ordered_at from '{simulated}/sales/orders/*/*.parquet'"
        )
        for file in simulated.glob("*/*/*/*.parquet"):
            source, entity = file.parts[-4:-2]
            rows = f"(from '{file}')" if entity != "order_lines" else f"(from '{file}' join dated using (order_id))"
            for night in (FIRST_NIGHT, AS_OF):
                folder = settings.landing / source / entity / str(night)
                folder.mkdir(parents=True)
                of_night = f"(cast({_EVENTS[entity]} as date) <= date '{FIRST_NIGHT}') = {night == FIRST_NIGHT}"
                connection.execute(f"copy (from {rows} where {of_night}) to '{folder}/drop.parquet'")


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> Settings:
    """Both nights on the simulated retailer."""
    costs = {"RAPPORT_COST_PER_MINUTE": "0.40", "RAPPORT_COST_PER_RETURN": "4"}
    home = tmp_path_factory.mktemp("simulated")
    settings = Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_SECRET": "for tests", **costs})
    _land_in_two_drops(settings)
    run_nights(settings, PROBABILITIES)
    return settings


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.why)
def test_rows_shown_are_all_that_landed_of_them(person, nights):
    check_rows(nights.landing, person, COLUMNS)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.why)
def test_every_column_is_as_worked_out_by_hand(person, nights):
    assert read_customer(nights, person) == expect_columns(person.told)


def test_what_is_learnt_from_everybody_is_as_worked_out_with_numpy(nights):
    for night in (FIRST_NIGHT, AS_OF):
        everybody = measure_everybody(nights, night)
        assert everybody.dormant_after_days == DORMANT_AFTER[night]
        assert everybody.vip_amount == VIP_AMOUNT[night]
    for score, cut_points in CUT_POINTS.items():
        assert everybody.cut_points(score) == cut_points
    assert everybody.last_of_bands() == LAST_OF_BANDS
    check_learnt(nights, everybody)


def test_the_night_again_says_the_same(nights):
    """What it remembers is the night before, not its own first run: 1000000406 is at risk since tonight only."""
    first = _read_told(nights)
    for stage in ("build", "segment"):
        run_stage(stage, nights, AS_OF)
    assert _read_told(nights) == first


def _read_told(settings: Settings) -> list[list[tuple]]:
    with open_for_reading(settings) as connection:
        tables = ("customers", "segment_history", "segment_summary")
        return [connection.execute(f"from marts.{table} order by all").fetchall() for table in tables]
