"""Ten people of a simulated retailer: their rows as they landed, and the arithmetic that leads to `customers`.

The night is 2025-03-05, so that the 12 months begin after 2024-03-05; the night before it was 2025-02-03. A unit cost
never changes here. test_customers_traced_simulated.py says what all customers teach, and checks every word.
"""

from tests.integration.tracing import Person

_SAME_FOR_MOST = dict.fromkeys((
    "tier_gap_amount", "tier_gap_orders", "vip_gap_widens_on", "vip_gap_widens_by", "let_go_since", "keep_review_on",
)) | {
    "as_of_date": "2025-03-05", "is_loyalty_member": True, "points_balance": 0, "tier": "standard",
    "support_contacts_12m": 0, "minutes_12m": "0", "returns_12m": "0", "is_near_vip": False, "is_at_risk": False,
    "was_at_risk": False, "refunds": "0", "returned_cost_12m": "0",
}  # fmt: skip
_ONLY_OF_BUYERS = (
    "first_order_on", "last_order_on", "recency_days", "gross_margin_12m", "average_order_value", "median_gap_days",
    "return_share", "full_price_share", "discount_share", "tier", "tier_gap_amount", "tier_gap_orders",
    "vip_gap_amount", "vip_gap_widens_on", "vip_gap_widens_by", "r_score", "f_score", "m_score", "segment",
    "segment_since", "is_near_vip", "is_at_risk", "was_at_risk", "value_band", "keep_status", "keep_reason",
    "let_go_since", "keep_review_on", "dormant_unless_order_on", "confidence",
)  # fmt: skip


def trace(why: str, rows: str, **told: object) -> Person:
    """A buyer shown, with what is the same for most of them. With two tiers the next one is the top one."""
    return Person(why, rows, _SAME_FOR_MOST | {"vip_gap_amount": told.get("tier_gap_amount")} | told)


def trace_prospect(why: str, rows: str, **told: object) -> Person:
    """Somebody shown who never bought: all that needs a purchase is empty."""
    nothing = {"orders_total": 0, "orders_12m": 0, "net_revenue_total": 0, "net_revenue_12m": 0}
    return Person(why, rows, dict.fromkeys(_ONLY_OF_BUYERS) | nothing | told)


PEOPLE = [
    trace(
        "churned; half of the history has left the 12 months, the rest came back in part",
        """
        order, 1000000005, 2024-01-05 13:48:56, completed, , 2611629219072:
            P00049 1*3.79-1.14 (2.74) + P00100 1*6.39 (4.63) + P00212 1*10.04 (7.10)
            + P00250 1*1.64-0.74 (1.08) = 19.98 (15.55)
        order, 1000000198, 2024-05-07 05:23:27, completed, C1443828608, 2611629219072, emma.ingram2560@example.com:
            P00079 1*2.79-1.12 (1.65) + POST 1*3.95 (3.95) = 5.62 (5.60)
        return, R1000000006, 2024-05-08 15:37:15, 1000000198, P00079, 1, 1.67
        contact, K1000000043, 2024-05-08 14:37:15, , , Emma.ingram2560@example.com, , 6.0
        member, 2611629219072, 2022-12-06 13:05:07, , Emma.ingram2560@example.com, 0700 460 9536
        points, E1000000003, 2611629219072, 2024-01-05 13:48:56, 19
        points, E1000000093, 2611629219072, 2024-05-07 05:23:27, 5
        """,
        first_order_on="2024-01-05", last_order_on="2024-05-07", recency_days=302, orders_total=2, orders_12m=1,
        gaps=[123], sales="19.98 + 5.62", sales_12m="5.62", full_price="16.43 + 3.95", discounts="1.14 + 0.74 + 1.12",
        cost_12m="5.60", refunds="1.67", returned_cost_12m="1 * 1.65", support_contacts_12m=1, minutes_12m="6.0",
        returns_12m=1, points_balance="19 + 5", tier_gap_amount="183.78 - 3.95", tier_gap_orders=16,
        vip_gap_widens_on="2025-05-07", vip_gap_widens_by="5.62", r_score=1, f_score=2, m_score=1,
        value_band="negative", segment="churned", segment_since="2025-02-03", dormant_unless_order_on="2024-09-15",
        keep_status="maintain",
        keep_reason=(
            "value band negative, worth -6.40 in 12 months; 1 order in 12 months and 425 days since the "
            "first are too little to let them go"
        ),
    ),
    trace(
        "regular: a guest known by the mailbox who joined later; a cancelled order counts nowhere",
        """
        order, 1000000277, 2024-06-22 18:37:50, completed, , , kate.parker1057@example.com, +447001903290:
            P00127 1*1.59 (1.03) + POST 1*3.95 (3.95) = 5.54 (4.98)
        order, 1000000621, 2024-11-25 13:37:46, completed, , 2612163806580:
            P00015 1*18.74 (11.64) + P00169 2*8.69 (5.61) + P00187 1*2.74 (1.84) = 38.86 (24.70)
        order, 1000000748, 2025-01-19 16:54:06, cancelled, , , kate.parker1057@example.com, 0700-190-3290:
            P00107 1*3.74 (2.26) = 3.74 (2.26)
        return, R1000000039, 2024-12-02 15:50:53, 1000000621, P00015, 1, 18.74
        contact, K1000000069, 2024-06-23 17:33:45, , , kate.parker1057@example.com, , 11.5
        contact, K1000000168, 2025-01-21 03:30:35, , , kate.parker1057@example.com, 00447001903290, 34.2
        member, 2612163806580, 2024-06-30 12:45:03, , , +44 700 190 3290
        points, E1000000289, 2612163806580, 2024-11-25 13:37:46, 38
        """,
        first_order_on="2024-06-22", last_order_on="2024-11-25", recency_days=100, orders_total=2, orders_12m=2,
        gaps=[156], sales="5.54 + 38.86", full_price="5.54 + 38.86", discounts="0", cost_12m="4.98 + 24.70",
        refunds="18.74", returned_cost_12m="1 * 11.64", support_contacts_12m=2, minutes_12m="11.5 + 34.2",
        returns_12m=1, points_balance="38", tier_gap_amount="183.78 - 25.66", tier_gap_orders=13,
        vip_gap_widens_on="2025-06-22", vip_gap_widens_by="5.54", r_score=3, f_score=3, m_score=2,
        value_band="negative", segment="regular", segment_since="2025-02-03", dormant_unless_order_on="2025-04-05",
        keep_status="maintain",
        keep_reason=(
            "value band negative, worth -14.66 in 12 months; 2 orders in 12 months and 256 days since the "
            "first are too little to let them go"
        ),
    ),
    trace(
        "dormant; returned the dearest thing",
        """
        order, 1000000182, 2024-04-25 07:58:10, completed, C1038184822, 2610025456548, jack.coleman1515@example.org:
            P00080 2*3.84-1.15 (2.44) + P00095 2*5.49 (3.49) + P00188 1*3.69 (2.46) = 21.20 (14.32)
        order, 1000000208, 2024-05-09 12:01:30, completed, , 2610025456548: P00268 1*55.64 (31.24) = 55.64 (31.24)
        order, 1000000221, 2024-05-18 11:45:53, completed, , 2610025456548: P00228 1*15.79 (11.43) = 15.79 (11.43)
        order, 1000000392, 2024-08-21 16:02:35, completed, , 2610025456548:
            P00080 1*3.84 (2.44) + P00083 1*5.19 (3.66) = 9.03 (6.10)
        return, R1000000007, 2024-05-22 23:44:06, 1000000208, P00268, 1, 55.64
        contact, K1000000052, 2024-05-19 12:50:40, , , jack.coleman1515@example.org, +447002728274, 4.1
        contact, K1000000045, 2024-05-22 22:44:06, , , jack.coleman1515@example.org, , 6.0
        member, 2610025456548, 2021-12-30 16:27:41, C1038184822, jack.coleman1515@example.org, 0700 272 8274
        points, E1000000085, 2610025456548, 2024-04-25 07:58:10, 21
        points, E1000000098, 2610025456548, 2024-05-09 12:01:30, 55
        points, E1000000106, 2610025456548, 2024-05-18 11:45:53, 15
        points, E1000000180, 2610025456548, 2024-08-21 16:02:35, 9
        """,
        first_order_on="2024-04-25", last_order_on="2024-08-21", recency_days=196, orders_total=4, orders_12m=4,
        gaps=[14, 9, 95], sales="21.20 + 55.64 + 15.79 + 9.03", full_price="14.67 + 55.64 + 15.79 + 9.03",
        discounts="1.15", cost_12m="14.32 + 31.24 + 11.43 + 6.10", refunds="55.64", returned_cost_12m="1 * 31.24",
        support_contacts_12m=2, minutes_12m="6.0 + 4.1", returns_12m=1, points_balance="21 + 55 + 15 + 9",
        tier_gap_amount="183.78 - 46.02", tier_gap_orders=12, vip_gap_widens_on="2025-04-25",
        vip_gap_widens_by="21.20", r_score=2, f_score=4, m_score=3, value_band="middle", segment="dormant",
        segment_since="2025-02-03", dormant_unless_order_on="2024-12-30", keep_status="maintain",
        keep_reason="value band middle, worth 6.13 in 12 months",
    ),
    trace(
        "near_vip and let go: two accounts of one mailbox, whose returns and contacts eat the margin",
        """
        order, 1000000179, 2024-04-22 12:14:34, completed, C1946595431, , irene.holmes42@example.net:
            P00010 1*9.09-4.18 (5.63) + P00049 2*3.79-1.78 (2.74) + P00092 1*11.99-5.52 (7.11)
            + P00097 1*3.34-1.54 (2.45) + P00124 1*8.89-4.49 (5.69) + P00227 1*11.14-5.63 (7.74)
            + P00244 1*6.89-1.62 (4.81) = 34.16 (38.91)
        order, 1000000194, 2024-05-04 15:08:36, completed, , , , 00447000077098:
            P00209 2*8.34-6.67 (5.97) = 10.01 (11.94)
        order, 1000000300, 2024-07-07 10:39:48, completed, C1940231294, , irene.holmes42@example.net, 0700-007-7098:
            P00031 1*2.69-1.36 (1.81) + P00079 2*2.79-2.57 (1.65) + P00217 1*9.49-4.79 (6.05)
            + POST 1*3.95 (3.95) = 12.99 (15.11)
        order, 1000000475, 2024-09-23 22:22:14, completed, C1940231294, , irene.holmes42@example.net:
            P00067 3*6.19-5.20 (4.35) + P00150 1*13.79-6.96 (9.40) + P00265 1*56.79-28.68 (39.88)
            + POST 1*3.95 (3.95) = 52.26 (66.28)
        order, 1000000692, 2024-12-23 21:08:12, completed, C1940231294, , irene.holmes42@example.net,
            +44 700 007 7098:
            P00148 2*7.04-5.21 (4.17) + P00160 3*3.44-1.03 (2.48) + P00244 2*6.79-3.80 (4.81) = 27.94 (25.40)
        order, 1000000786, 2025-02-13 21:49:46, completed, C1946595431, , irene.holmes42@example.net:
            P00082 1*3.89-1.44 (2.33) + P00083 1*6.79-0.68 (3.66) + P00112 1*8.44-3.12 (3.79)
            + P00160 2*3.44-0.69 (2.48) + P00206 2*6.69-6.15 (4.25) + P00227 3*11.44-17.33 (7.74)
            + POST 1*3.95 (3.95) = 48.24 (50.41)
        return, R1000000051, 2025-02-15 23:57:47, 1000000786, P00227, 3, 16.99
        return, R1000000050, 2025-02-26 01:43:52, 1000000786, P00083, 1, 6.11
        contact, K1000000036, 2024-04-14 23:11:43, , , irene.holmes42@example.net, +447000077098, 7.1
        contact, K1000000078, 2024-07-08 18:37:53, C1940231294, , IRENE.HOLMES42@EXAMPLE.NET, , 11.6
        contact, K1000000107, 2024-09-24 10:43:04, , , irene.holmes42@example.net, , 12.9
        contact, K1000000128, 2024-11-09 06:27:13, , , irene.holmes42@example.net, 00447000077098, 3.4
        contact, K1000000156, 2024-12-26 03:12:42, C1946595431, , irene.holmes42@example.net, , 15.5
        contact, K1000000179, 2025-02-15 22:57:47, , , irene.holmes42@example.net, , 18.4
        contact, K1000000178, 2025-02-26 00:43:52, , , , 0700-007-7098, 14.2
        """,
        first_order_on="2024-04-22", last_order_on="2025-02-13", recency_days=20, orders_total=6, orders_12m=6,
        gaps=[12, 64, 78, 91, 52], sales="34.16 + 10.01 + 12.99 + 52.26 + 27.94 + 48.24",
        full_price="3.95 + 3.95 + 3.95",
        discounts=(
            "4.18 + 1.78 + 5.52 + 1.54 + 4.49 + 5.63 + 1.62 + 6.67 + 1.36 + 2.57 + 4.79 + 5.20 + 6.96 + 28.68 + 5.21 + "
            "1.03 + 3.80 + 1.44 + 0.68 + 3.12 + 0.69 + 6.15 + 17.33"
        ),
        cost_12m="38.91 + 11.94 + 15.11 + 66.28 + 25.40 + 50.41", refunds="6.11 + 16.99",
        returned_cost_12m="1 * 3.66 + 3 * 7.74", support_contacts_12m=7,
        minutes_12m="7.1 + 11.6 + 12.9 + 3.4 + 15.5 + 14.2 + 18.4", returns_12m=2, is_loyalty_member=False,
        tier_gap_amount="183.78 - 162.50", tier_gap_orders=1, vip_gap_widens_on="2025-04-22",
        vip_gap_widens_by="34.16", r_score=5, f_score=5, m_score=5, value_band="negative", segment="near_vip",
        segment_since="2025-03-05", is_near_vip=True, dormant_unless_order_on="2025-06-24",
        let_go_since="2025-02-03", keep_review_on="2025-05-04", keep_status="let_go",
        keep_reason=(
            "6 orders in 12 months left -59.91: a margin of -18.67 less 33.24 for support and 8.00 for "
            "handling returns"
        ),
    ),
    trace(
        "near_vip since tonight, without a card",
        """
        order, 1000000557, 2024-11-01 11:30:18, completed, C1221914304, , clara.reeves1280@example.com:
            P00012 1*17.44 (10.33) + P00065 2*4.14 (2.64) + P00161 2*4.74 (3.09) + P00238 1*5.84 (3.76) = 41.04 (25.55)
        order, 1000000633, 2024-11-29 17:46:54, completed, C1221914304, , clara.reeves1280@example.com,
            00447007304768:
            P00166 1*2.39 (1.70) = 2.39 (1.70)
        order, 1000000691, 2024-12-23 19:17:17, completed, , , clara.reeves1280@example.com, 07007304768:
            P00145 1*7.74 (5.31) + P00167 2*3.39-3.05 (2.03) = 11.47 (9.37)
        order, 1000000793, 2025-02-19 07:46:19, completed, C1221914304, , clara.reeves1280@example.com:
            P00106 1*3.54 (1.76) + P00166 1*2.39 (1.70) + P00266 1*108.19 (51.39) + P00287 1*6.54 (4.35)
            + POST 1*3.95 (3.95) = 124.61 (63.15)
        """,
        first_order_on="2024-11-01", last_order_on="2025-02-19", recency_days=14, orders_total=4, orders_12m=4,
        gaps=[28, 24, 58], sales="41.04 + 2.39 + 11.47 + 124.61", full_price="41.04 + 2.39 + 7.74 + 124.61",
        discounts="3.05", cost_12m="25.55 + 1.70 + 9.37 + 63.15", is_loyalty_member=False,
        tier_gap_amount="183.78 - 179.51", tier_gap_orders=1, vip_gap_widens_on="2025-11-01",
        vip_gap_widens_by="41.04", r_score=5, f_score=4, m_score=5, value_band="top", segment="near_vip",
        segment_since="2025-03-05", is_near_vip=True, dormant_unless_order_on="2025-06-30",
        keep_status="invest",
        keep_reason="4.27 short of the top tier, an order of theirs brings 44.88",
    ),
    trace(
        "vip since tonight and let go: bought next to nothing at full price, which left hardly any margin",
        """
        order, 1000000000, 2024-01-01 08:41:12, completed, C1374653592, 2610916435728, clara.coleman1787@example.net,
            0700-821-7864:
            P00040 2*5.64-4.17 (3.99) + P00058 3*10.14-15.36 (7.39) + P00250 1*1.64-0.83 (1.08)
            + POST 1*3.95 (3.95) = 26.93 (35.18)
        order, 1000000164, 2024-04-15 12:46:21, completed, C1374653592, 2610916435728, clara.coleman1787@example.net:
            P00067 1*6.14-2.82 (4.35) + P00214 2*3.64-3.68 (2.65) + P00232 1*5.14-2.36 (3.07)
            + POST 1*3.95 (3.95) = 13.65 (16.67)
        order, 1000000172, 2024-04-17 20:07:44, completed, C1374653592, , clara.coleman1787@example.net:
            P00052 2*4.54-4.59 (2.64) + P00067 1*6.14-2.82 (4.35) + P00085 3*4.64-5.15 (2.90) = 16.58 (18.33)
        order, 1000000297, 2024-07-04 08:13:22, completed, C1374653592, 2610916435728, clara.coleman1787@example.net,
            +44 700 821 7864:
            P00040 2*5.69-3.41 (3.99) + P00079 1*2.79-1.12 (1.65) + P00108 2*5.19-4.15 (3.70)
            + P00217 2*9.49-8.54 (6.05) = 26.31 (29.13)
        order, 1000000341, 2024-07-22 12:04:33, completed, C1374653592, 2610916435728, clara.coleman1787@example.net,
            07008217864:
            P00041 1*7.79-0.78 (5.21) + P00122 2*8.74-1.75 (5.94) + P00149 2*9.74-1.95 (6.96)
            + P00181 1*2.79-0.28 (2.00) + P00191 1*22.34-2.23 (16.23) = 62.89 (49.24)
        order, 1000000629, 2024-11-27 23:51:29, completed, C1374653592, , clara.coleman1787@example.net, 07008217864:
            P00100 1*8.24-0.82 (4.63) + P00112 1*8.44-3.88 (3.79) + P00283 1*3.94-0.39 (2.79)
            + POST 1*3.95 (3.95) = 19.48 (15.16)
        order, 1000000804, 2025-02-24 21:43:14, completed, C1374653592, , clara.coleman1787@example.net,
            0700 821 7864:
            P00103 1*3.04-1.12 (2.22) + P00110 2*7.19-5.32 (4.34) + P00163 2*3.59-0.72 (2.26)
            + P00172 1*4.34-1.61 (2.44) + P00199 1*2.64-0.26 (1.82) + P00226 2*8.39-6.21 (5.63)
            + P00284 3*5.34-7.37 (3.97) + POST 1*3.95 (3.95) = 45.72 (46.80)
        contact, K1000000076, 2024-07-05 14:29:27, , , clara.coleman1787@example.net, , 12.0
        member, 2610916435728, 2022-01-20 18:32:14, C1374653592, clara.coleman1787@example.net, 07008217864
        points, E1000000000, 2610916435728, 2024-01-01 08:41:12, 26
        points, E1000000079, 2610916435728, 2024-04-15 12:46:21, 13
        points, E1000000140, 2610916435728, 2024-07-04 08:13:22, 26
        points, E1000000156, 2610916435728, 2024-07-22 12:04:33, 62
        """,
        first_order_on="2024-01-01", last_order_on="2025-02-24", recency_days=9, orders_total=7, orders_12m=6,
        gaps=[105, 2, 78, 18, 128, 89], sales="26.93 + 13.65 + 16.58 + 26.31 + 62.89 + 19.48 + 45.72",
        sales_12m="13.65 + 16.58 + 26.31 + 62.89 + 19.48 + 45.72", full_price="3.95 + 3.95 + 3.95 + 3.95",
        discounts=(
            "4.17 + 15.36 + 0.83 + 2.82 + 3.68 + 2.36 + 4.59 + 2.82 + 5.15 + 3.41 + 1.12 + 4.15 + 8.54 + 0.78 + 1.75 + "
            "1.95 + 0.28 + 2.23 + 0.82 + 3.88 + 0.39 + 1.12 + 5.32 + 0.72 + 1.61 + 0.26 + 6.21 + 7.37"
        ),
        cost_12m="16.67 + 18.33 + 29.13 + 49.24 + 15.16 + 46.80", support_contacts_12m=1, minutes_12m="12.0",
        points_balance="26 + 13 + 26 + 62", tier="vip", vip_gap_amount="183.78 - 184.63", r_score=5, f_score=5,
        m_score=5, value_band="middle", segment="vip", segment_since="2025-03-05", dormant_unless_order_on="2025-07-05",
        let_go_since="2025-02-03",
        keep_review_on="2025-05-04", keep_status="let_go",
        keep_reason=(
            "6 orders in 12 months left 4.50 of 184.63 net revenue: a margin of 9.30 less 4.80 for support "
            "and 0.00 for handling returns; 5 % of all they bought was at full price"
        ),
    ),
    trace(
        "vip since tonight; asked for help before joining",
        """
        order, 1000000355, 2024-07-30 16:22:38, completed, , 2610941892276: P00192 1*31.39 (20.85) = 31.39 (20.85)
        order, 1000000451, 2024-09-11 12:37:39, completed, , 2610941892276:
            P00112 2*8.44-2.53 (3.79) + P00217 2*9.49 (6.05) = 33.33 (19.68)
        order, 1000000483, 2024-09-28 11:53:03, completed, , 2610941892276: P00011 1*12.54 (7.79) = 12.54 (7.79)
        order, 1000000678, 2024-12-18 16:39:06, completed, , 2610941892276:
            P00098 1*4.54 (3.06) + P00190 1*15.79 (9.48) + P00192 2*32.44 (20.85) + P00214 1*4.64 (2.65)
            + P00286 2*4.84 (3.19) = 99.53 (63.27)
        order, 1000000770, 2025-02-05 08:46:09, completed, , 2610941892276: P00217 1*11.89 (6.05) = 11.89 (6.05)
        contact, K1000000032, 2024-04-07 08:50:47, , , irene.zimmer525@example.net, +447000946138, 4.0
        contact, K1000000152, 2024-12-20 04:39:27, , 2610941892276, , , 17.1
        member, 2610941892276, 2024-04-27 14:26:26, , irene.zimmer525@example.net, 0700 094 6138
        points, E1000000164, 2610941892276, 2024-07-30 16:22:38, 31
        points, E1000000209, 2610941892276, 2024-09-11 12:37:39, 33
        points, E1000000224, 2610941892276, 2024-09-28 11:53:03, 12
        points, E1000000318, 2610941892276, 2024-12-18 16:39:06, 99
        points, E1000000358, 2610941892276, 2025-02-05 08:46:09, 11
        """,
        first_order_on="2024-07-30", last_order_on="2025-02-05", recency_days=28, orders_total=5, orders_12m=5,
        gaps=[43, 17, 81, 49], sales="31.39 + 33.33 + 12.54 + 99.53 + 11.89",
        full_price="31.39 + 18.98 + 12.54 + 99.53 + 11.89", discounts="2.53",
        cost_12m="20.85 + 19.68 + 7.79 + 63.27 + 6.05", support_contacts_12m=2, minutes_12m="4.0 + 17.1",
        points_balance="31 + 33 + 12 + 99 + 11", tier="vip", vip_gap_amount="183.78 - 188.68", r_score=4, f_score=4,
        m_score=5, value_band="top", segment="vip", segment_since="2025-03-05", dormant_unless_order_on="2025-06-16",
        keep_status="invest",
        keep_reason="holds the top tier with 188.68 net revenue in 12 months",
    ),
    trace(
        "at_risk still, within the margin below the cutoff",
        """
        order, 1000000427, 2024-09-04 09:30:02, completed, , 2611565577702:
            P00006 1*12.44-5.60 (8.10) + P00046 1*3.14 (2.01) = 9.98 (10.11)
        order, 1000000555, 2024-10-31 14:07:25, completed, , 2611565577702: P00257 1*9.19 (5.89) = 9.19 (5.89)
        contact, K1000000095, 2024-09-04 21:23:59, , , , 0700-278-8851, 9.7
        member, 2611565577702, 2024-05-04 16:04:01, , , 0700 278 8851
        points, E1000000200, 2611565577702, 2024-09-04 09:30:02, 9
        points, E1000000257, 2611565577702, 2024-10-31 14:07:25, 9
        """,
        first_order_on="2024-09-04", last_order_on="2024-10-31", recency_days=125, orders_total=2, orders_12m=2,
        gaps=[57], sales="9.98 + 9.19", full_price="3.14 + 9.19", discounts="5.60", cost_12m="10.11 + 5.89",
        support_contacts_12m=1, minutes_12m="9.7", points_balance="9 + 9", tier_gap_amount="183.78 - 19.17",
        tier_gap_orders=18, vip_gap_widens_on="2025-09-04", vip_gap_widens_by="9.98", r_score=2, f_score=3, m_score=2,
        value_band="negative", segment="at_risk", segment_since="2025-02-03", is_at_risk=True, was_at_risk=True,
        dormant_unless_order_on="2025-03-11", keep_status="maintain",
        keep_reason=(
            "value band negative, worth -0.71 in 12 months; 2 orders in 12 months and 182 days since the "
            "first are too little to let them go"
        ),
    ),
    trace(
        "near_vip and at risk too; a guest first, then a member with two accounts",
        """
        order, 1000000406, 2024-08-25 20:17:32, completed, , , walter.ellis6@example.net:
            P00054 1*11.44 (5.35) + P00196 1*15.19 (7.69) + POST 1*3.95 (3.95) = 30.58 (16.99)
        order, 1000000457, 2024-09-17 07:07:21, completed, C1420033042, , walter.ellis6@example.net:
            P00150 2*13.79 (9.40) = 27.58 (18.80)
        order, 1000000658, 2024-12-11 06:04:16, completed, C1420033042, 2610280022028, walter.ellis6@example.net:
            P00079 1*2.89 (1.65) + P00142 1*2.39 (1.41) + P00196 1*15.19 (7.69) = 20.47 (10.75)
        order, 1000000683, 2024-12-20 06:50:54, completed, C1426397179, , walter.ellis6@example.net:
            P00038 3*9.74 (6.90) + P00083 1*6.79 (3.66) + P00212 1*12.94 (7.10) + P00227 2*11.44 (7.74) = 71.83 (46.94)
        member, 2610280022028, 2024-09-09 16:33:23, C1420033042, walter.ellis6@example.net
        points, E1000000306, 2610280022028, 2024-12-11 06:04:16, 20
        """,
        first_order_on="2024-08-25", last_order_on="2024-12-20", recency_days=75, orders_total=4, orders_12m=4,
        gaps=[23, 85, 9], sales="30.58 + 27.58 + 20.47 + 71.83", full_price="30.58 + 27.58 + 20.47 + 71.83",
        discounts="0", cost_12m="16.99 + 18.80 + 10.75 + 46.94", points_balance="20",
        tier_gap_amount="183.78 - 150.46", tier_gap_orders=1, vip_gap_widens_on="2025-08-25",
        vip_gap_widens_by="30.58", r_score=3, f_score=4, m_score=5, value_band="high", segment="near_vip",
        segment_since="2025-02-03", is_near_vip=True, is_at_risk=True, dormant_unless_order_on="2025-04-30",
        keep_status="invest",
        keep_reason="33.32 short of the top tier, an order of theirs brings 37.62",
    ),
    trace_prospect(
        "a member who never bought, but wrote",
        """
        contact, K1000000124, 2024-11-04 08:02:22, , , vera.reeves1060@example.org, , 4.7
        member, 2612303817594, 2024-11-15 14:07:47, C1455726391, vera.reeves1060@example.org
        """,
        as_of_date="2025-03-05", is_loyalty_member=True, points_balance=0, support_contacts_12m=1, minutes_12m="4.7",
        returns_12m="0",
    ),
]  # fmt: skip
