"""The stage that tells what customers are worth in the next 12 months, when they order next and fall dormant.

Models are fitted and judged anew each night on a sample of bounded size, so that the answer depends on the data and
the date alone; customers are foretold some at a time, so that memory does not grow with them.
"""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from ml.params import Params, load_params
from ml.purchase_days import PurchaseDays, Snapshot
from ml.timing.dormancy import DormancyModel, fit_dormancy
from ml.timing.judge import NextOrder, decide_next_order
from ml.value import ValueModel, fit_value
from pipeline.learned import put_cards, replace_table
from pipeline.progress import say
from pipeline.purchase_days import count_buyers, read_purchase_days
from pipeline.runs import code_version
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading

_CUSTOMERS_AT_A_TIME = 200_000

_RESPONSES = """
    select quantile_cont(date_diff('day', sent.occurred_at, used.occurred_at), $share), count(*)
    from marts.interactions as sent inner join marts.interactions as used on sent.reference_id = used.detail
    where sent.kind = 'exposure' and used.kind = 'redemption' and used.occurred_at >= sent.occurred_at
"""


@dataclass(frozen=True)
class _Models:
    """All that was fitted tonight; `offer_days` is how long an offer needs to work, None where that is unknown."""

    value: ValueModel
    next_order: NextOrder
    dormancy: DormancyModel | None
    offer_days: int | None


def estimate(settings: Settings, as_of: date, run_id: str) -> None:
    """Write ml.lifetime_scores and ml.timing_scores for every buyer, and into model_cards how good they were before."""
    params, day = load_params(), (as_of - date(1970, 1, 1)).days
    # one thread: how sums are split among threads would show in their last digits
    with open_for_reading(settings) as connection, threadpool_limits(limits=1):
        buyers = count_buyers(connection)
        _, sample = read_purchase_days(connection, 0, min(buyers, params.value.max_customers))
        models = _fit(connection, sample, as_of, params)
        worth, dates = [], []
        for first in range(0, buyers, _CUSTOMERS_AT_A_TIME):
            ids, days = read_purchase_days(connection, first, first + _CUSTOMERS_AT_A_TIME)
            known = days.look_back(day)
            worth.append(_make_table(ids, known, as_of, models.value.predict(days, known)))
            dates.append(_make_table(ids, known, as_of, _tell_dates(models, days, known)))
    replace_table(settings, "lifetime_scores", pa.concat_tables(worth))
    replace_table(settings, "timing_scores", pa.concat_tables(dates))
    put_cards(settings, [*models.value.orders.cards, *models.value.value.cards, *models.next_order.cards])
    for explanation in (models.value.explanation, models.next_order.explanation):
        if explanation:
            say(explanation)
    say(f"{buyers:,} customers looked at")


def _fit(connection: duckdb.DuckDBPyConnection, sample: PurchaseDays, as_of: date, params: Params) -> _Models:
    version = f"{as_of.isoformat()}+{code_version()[:12]}"
    value = fit_value(sample, as_of, params, version)
    (dormant_after,) = connection.execute(
        "select dormant_after_days from intermediate.int_settings_resolved"
    ).fetchone()
    dormancy = None
    if value.fitted is not None:
        day = (as_of - date(1970, 1, 1)).days
        dormancy = fit_dormancy(sample, day, value.fitted.purchases, dormant_after, params.timing)
    wait, responders = connection.execute(_RESPONSES, {"share": params.timing.responders_share}).fetchone()
    is_known = responders >= params.timing.min_responders
    offer_days = max(int(np.ceil(wait)), 1) if is_known else None
    return _Models(value, decide_next_order(sample, as_of, params, version), dormancy, offer_days)


def _tell_dates(models: _Models, days: PurchaseDays, known: Snapshot) -> dict[str, pa.Array]:
    waits = models.next_order.predict(days, known)
    unknown = np.full((3, len(known)), np.nan)
    dormant = unknown if models.dormancy is None else models.dormancy.predict(known)
    columns = {"next_order_on": waits.middle}
    for share in (50, 80):
        columns[f"next_order_on_low{share}"] = waits.low[share / 100]
        columns[f"next_order_on_high{share}"] = waits.high[share / 100]
    columns |= dict(zip(("dormancy_on_low", "dormancy_on", "dormancy_on_high"), dormant, strict=True))
    told = {name: _to_dates(known.day + column) for name, column in columns.items()}
    return told | {"offer_days": pa.repeat(pa.scalar(models.offer_days, pa.int64()), len(known))}


def _to_dates(days: np.ndarray) -> pa.Array:
    is_unknown = np.isnan(days)
    return pa.array(np.where(is_unknown, 0, days).astype(np.int32), pa.int32(), mask=is_unknown).cast(pa.date32())


def _make_table(ids: pa.Array, known: Snapshot, as_of: date, columns: dict[str, np.ndarray | pa.Array]) -> pa.Table:
    told = {"customer_id": ids.take(pa.array(known.place))}
    for name, column in columns.items():
        told[name] = column if isinstance(column, pa.Array) else pa.array(column, from_pandas=True)
    return pa.table(told | {"as_of_date": pa.repeat(pa.scalar(as_of, pa.date32()), len(known))})
