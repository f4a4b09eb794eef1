"""Purchase days and refunds of known customers, out of DuckDB as columns, some customers at a time."""

import duckdb
import pyarrow as pa

from ml.purchase_days import PurchaseDays

_BUYERS = """
    create or replace temp table buyers as
    select customer_id, row_number() over (order by customer_id) - 1 as place
    from intermediate.int_customer_facts where orders_total > 0
"""
_PURCHASES = """
    select buyers.place - $first as place, days.ordered_on - date '1970-01-01' as day, days.orders,
        cast(days.net_sales as double) as value
    from intermediate.int_purchase_days as days inner join buyers on days.customer_id = buyers.customer_id
    where buyers.place >= $first and buyers.place < $after
"""
_REFUNDS = """
    select buyers.place - $first as place, returns.returned_on - date '1970-01-01' as day,
        cast(returns.refund_amount as double) as amount
    from marts.returns as returns inner join buyers on returns.customer_id = buyers.customer_id
    where buyers.place >= $first and buyers.place < $after
"""


def count_buyers(connection: duckdb.DuckDBPyConnection) -> int:
    """How many customers ever bought; gives each a place for `read_purchase_days`, in the order of their ids.

    Ids are hashes, so the first thousand are a sample of all, and the same one on every night.
    """
    connection.execute(_BUYERS)
    return connection.execute("select count(*) from buyers").fetchone()[0]


def read_purchase_days(connection: duckdb.DuckDBPyConnection, first: int, after: int) -> tuple[pa.Array, PurchaseDays]:
    """Ids and purchases of the customers at the places from `first` on and before `after`."""
    places = {"first": first, "after": after}
    ids = connection.execute(
        "select customer_id from buyers where place >= $first and place < $after order by place", places
    ).to_arrow_table()
    purchases, refunds = (
        [column.to_numpy() for column in connection.execute(query, places).to_arrow_table().itercolumns()]
        for query in (_PURCHASES, _REFUNDS)
    )
    days = PurchaseDays.make(ids.num_rows, tuple(purchases), tuple(refunds))
    return ids.column("customer_id").combine_chunks(), days
