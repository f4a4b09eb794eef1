"""What bench.identity measures at scale: sightings made up from numbers, and their resolution to people."""

import sys
from datetime import date

from pipeline.identity.resolve import create_identity_tables, resolve
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

# About three identifiers a person: accounts, every second with a card; three in four a mailbox, two in three a phone,
# one in eight a second account; one phone in ten is also a neighbour's.
_SIGHTINGS = """
    create table staging.stg_identity__sightings as
    with people as (
        select range as n, cast(md5('card' || range) as uuid) as card, cast(md5('account' || range) as uuid) as account,
            case when range % 4 < 3 then cast(md5('mailbox' || range) as uuid) end as mailbox,
            case when range % 3 < 2 then cast(md5('phone' || range) as uuid) end as phone
        from range({people})
    ),
    came as (
        select card as loyalty_id, account as customer_ref, mailbox as email, phone from people where n % 2 = 0
        union all select card, null, null, null from people where n % 2 = 0
        union all select null, account, mailbox, phone from people
        union all select null, cast(md5('second' || n) as uuid), mailbox, null from people where n % 8 = 0
        union all select null, null, mailbox, null from people where n % 3 = 0 and mailbox is not null
        union all select null, account, null, cast(md5('phone' || n // 4 * 4) as uuid) from people where n % 20 < 2
    )
    select loyalty_id, customer_ref, email, phone, date '2024-01-01' + cast(hash(customer_ref) % 300 as integer)
        as first_landed_on, date '2024-01-01' as first_seen_on, cast(3 as bigint) as sightings
    from came
"""
_ORDERS = """
    create table staging.stg_sales__orders (
        loyalty_id varchar, customer_ref varchar, email varchar, phone varchar, ordered_on date)
"""


def main(step: str, identifiers: int = 0) -> None:
    """`make` the sightings, or `resolve` them, in the warehouse of RAPPORT_HOME."""
    settings = Settings.from_environment()
    with open_for_writing(settings) as connection:
        if step == "make":
            create_identity_tables(connection)
            connection.execute("create schema staging")
            connection.execute(_SIGHTINGS.format(people=int(identifiers / 3.05)))
            connection.execute(_ORDERS)
        else:
            resolve(connection, settings, date(2024, 12, 31), [])


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
