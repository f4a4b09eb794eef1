"""A clean landing folder with drops of every entity, of any size, for tests that need them all."""

from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2024, 3, 1)

# One query an entity: the rows of day number $day, dated $today, with $size orders. The hash is chance without a clock.
_ROWS = {
    "sales/orders": """
        select concat('o', $day, '-', i) as order_id, $today::timestamp + i * interval 7 second as ordered_at,
            case when i % 5 > 0 then concat('c', hash(i, $day) % 50) end as customer_ref,
            case when i % 3 = 0 then concat('m', hash(i, $day) % 50) end as loyalty_id,
            case when i % 4 = 0 then concat('someone', hash(i) % 90, '@shop.example') end as email,
            case when i % 7 = 0 then concat('+4420794', 60000 + hash(i) % 90) end as phone,
            ['store', 'web', 'app', 'phone', 'other'][1 + i % 5] as channel, concat('s', i % 3) as store_id,
            'EUR' as currency, case when i % 11 = 0 then 'cancelled' else 'completed' end as status
        from range($size) as r(i)
        union all select concat('o', $day - 1, '-0'), $today::timestamp - interval 1 day, null, 'm0', null, null,
            'store', 's0', 'EUR', 'completed' where $day > 0""",
    "sales/order_lines": """
        select concat('o', $day, '-', i) as order_id, l::varchar as line_no, concat('p', hash(i, l) % 40) as product_id,
            (1 + (i + l) % 4)::decimal(18, 3) as quantity, (1.25 + (i * l) % 60)::decimal(18, 2) as unit_price,
            case when (i + l) % 6 = 0 then 0.25 else 0 end::decimal(18, 2) as discount_amount,
            null::varchar as coupon_id, null::varchar as offer_id
        from range($size) as r(i), range(1, 4) as lines(l)""",
    "sales/returns": """
        select concat('r', $day, '-', i) as return_id, concat('p', i % 40) as product_id,
            $today::timestamp + i * interval 1 minute as returned_at, 1 as quantity, 1.25::double as refund_amount,
            concat('o', $day, '-', i) as order_id, '1' as line_no, null as customer_ref, 'too "small"' as reason
        from range($size // 10 + 2) as r(i)""",
    "sales/products": """
        select concat('p', i) as product_id, concat('Thing, ', i) as name, 'things' as category, null as subcategory,
            concat('brand ', i % 4) as brand, (2 + i + case when i % 40 = $day then 1 else 0 end)::decimal(18, 2)
            as list_price, 1.00::decimal(18, 2) as unit_cost, i % 9 > 0 as is_active
        from range(40) as r(i) where $day = 0 or i % 4 = $day % 4""",
    "sales/stock": """
        select concat('p', i) as product_id, $today::date as snapshot_on, (hash(i, $day) % 100)::integer as on_hand,
            5.5::double as on_order, 3 as lead_time_days
        from range(40) as r(i)""",
    "support/contacts": """
        select concat('k', $day, '-', i) as contact_id, $today::timestamp + i * interval 5 minute as opened_at,
            concat('c', i % 50) as customer_ref, null as loyalty_id,
            concat('someone', i, '@shop.example') as email, null as phone, 'phone' as channel,
            ['product_question', 'complaint', 'other'][1 + i % 3] as kind, 'delivery' as topic, null as product_id,
            null as order_id, $today::timestamp + interval 20 hour as resolved_at, 1 + i % 5 as csat,
            4.5 as handling_minutes
        from range($size // 10 + 2) as r(i)""",
    "loyalty/members": """
        select concat('m', i) as loyalty_id, $today::timestamp + i * interval 1 second as enrolled_at,
            concat('c', i) as customer_ref, concat('someone', i, '@shop.example') as email,
            concat('020 794 ', 60000 + i) as phone, 1950 + i as birth_year, 'gold' as program_tier,
            '{"household": 2}' as attributes
        from range($day * 10, $day * 10 + 10) as r(i)""",
    "loyalty/consents": """
        select concat('m', i) as loyalty_id, channel, 'marketing' as purpose, (i + $day) % 2 = 0 as granted,
            $today::timestamp + i * interval 1 second as changed_at, null::timestamp as expires_at
        from range($day * 10, $day * 10 + 10) as r(i), (select unnest(['email', 'sms', 'post']) as channel)""",
    "loyalty/points": """
        select concat('e', $day, '-', i) as entry_id, concat('m', i % 50) as loyalty_id,
            $today::timestamp + i * interval 1 second as occurred_at, (i % 20 - 5)::bigint as points,
            'purchase' as reason, concat('o', $day, '-', i) as order_id
        from range($size // 2 + 2) as r(i)""",
    "loyalty/exposures": """
        select concat('x', $day, '-', i) as offer_id, $today::timestamp + interval 6 hour as sent_at,
            concat('m', i) as loyalty_id, null as customer_ref, 'email' as channel, 'spring' as program,
            concat('p', i % 40) as product_id, 2.50 as incentive_value, 0.01 as cost,
            $today::timestamp + interval 30 day as expires_at,
            case when i % 10 = 0 then 'control' else 'treatment' end as arm
        from range($size // 10 + 5) as r(i)""",
    "loyalty/redemptions": """
        select concat('d', $day, '-', i) as redemption_id, concat('x', $day, '-', i) as offer_id,
            $today::timestamp + interval 12 hour as redeemed_at, concat('o', $day, '-', i) as order_id,
            concat('m', i) as loyalty_id, null as customer_ref
        from range(6) as r(i)""",
    "privacy/erasures": """
        select concat('q', $day, '-', i) as request_id, $today::timestamp + interval 9 hour as requested_at,
            concat('gone', $day, '-', i) as customer_ref, null as loyalty_id,
            concat('gone', $day, '-', i, '@shop.example') as email, null as phone
        from range(6) as r(i)""",
}


def land_whole_shop(landing: Path, days: int, size: int) -> date:
    """Write drops of every entity for `days` days with `size` orders each; return the last day.

    Every second drop of an entity is CSV, the others Parquet. Products are sent again with changes, and each day
    changes one order of the day before.
    """
    connection = duckdb.connect()
    for day in range(days):
        today = FIRST_DAY + timedelta(days=day)
        for number, (entity, query) in enumerate(_ROWS.items()):
            form = "csv" if (day + number) % 2 else "parquet"
            path = landing / entity / str(today) / f"part.{form}"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = query.replace("$today", f"date '{today}'").replace("$day", str(day)).replace("$size", str(size))
            connection.execute(f"copy (select * from ({rows}) order by all) to '{path}' (format {form})")
    connection.close()
    return FIRST_DAY + timedelta(days=days - 1)
