"""A retailer small enough for a night in seconds, with people who can be recognised wherever they turn up."""

from pathlib import Path

import duckdb

FIRST_DAY, LAST_DAY = "2024-01-01", "2024-07-18"

# 240 accounts buy a basket of one to three of twelve things every two to nineteen days, some until they stop.
_ORDERS = """
    create table orders as
    select
        'O' || c || '-' || n as order_id,
        timestamp '2024-01-01 09:00:00' + interval (c % 11 + n * (2 + c % 18)) day + interval (c % 600) minute
            as ordered_at,
        'REF-' || (770000 + c) as customer_ref,
        case when c % 2 = 0 then 'CARD-' || (880000 + c) end as loyalty_id,
        case when c % 3 < 2 then 'person' || c || '@planted.example' end as email,
        case when c % 4 < 2 then '0700 0' || lpad(c::varchar, 5, '0') end as phone,
        case when c % 5 = 0 then 'store' else 'web' end as channel,
        'EUR' as currency
    from range(240) as customers(c), range(100) as numbers(n)
    where n * (2 + c % 18) + c % 11 < 200 and n < 3 + c % 40
"""

_TABLES = {
    "sales/orders": "select * from orders",
    "sales/order_lines": """
        select
            order_id, i + 1 as line_no, 'P' || (hash(order_id, i) % 12) as product_id,
            1 + hash(order_id) % 3 as quantity, 2.5 + (hash(order_id, i) % 12) as unit_price, 0 as discount_amount
        from orders, range(3) as lines(i) where i <= hash(order_id) % 3
    """,
    "sales/products": """
        select 'P' || p as product_id, 'Thing ' || p as name, 'Things' as category, 'Kind ' || p % 4 as subcategory,
            1.0 + p as unit_cost
        from range(12) as products(p)
    """,
    "sales/returns": """
        select 'R-' || order_id as return_id, 'P1' as product_id, ordered_at + interval 3 day as returned_at,
            1 as quantity, 1.5 as refund_amount, order_id, customer_ref,
            'broken, write to ' || coalesce(email, '-') as reason
        from orders where hash(order_id, 'r') % 25 = 0 and ordered_at < timestamp '2024-07-10'
    """,
    "support/contacts": """
        select 'T-' || order_id as contact_id, ordered_at + interval 1 hour as opened_at, email, phone,
            'complaint' as kind, 'call me on ' || phone as topic, 1 + hash(order_id) % 5 as csat, 7 as handling_minutes
        from orders where (email is not null or phone is not null) and hash(order_id, 't') % 10 = 0
    """,
    "loyalty/members": """
        select loyalty_id, min(ordered_at) as enrolled_at, any_value(customer_ref) as customer_ref,
            any_value(email) as email, any_value(phone) as phone,
            '{"household": 2, "note": "' || coalesce(any_value(email), '') || '"}' as attributes
        from orders where loyalty_id is not null group by loyalty_id
    """,
    "loyalty/consents": """
        select loyalty_id, 'email' as channel, 'marketing' as purpose, true as granted, min(ordered_at) as changed_at
        from orders where loyalty_id is not null group by loyalty_id
    """,
    "loyalty/points": """
        select 'E-' || order_id as entry_id, loyalty_id, ordered_at as occurred_at, 10 as points
        from orders where loyalty_id is not null
    """,
}


def land_small_retailer(landing: Path, last_day: str = LAST_DAY, entities: tuple[str, ...] = tuple(_TABLES)) -> None:
    """One first load of entities, dated the last day, which no order comes after."""
    with duckdb.connect() as connection:
        connection.execute(_ORDERS)
        connection.execute("delete from orders where cast(ordered_at as date) > cast(? as date)", [last_day])
        for entity in entities:
            folder = landing / entity / last_day
            folder.mkdir(parents=True)
            connection.execute(f"copy ({_TABLES[entity]} order by all) to '{folder / 'first.csv'}' (header)")
