"""The offers of a night, as offers to the simulated people.

A published customer_id can't be turned back into a person; but the published orders name the customer of each
order_id, and the truth names its person.
"""

from pathlib import Path

import duckdb
import numpy as np

from datasets.simulated.offers import PUBLISHED, Sending
from datasets.simulated.parameters import PROGRAMS
from datasets.simulated.retailer import Retailer
from pipeline.errors import RapportError, UsageError
from pipeline.warehouse import quote_literal

# what of a published offer goes to the people: the person is the one with most of the customer's orders
_OFFERS = """
with customers_people as (
    select customer_id, arg_max(person_id, (orders, -person_id)) as person_id from (
        select o.customer_id, t.person_id, count(*) as orders
        from read_parquet({orders}) as o inner join read_parquet({truth}) as t using (order_id)
        where o.customer_id in (select customer_id from read_parquet({offers}))
        group by all
    ) group by customer_id
)
select
    offer_id, person_id, program, product_id, incentive_type, coalesce(incentive_value, 0)::double as incentive_value,
    coalesce(cost, 0)::double as cost, expires_on, channel, arm, send_on
from read_parquet({offers}) left join customers_people using (customer_id)
qualify person_id is null or row_number() over (partition by person_id order by offer_id) = 1
order by offer_id
"""


def read_published(
    connection: duckdb.DuckDBPyConnection, published: Path, truth: Path, retailer: Retailer
) -> tuple[Sending | None, list[str]]:
    """The offers published, to the people they are for, and notes for the summary. None when there are none."""
    folder = published / "parquet"
    for table in ("offers", "offer_products", "orders"):
        if not (folder / f"{table}.parquet").is_file():
            raise UsageError(f"{folder} has no {table}.parquet; give the folder published/current of a night.")
    files = {
        "offers": quote_literal(folder / "offers.parquet"),
        "orders": quote_literal(folder / "orders.parquet"),
        "truth": quote_literal(truth / "orders.parquet"),
    }
    try:
        found = connection.execute(_OFFERS.format(**files)).fetch_arrow_table().to_pandas()
        further = connection.execute(
            f"select offer_id, product_id from read_parquet({quote_literal(folder / 'offer_products.parquet')}) "
            "order by offer_id, position"
        ).fetchnumpy()
    except duckdb.Error as error:
        raise RapportError(f"{folder} can't be read as a night's offers: {str(error).splitlines()[0]}") from None
    known = found[found["person_id"].notna()]
    notes = [
        f"{len(found):,} offers were published; {len(found) - len(known):,} of them for customers without a known order."
    ]
    if not len(known):
        return None, notes
    number = PUBLISHED + len(retailer.published_ids) + np.arange(len(known))
    retailer.published_ids.extend(known["offer_id"])
    numbers = dict(zip(known["offer_id"], number, strict=True))
    products = {product: place for place, product in enumerate(retailer.catalogue.product_id)}
    of_offer = np.array([numbers.get(offer, -1) for offer in further["offer_id"]], dtype=np.int64)
    product = np.array([products.get(product, -1) for product in further["product_id"]], dtype=np.int64)
    usable = (of_offer >= 0) & (product >= 0)
    retailer.offered = np.concatenate([retailer.offered, np.stack([of_offer[usable], product[usable]])], axis=1)
    retailer.offered = retailer.offered[:, np.argsort(retailer.offered[0], kind="stable")]
    return _make_sending(known, number, products, retailer), notes


def _make_sending(known, number, products, retailer: Retailer) -> Sending:
    value = known["incentive_value"].to_numpy(dtype=float)
    kind = known["incentive_type"].to_numpy(dtype=object)
    last_day = (known["expires_on"].to_numpy("datetime64[D]") - np.datetime64(retailer.first_day, "D")).astype(np.int64)
    channels = {"email": 0, "sms": 1, "post": 2, "push": 3, "phone": 4}
    is_percent = np.array([text == "percent_off" for text in kind])
    is_amount = np.array([text == "amount_off" for text in kind])
    return Sending(
        offer=number,
        who=known["person_id"].to_numpy(dtype=np.int64),
        program=np.array([PROGRAMS.index(program) for program in known["program"]], dtype=np.int64),
        product=np.array([products.get(product, -1) for product in known["product_id"]], dtype=np.int64),
        percent=np.where(is_percent, np.minimum(value, 90), 0.0),
        amount=np.where(is_amount, np.round(value * 100), 0).astype(np.int64),
        incentive=np.round(value * 100).astype(np.int64),
        cost=np.round(known["cost"].to_numpy(dtype=float) * 100).astype(np.int64),
        last_day=last_day,
        channel=np.array([channels.get(channel, 0) for channel in known["channel"]], dtype=np.int64),
        is_control=(known["arm"] == "control").to_numpy(),
    )
