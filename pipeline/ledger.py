"""The stage that keeps what was predicted and lets it meet what happened.

A week's predictions are kept of a sample of customers that is the same from night to night, so that the ledger stays
small; it is told anew each night from what was kept and what is known now, so that late drops and merged customers are
counted as they are, and a night that was killed ends as if it had not been.
"""

from datetime import date

import duckdb

from ml.params import load_params
from pipeline.alarms import ring_alarms
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

_KEPT = """
    create table if not exists ml.predictions (
        model varchar, predicted_on date, horizon_days integer, customer_id varchar, predicted double)
"""

# What is predicted of whom, and how far ahead. Who has churned is scored but not counted; falling dormant is having
# bought nothing on the days until the customer would.
_TONIGHT = """
    with settings as (from intermediate.int_settings_resolved),
    people as (
        select facts.customer_id, facts.last_order_on + settings.dormant_after_days - $as_of as days_to_dormancy,
            settings.warning_window_days
        from intermediate.int_customer_facts as facts cross join settings
        where facts.orders_total > 0 and $as_of - facts.last_order_on < settings.churned_after_days
        order by facts.customer_id limit $customers
    ),
    told as (
        select 'churn_30d' as model, 30 as horizon_days, customer_id, churn_probability_30d as predicted
        from ml.churn_scores
        union all select 'churn_60d', 60, customer_id, churn_probability_60d from ml.churn_scores
        union all select 'churn_90d', 90, customer_id, churn_probability_90d from ml.churn_scores
        union all select 'churn_180d', 180, customer_id, churn_probability_180d from ml.churn_scores
        union all
        select 'dormancy', people.days_to_dormancy, customer_id, dormancy_probability
        from ml.churn_scores inner join people using (customer_id)
        where people.days_to_dormancy between 1 and people.warning_window_days
        union all select 'orders', 365, customer_id, expected_orders_12m from ml.lifetime_scores
        union all select 'value', 365, customer_id, clv_12m_revenue from ml.lifetime_scores
        union all
        select 'next_order', $order_days, customer_id, next_order_on - $as_of
        from ml.timing_scores inner join people using (customer_id)
        where people.days_to_dormancy > 0
    )
    select told.model, $as_of, told.horizon_days, told.customer_id, told.predicted
    from told inner join people using (customer_id)
    where told.predicted is not null
"""

# Customers go by the id they have now; of two who turned out to be one person, one prediction counts.
_LEDGER = """
    create or replace table ml.prediction_ledger as
    with matured as (
        select kept.model, kept.predicted_on, kept.horizon_days, kept.predicted,
            coalesce(aliases.customer_id, kept.customer_id) as customer_id
        from ml.predictions as kept
        left join marts.customer_aliases as aliases on kept.customer_id = aliases.old_customer_id
        where kept.predicted_on + kept.horizon_days <= $as_of
        qualify row_number() over (
            partition by kept.model, kept.predicted_on, coalesce(aliases.customer_id, kept.customer_id)
            order by kept.customer_id
        ) = 1
    ),
    asked as (select distinct customer_id, predicted_on, horizon_days from matured),
    bought as (
        select asked.customer_id, asked.predicted_on, asked.horizon_days, min(days.ordered_on) as ordered_on,
            sum(days.orders) as orders, sum(days.net_sales) as net_sales
        from asked inner join intermediate.int_purchase_days as days
            on asked.customer_id = days.customer_id and days.ordered_on > asked.predicted_on
            and days.ordered_on <= asked.predicted_on + asked.horizon_days
        group by all
    ),
    gave_back as (
        select asked.customer_id, asked.predicted_on, asked.horizon_days, sum(returns.refund_amount) as refunds
        from asked inner join marts.returns as returns
            on asked.customer_id = returns.customer_id and returns.returned_on > asked.predicted_on
            and returns.returned_on <= asked.predicted_on + asked.horizon_days
        where asked.horizon_days = 365
        group by all
    )
    select matured.model, matured.predicted_on, cast(matured.horizon_days as bigint) as horizon_days,
        matured.customer_id, matured.predicted,
        cast(case matured.model
            when 'orders' then coalesce(bought.orders, 0)
            when 'value' then coalesce(bought.net_sales, 0) - coalesce(gave_back.refunds, 0)
            when 'next_order' then bought.ordered_on - matured.predicted_on
            else case when bought.customer_id is null then 1 else 0 end
        end as double) as outcome
    from matured
    left join bought using (customer_id, predicted_on, horizon_days)
    left join gave_back using (customer_id, predicted_on, horizon_days)
    -- when the next order comes was told for those who order within the horizon
    where matured.model <> 'next_order' or bought.customer_id is not null
    order by matured.model, matured.predicted_on, matured.customer_id
"""


def keep_ledger(settings: Settings, as_of: date, run_id: str) -> None:
    """Keep tonight's predictions if a week has gone by, write ml.prediction_ledger, and ring alarms where it is due."""
    params = load_params()
    limits = params.monitoring
    with open_for_writing(settings) as connection:
        connection.execute("begin")
        connection.execute(_KEPT)
        _forget(connection, as_of, limits.ledger_days)
        if is_due(connection, as_of, limits.days_between):
            told = {"as_of": as_of, "customers": limits.customers, "order_days": params.timing.horizon_days}
            connection.execute(f"insert into ml.predictions {_TONIGHT}", told)
        connection.execute(_LEDGER, {"as_of": as_of})
        connection.execute("commit")
        rows, nights = connection.execute(
            "select count(*), count(distinct predicted_on) from ml.prediction_ledger"
        ).fetchone()
    say(f"{rows:,} predictions of {nights} nights have met what happened")
    ring_alarms(settings, as_of, run_id)


def is_due(connection: duckdb.DuckDBPyConnection, as_of: date, days_between: int) -> bool:
    """Whether so many days have gone by since predictions were last kept. A night run again finds what it found."""
    latest = "select max(predicted_on) from ml.predictions where predicted_on < ?"
    (kept_on,) = connection.execute(latest, [as_of]).fetchone()
    return kept_on is None or (as_of - kept_on).days >= days_between


def _forget(connection: duckdb.DuckDBPyConnection, as_of: date, ledger_days: int) -> None:
    """What tonight kept before it was run again, what has been in the ledger long enough, and people who are gone."""
    connection.execute(
        "delete from ml.predictions where predicted_on = $as_of or predicted_on + horizon_days < $as_of - $days",
        {"as_of": as_of, "days": ledger_days},
    )
    connection.execute(
        "delete from ml.predictions where customer_id not in (select customer_id from intermediate.int_customer_facts)"
        " and customer_id not in (select old_customer_id from marts.customer_aliases)"
    )
