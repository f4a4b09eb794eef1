"""Ten households of The Complete Journey traced by hand, from the rows that landed to every column of `customers`.

The 150 households with the fewest lines land, through the same mapping as all of them. The night is 2018-01-31, so that
purchases of January 2017 have left the 12 months. There are no returns, contacts, points or costs; the households are
members by their number, which is their customer_ref too.
"""

from datetime import date

import duckdb
import pytest

from datasets.landing import ADAPTERS, HERE, land_mapping
from datasets.mapping.mapped import DropDates
from pipeline.settings import Settings
from tests.integration.everybody import check_learnt, measure_everybody
from tests.integration.tracing import Person, check_rows, expect_columns, read_customer, run_nights

AS_OF = date(2018, 1, 31)
HOUSEHOLDS = 150
COLUMNS = {"order": ("order_id", "ordered_at", "loyalty_id"), "member": ("loyalty_id", "enrolled_at")}

# What the 150 teach, worked out with numpy below. The 95th percentile of gaps between purchase days, rounded up, makes
# dormant, twice as long churned;
DORMANT_AFTER = 170
# the best tenth, 15 households, have bought for this many cents in the 12 months
VIP_AMOUNT = 12720
# a score is one more than the cut points below the value; a band goes down to the value of its last household
CUT_POINTS = {
    "r_score": ["2017-06-15", "2017-09-28", "2017-11-16", "2017-12-09"],
    "f_score": [1, 2, 3, 5],
    "m_score": [1950, 3596, 5249, 8304],
}
LAST_OF_BANDS = {"top": 12720, "high": 6638, "middle": 2948, "low": 0}

_SAME_FOR_ALL = dict.fromkeys((
    "gross_margin_12m", "return_share", "support_contacts_12m", "support_cost_12m", "returns_cost_12m",
    "cost_to_serve_12m", "points_balance", "tier_gap_amount", "tier_gap_orders", "vip_gap_widens_on",
    "vip_gap_widens_by", "let_go_since", "keep_review_on",
)) | {
    "as_of_date": str(AS_OF), "is_loyalty_member": True, "tier": "standard", "segment_since": str(AS_OF),
    "is_near_vip": False, "is_at_risk": False, "was_at_risk": False, "refunds": "0",
}  # fmt: skip
_NOT_KNOWN = (
    "; not known: unit costs (none landed; value is net revenue, nobody is let go), support (no contacts landed), "
    "returns (none landed)"
)


def trace(why: str, rows: str, **told: object) -> Person:
    """A household shown, with what is the same for all of them. With two tiers the next one is the top one."""
    told = _SAME_FOR_ALL | {"vip_gap_amount": told.get("tier_gap_amount")} | told
    return Person(why, rows, told | {"keep_reason": told["keep_reason"] + _NOT_KNOWN})


PEOPLE = [
    trace(
        "churned: the one order is older than the 12 months",
        """
        order, 31268757565, 2017-01-06 04:14:39, 739: 951071 1*4.99 + 5569583 1*1.89 + 5995705 1*1.59 = 8.47
        member, 739, 2017-01-06 04:14:39
        """,
        first_order_on="2017-01-06", last_order_on="2017-01-06", recency_days=390,
        orders_total=1, orders_12m=0, gaps=[], sales="8.47", sales_12m="0", full_price="8.47", discounts="0",
        tier_gap_amount="127.20 - 0.00", tier_gap_orders=16, r_score=1, f_score=1, m_score=1, value_band="low",
        segment="churned", dormant_unless_order_on="2017-06-25", keep_status="maintain",
        keep_reason="value band low, worth 0.00 in 12 months",
    ),
    trace(
        "churned although what they bought holds the top tier",
        """
        order, 31833562522, 2017-02-11 21:36:13, 1645:
            820165 2*0.25 + 866211 1*5.27-2.62 + 878996 2*3.86-3.84 + 894968 1*1.89 + 913894 1*1.89-0.39
            + 921744 4*2.59-2.36 + 951412 1*10.25-5.14 + 982987 1*3.29 + 985999 4*7.895-15.37 + 1096280 3*1.29
            + 1108094 1*11.99 + 1113274 1*9.99-5.00 + 1127831 1*2.99 + 5575861 2*3.99-1.31 + 6034857 2*3.49
            + 6534103 2*3.99-1.32 + 6534480 2*3.99-1.31 + 6944739 3*6.99-3.00 + 7410168 1*2.69 + 9416653 1*4.99
            + 9547021 1*4.99 + 9677116 1*3.49 + 9677580 1*3.49 + 10141610 1*3.19-0.69 + 10144494 1*3.19-0.69 = 136.47
        member, 1645, 2017-02-11 21:36:13
        """,
        first_order_on="2017-02-11", last_order_on="2017-02-11", recency_days=354,
        orders_total=1, orders_12m=1, gaps=[], sales="136.47", full_price="51.16",
        discounts="2.62 + 3.84 + 0.39 + 2.36 + 5.14 + 15.37 + 5.00 + 1.31 + 1.32 + 1.31 + 3.00 + 0.69 + 0.69",
        tier="vip", vip_gap_amount="127.20 - 136.47", r_score=1, f_score=1, m_score=5, value_band="top",
        segment="churned", dormant_unless_order_on="2017-07-31", keep_status="invest",
        keep_reason="holds the top tier with 136.47 net revenue in 12 months",
    ),
    trace(
        "dormant since today, the 170th day without a purchase",
        """
        order, 35000640934, 2017-08-14 20:18:20, 967: 879755 2*1.29-0.58 = 2.00
        member, 967, 2017-08-14 20:18:20
        """,
        first_order_on="2017-08-14", last_order_on="2017-08-14", recency_days=170,
        orders_total=1, orders_12m=1, gaps=[], sales="2.00", full_price="0", discounts="0.58",
        tier_gap_amount="127.20 - 2.00", tier_gap_orders=63, vip_gap_widens_on="2018-08-14", vip_gap_widens_by="2.00",
        r_score=2, f_score=1, m_score=1, value_band="low", segment="dormant", dormant_unless_order_on="2018-01-31",
        keep_status="maintain", keep_reason="value band low, worth 2.00 in 12 months",
    ),
    trace(
        "dormant before vip",
        """
        order, 31769617309, 2017-02-07 02:46:05, 1886:
            867689 1*5.19-2.08 + 904360 1*0.99 + 985119 1*0.99 + 1024306 2*2.99-1.98 + 1082185 2*1.39-1.14
            + 1106523 1*2.69-0.92 = 12.50
        order, 32849149388, 2017-04-23 03:05:52, 1886: 1065538 7*16.49 = 115.43
        order, 32872277156, 2017-04-23 21:25:33, 1886: 912112 1*2.03-0.03 + 1106523 1*2.69-1.02 = 3.67
        member, 1886, 2017-02-07 02:46:05
        """,
        first_order_on="2017-02-07", last_order_on="2017-04-23", recency_days=283,
        orders_total=3, orders_12m=3, gaps=[75], sales="12.50 + 115.43 + 3.67", full_price="1.98 + 115.43",
        discounts="2.08 + 1.98 + 1.14 + 0.92 + 0.03 + 1.02", tier="vip", vip_gap_amount="127.20 - 131.60",
        r_score=1, f_score=3, m_score=5, value_band="top", segment="dormant", dormant_unless_order_on="2017-10-10",
        keep_status="invest", keep_reason="holds the top tier with 131.60 net revenue in 12 months",
    ),
    trace(
        "vip by reaching the threshold exactly; two orders within four seconds",
        """
        order, 32006765412, 2017-02-25 15:08:07, 2473:
            829323 1*0.86-0.28 + 865174 1*2.99 + 901666 1*1.61-0.53 + 1058997 1*1.99-0.99 + 1082185 1*0.48
            + 1114435 1*2.29-0.20 + 1115874 3*0.59666667-0.79 = 9.22
        order, 32006767990, 2017-02-26 00:38:54, 2473:
            915905 1*3.69-0.69 + 929388 1*3.69-0.69 + 1017799 1*5.39-0.40 = 10.99
        order, 32959248559, 2017-04-30 00:52:35, 2473:
            1152305 1*3.45 + 1173643 1*2.09-1.10 + 1220589 3*2.79-0.87 + 1272320 1*3.49 + 1322169 1*3.99-0.99
            + 1365527 1*3.09-1.42 + 1378437 1*3.09-1.42 + 1387444 1*1.59-0.25 + 1406777 4*3.99-3.96 = 35.11
        order, 40739440451, 2017-11-15 16:11:30, 2473:
            882305 2*1.00 + 953476 4*0.57-0.28 + 9677202 2*1.59 + 15717104 1*1.99 + 15971701 1*1.00 + 16124540 1*10.50
            + 17105467 2*19.99 = 60.65
        order, 40739440457, 2017-11-15 16:11:34, 2473:
            881988 1*1.89 + 882305 2*1.00 + 1006342 2*3.99-2.64 + 15971701 2*1.00 = 11.23
        member, 2473, 2017-02-25 15:08:07
        """,
        first_order_on="2017-02-25", last_order_on="2017-11-15", recency_days=77,
        orders_total=5, orders_12m=5, gaps=[1, 63, 199], sales="9.22 + 10.99 + 35.11 + 60.65 + 11.23",
        full_price="3.47 + 6.94 + 58.65 + 5.89",
        discounts=(
            "0.28 + 0.53 + 0.99 + 0.20 + 0.79 + 0.69 + 0.69 + 0.40 + 1.10 + 0.87 + 0.99 + 1.42 + 1.42 + 0.25 + 3.96 + "
            "0.28 + 2.64"
        ),
        tier="vip", vip_gap_amount="127.20 - 127.20", r_score=3, f_score=4, m_score=5, value_band="top",
        segment="vip", dormant_unless_order_on="2018-05-04", keep_status="invest",
        keep_reason="holds the top tier with 127.20 net revenue in 12 months",
    ),
    trace(
        "near_vip; an order at the pump, by the thousandth of a gallon, has left the 12 months",
        """
        order, 31624200694, 2017-01-26 15:45:56, 2219: 6534178 26618*0.00217935-0.01 = 58.00
        order, 31735266124, 2017-02-03 17:09:14, 2219: 6534178 13104*0.00229014-0.01 = 30.00
        order, 32259700709, 2017-03-18 14:13:05, 2219: 6534178 10080*0.00258036-0.01 = 26.00
        order, 33106712251, 2017-05-10 20:33:30, 2219: 6534178 6997*0.0028598-0.01 = 20.00
        order, 33155502430, 2017-05-14 23:26:18, 2219: 1062128 4*3.99 = 15.96
        order, 40335733197, 2017-10-12 21:05:58, 2219: 6534178 9549*0.00220023-0.01 = 21.00
        member, 2219, 2017-01-26 15:45:56
        """,
        first_order_on="2017-01-26", last_order_on="2017-10-12", recency_days=111,
        orders_total=6, orders_12m=5, gaps=[8, 43, 53, 4, 151], sales="58.00 + 30.00 + 26.00 + 20.00 + 15.96 + 21.00",
        sales_12m="30.00 + 26.00 + 20.00 + 15.96 + 21.00", full_price="15.96",
        discounts="0.01 + 0.01 + 0.01 + 0.01 + 0.01", tier_gap_amount="127.20 - 112.96", tier_gap_orders=1,
        vip_gap_widens_on="2018-02-03", vip_gap_widens_by="30.00", r_score=3, f_score=4, m_score=5, value_band="high",
        segment="near_vip", is_near_vip=True, dormant_unless_order_on="2018-03-31",
        keep_status="invest", keep_reason="14.24 short of the top tier, an order of theirs brings 28.49",
    ),
    trace(
        "near_vip that is too early to judge",
        """
        order, 41426896872, 2017-12-28 22:43:43, 60: 15512234 1*10.00 + 17105530 1*129.99-90.00 = 49.99
        order, 41440232044, 2017-12-29 22:33:26, 60: 15512234 1*10.00 + 17105530 1*129.99-90.00 = 49.99
        member, 60, 2017-12-28 22:43:43
        """,
        first_order_on="2017-12-28", last_order_on="2017-12-29", recency_days=33,
        orders_total=2, orders_12m=2, gaps=[1], sales="49.99 + 49.99", full_price="10.00 + 10.00",
        discounts="90.00 + 90.00", tier_gap_amount="127.20 - 99.98", tier_gap_orders=1,
        vip_gap_widens_on="2018-12-28", vip_gap_widens_by="49.99", r_score=5, f_score=2, m_score=5, value_band="high",
        segment="near_vip", is_near_vip=True, dormant_unless_order_on="2018-06-17",
        keep_status="too_early", keep_reason="first bought 34 days ago, judged from 90 days on",
    ),
    trace(
        "at_risk with a probability at the cutoff",
        """
        order, 31490830626, 2017-01-19 16:32:15, 834: 1083461 1*1.50-0.50 = 1.00
        order, 31553575413, 2017-01-24 16:01:07, 834: 1061228 1*12.49 + 1133950 1*4.79 = 17.28
        order, 34577251626, 2017-08-02 19:39:15, 834: 1060316 3*3.99-2.97 = 9.00
        order, 35144341098, 2017-08-18 17:11:58, 834: 851676 2*1.85-0.36 + 1090793 2*4.39-4.39 = 7.73
        order, 40630907603, 2017-11-06 23:46:01, 834: 820616 1*1.00 = 1.00
        member, 834, 2017-01-19 16:32:15
        """,
        first_order_on="2017-01-19", last_order_on="2017-11-06", recency_days=86,
        orders_total=5, orders_12m=3, gaps=[5, 190, 16, 80], sales="1.00 + 17.28 + 9.00 + 7.73 + 1.00",
        sales_12m="9.00 + 7.73 + 1.00", full_price="17.28 + 1.00", discounts="0.50 + 2.97 + 0.36 + 4.39",
        tier_gap_amount="127.20 - 17.73", tier_gap_orders=16,
        vip_gap_widens_on="2018-08-02", vip_gap_widens_by="9.00", r_score=3, f_score=3, m_score=1, value_band="low",
        segment="at_risk", is_at_risk=True, dormant_unless_order_on="2018-04-25",
        keep_status="maintain", keep_reason="value band low, worth 17.73 in 12 months",
    ),
    trace(
        "regular, with a next order to expect",
        """
        order, 32556679705, 2017-04-02 02:10:03, 1170: 1034176 1*11.99 = 11.99
        order, 34009930876, 2017-07-07 15:34:45, 1170: 866227 6*0.50-1.00 = 2.00
        order, 41453113636, 2017-12-31 22:34:21, 1170: 908846 6*0.50-1.00 = 2.00
        member, 1170, 2017-04-02 02:10:03
        """,
        first_order_on="2017-04-02", last_order_on="2017-12-31", recency_days=31,
        orders_total=3, orders_12m=3, gaps=[96, 177], sales="11.99 + 2.00 + 2.00", full_price="11.99",
        discounts="1.00 + 1.00", tier_gap_amount="127.20 - 15.99", tier_gap_orders=21,
        vip_gap_widens_on="2018-04-02", vip_gap_widens_by="11.99", r_score=5, f_score=3, m_score=1, value_band="low",
        segment="regular", dormant_unless_order_on="2018-06-19",
        keep_status="maintain", keep_reason="value band low, worth 15.99 in 12 months",
    ),
    trace(
        "regular; eighteen small orders are a history to be confident about",
        """
        order, 31723103912, 2017-02-03 01:42:07, 1381: 1106523 1*2.69 = 2.69
        order, 31769127345, 2017-02-05 19:13:27, 1381: 5567319 1*2.75-0.87 = 1.88
        order, 31769433757, 2017-02-06 01:01:34, 1381: 841309 1*2.49-0.99 = 1.50
        order, 31932502619, 2017-02-18 22:00:11, 1381: 873916 4*1.09-0.80 = 3.56
        order, 31932192300, 2017-02-18 22:35:00, 1381: 938566 2*0.79-0.08 = 1.50
        order, 32161363917, 2017-03-10 02:14:10, 1381: 1092303 1*3.89 = 3.89
        order, 32269614275, 2017-03-20 00:16:45, 1381: 12777678 1*2.99-0.99 = 2.00
        order, 32444684205, 2017-03-25 02:26:03, 1381: 915719 1*3.49 + 929351 2*2.99 = 9.47
        order, 32445833020, 2017-03-26 21:10:12, 1381: 12352015 1*2.89-0.39 + 12781802 1*2.99-0.99 = 4.50
        order, 32446128328, 2017-03-26 23:47:16, 1381: 1022956 1*1.09-0.09 = 1.00
        order, 32493277773, 2017-03-28 22:20:43, 1381: 922307 1*1.29-0.30 + 1063265 1*1.29-0.30 = 1.98
        order, 32556564412, 2017-04-02 01:39:07, 1381: 834435 1*5.39-2.39 = 3.00
        order, 33294018732, 2017-05-25 01:09:19, 1381: 1133018 1*1.85 = 1.85
        order, 34164274037, 2017-07-19 02:08:22, 1381: 12352015 1*2.99-0.49 = 2.50
        order, 34577452827, 2017-08-02 22:26:16, 1381: 951761 1*2.19-0.52 + 956672 1*2.49 = 4.16
        order, 34850279154, 2017-08-12 02:44:32, 1381: 1036681 1*3.69-1.19 + 12777678 1*2.99-0.30 = 5.19
        order, 35666020512, 2017-09-02 14:16:07, 1381: 1106523 1*2.79 = 2.79
        order, 41238379112, 2017-12-15 02:41:07, 1381: 13911428 1*2.99 = 2.99
        member, 1381, 2017-02-03 01:42:07
        """,
        first_order_on="2017-02-03", last_order_on="2017-12-15", recency_days=47,
        orders_total=18, orders_12m=18, gaps=[2, 1, 12, 20, 10, 5, 1, 2, 5, 53, 55, 14, 10, 21, 104],
        sales=(
            "2.69 + 1.88 + 1.50 + 3.56 + 1.50 + 3.89 + 2.00 + 9.47 + 4.50 + 1.00 + 1.98 + 3.00 + 1.85 + 2.50 + 4.16 + "
            "5.19 + 2.79 + 2.99"
        ),
        full_price="2.69 + 3.89 + 9.47 + 1.85 + 2.49 + 2.79 + 2.99",
        discounts=(
            "0.87 + 0.99 + 0.80 + 0.08 + 0.99 + 0.39 + 0.99 + 0.09 + 0.30 + 0.30 + 2.39 + 0.49 + 0.52 + 1.19 + 0.30"
        ),
        tier_gap_amount="127.20 - 56.45", tier_gap_orders=23,
        vip_gap_widens_on="2018-02-03", vip_gap_widens_by="2.69",
        r_score=5, f_score=5, m_score=4, value_band="middle", segment="regular",
        dormant_unless_order_on="2018-06-03", keep_status="maintain",
        keep_reason="value band middle, worth 56.45 in 12 months",
    ),
]  # fmt: skip


def _land_smallest_households(settings: Settings) -> None:
    package, sources = ADAPTERS["complete_journey"].find_folder(), settings.home / "sources"
    sources.mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"create table smallest as select household_id from '{package}/transactions.parquet' "
            f"group by household_id order by count(*), household_id limit {HOUSEHOLDS}"
        )
        for name in ("transactions", "campaigns", "coupon_redemptions", "demographics"):
            connection.execute(
                f"copy (from '{package}/{name}.parquet' semi join smallest using (household_id)) "
                f"to '{sources}/{name}.parquet'"
            )
    for name in ("products", "campaign_descriptions", "coupons"):
        (sources / f"{name}.parquet").symlink_to(package / f"{name}.parquet")
    land_mapping(settings, HERE / "complete_journey.yml", settings.landing, DropDates(), sources)


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Settings:
    """The night on the small households. Order 40630907603 is of a household at the cutoff of at_risk."""
    home = tmp_path_factory.mktemp("complete_journey")
    settings = Settings.from_environment({"RAPPORT_HOME": str(home), "RAPPORT_SECRET": "for tests"})
    _land_smallest_households(settings)
    run_nights(settings, {AS_OF: {"40630907603": 0.5}})
    return settings


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.why)
def test_rows_shown_are_all_that_landed_of_them(person, night):
    check_rows(night.landing, person, COLUMNS)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.why)
def test_every_column_is_as_worked_out_by_hand(person, night):
    assert read_customer(night, person) == expect_columns(person.told)


def test_what_is_learnt_from_everybody_is_as_worked_out_with_numpy(night):
    everybody = measure_everybody(night, AS_OF)
    assert len(everybody.buyers) == HOUSEHOLDS
    assert everybody.dormant_after_days == DORMANT_AFTER
    assert everybody.vip_amount == VIP_AMOUNT
    for score, cut_points in CUT_POINTS.items():
        assert everybody.cut_points(score) == cut_points
    assert everybody.last_of_bands() == LAST_OF_BANDS
    check_learnt(night, everybody)
