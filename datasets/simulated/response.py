"""The offers of a night, as offers to the simulated people.

A published customer_id can't be turned back into a person; but the published orders name the customer of each
order_id, and the truth names its person.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datasets.simulated.names import PROGRAMS
from datasets.simulated.offers import OFFER_CHANNELS, PUBLISHED, Sending
from datasets.simulated.retailer import Retailer
from pipeline.errors import RapportError, UsageError
from pipeline.warehouse import quote_literal

_TABLES = ("offers", "offer_products", "orders")
# An offer goes to the person with most of its customer's orders. Of two offers to one person the first is sent; what
# was to be sent on an earlier day is not sent late.
_OFFERS = """
with people as (
    select customer_id, arg_max(person_id, (orders, -person_id)) as person_id from (
        select o.customer_id, t.person_id, count(*) as orders
        from read_parquet({orders}) as o inner join read_parquet({truth}) as t using (order_id)
        where o.customer_id in (select customer_id from read_parquet({offers}))
        group by all
    ) group by customer_id
)
select
    offer_id, person_id, program, product_id, incentive_type, channel, arm,
    coalesce(incentive_value, 0)::double as incentive_value, coalesce(cost, 0)::double as cost,
    date_diff('day', $first_day, coalesce(expires_on, as_of_date + 14))::bigint as last_day
from read_parquet({offers}) inner join people using (customer_id)
where offer_id not in (select unnest($sent)) and coalesce(send_on, $day) >= $day
qualify row_number() over (partition by person_id order by offer_id) = 1
order by offer_id
"""


def read_published(
    connection: duckdb.DuckDBPyConnection, published: Path, truth: Path, retailer: Retailer
) -> tuple[Sending | None, list[str]]:
    """The offers published and not sent before, to the people they are for, and notes for the summary."""
    folder = published / "parquet"
    missing = [table for table in _TABLES if not (folder / f"{table}.parquet").is_file()]
    if missing:
        raise UsageError(f"{folder} has no {missing[0]}.parquet; give the folder published/current of a night.")
    files = {table: quote_literal(folder / f"{table}.parquet") for table in _TABLES}
    truth_file = quote_literal(truth / "orders.parquet")
    today = retailer.date_of(retailer.day)
    values = {"first_day": retailer.first_day, "day": today, "sent": retailer.published_ids}
    try:
        count = connection.execute(f"select count(*) from read_parquet({files['offers']})").fetchone()[0]
        found = connection.execute(_OFFERS.format(**files, truth=truth_file), values).to_arrow_table()
        baskets = connection.execute(
            f"select offer_id, product_id from read_parquet({files['offer_products']}) order by offer_id, position"
        ).to_arrow_table()
    except duckdb.Error as error:
        raise RapportError(f"{folder} can't be read as a night's offers: {str(error).splitlines()[0]}") from None
    notes = [f"{count:,} offers were published; {len(found):,} of them are sent today."]
    if count > len(found):
        notes.append(
            f"{count - len(found):,} are not: they were for an earlier day, are a second one to the same person, or "
            "are for a customer without an order that is known here."
        )
    if not len(found):
        return None, notes
    number = PUBLISHED + len(retailer.published_ids) + np.arange(len(found))
    retailer.published_ids.extend(found["offer_id"].to_pylist())
    _remember_baskets(retailer, found["offer_id"], number, baskets)
    return _make_sending(found, number, retailer), notes


def _remember_baskets(retailer: Retailer, offers: pa.ChunkedArray, number: np.ndarray, baskets: pa.Table) -> None:
    place, product = _find(baskets["offer_id"], offers), _find_products(baskets["product_id"], retailer)
    usable = (place >= 0) & (product >= 0)
    new = np.stack([number[place[usable]], product[usable]])
    joined = np.concatenate([retailer.offered, new], axis=1)
    retailer.offered = joined[:, np.argsort(joined[0], kind="stable")]


def _make_sending(found: pa.Table, number: np.ndarray, retailer: Retailer) -> Sending:
    value, kind = found["incentive_value"].to_numpy(), found["incentive_type"]
    percent, amount = (pc.fill_null(pc.equal(kind, name), False).to_numpy() for name in ("percent_off", "amount_off"))
    program = _find(found["program"], pa.array(PROGRAMS))
    if (program < 0).any():
        unknown = found["program"][int(np.argmax(program < 0))].as_py()
        raise RapportError(f"The offer program {unknown!r} is unknown; known are {', '.join(PROGRAMS)}.")
    return Sending(
        offer=number,
        who=found["person_id"].to_numpy(),
        program=program,
        product=_find_products(found["product_id"], retailer),
        percent=np.where(percent, np.minimum(value, 100), 0.0),
        amount=np.where(amount, np.round(value * 100), 0).astype(np.int64),
        incentive=np.round(value * 100).astype(np.int64),
        cost=np.round(found["cost"].to_numpy() * 100).astype(np.int64),
        last_day=found["last_day"].to_numpy(),
        channel=np.maximum(_find(found["channel"], pa.array(OFFER_CHANNELS)), 0),
        is_control=pc.fill_null(pc.equal(found["arm"], "control"), False).to_numpy(),
    )


def _find_products(products: pa.ChunkedArray, retailer: Retailer) -> np.ndarray:
    return _find(products, pa.array(retailer.catalogue.product_id))


def _find(values: pa.ChunkedArray, among: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The place of each value among others, -1 where it is not among them."""
    among = among.combine_chunks() if isinstance(among, pa.ChunkedArray) else among
    return pc.fill_null(pc.index_in(values, among.cast(values.type)), -1).to_numpy().astype(np.int64)
