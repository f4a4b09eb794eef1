"""Alarms: a model whose probabilities no longer come true, or customers who are no longer those it learnt from.

They are warnings. The night goes on; the summary tells them, ops.quality_checks keeps them under the gate `alarms`, and
an alarm asks for the models to be trained before their turn.
"""

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from ml.monitoring.drift import find_shares, measure_drift, sort_into_groups
from ml.params import MonitoringParams, load_params
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing

GATE = "alarms"

_PROFILES = """
    create table if not exists ml.feature_profiles (
        as_of_date date, feature varchar, edges double[], shares double[])
"""
# A probability is off when its mean misses the share of what happened by more than chance would, and by enough to
# matter; orders and value when their total does by a share.
_CALIBRATION = """
    select model, count(*) as predictions, avg(predicted) as predicted, avg(outcome) as outcome,
        sqrt(sum(case when model in ('orders', 'value') then 0 else predicted * (1 - predicted) end)) / count(*)
            as error
    from ml.prediction_ledger
    where model <> 'next_order' and predicted_on + cast(horizon_days as integer) > $as_of - cast($days as integer)
    group by model having count(*) >= $least order by model
"""
_SAMPLE = """
    select features.*, scores.churn_probability_30d, scores.churn_probability_90d
    from features.customer_features as features inner join ml.churn_scores as scores using (customer_id)
    where not features.is_churned order by customer_id limit $customers
"""
# They name the row, or are the same for all.
_NO_FEATURES = ("as_of_date", "customer_id", "is_dormant", "is_churned", "days_to_dormancy")


def ring_alarms(settings: Settings, as_of: date, run_id: str) -> None:
    """Compare, write every comparison into ops.quality_checks, and say those that failed."""
    limits = load_params().monitoring
    with open_for_writing(settings) as connection:
        connection.execute(_PROFILES)
        rows = [*_check_calibration(connection, as_of, limits), *_check_drift(connection, as_of, limits)]
        connection.execute("begin")
        connection.execute("delete from ops.quality_checks where run_id = ? and gate = ?", [run_id, GATE])
        if rows:
            checks = [(run_id, GATE, *row) for row in rows]
            connection.executemany("insert into ops.quality_checks values (?, ?, ?, ?, ?, ?, ?, ?)", checks)
        connection.execute("commit")
    for *_, is_fine, observed, detail in rows:
        if not is_fine:
            say(f"warning: {detail}: {observed}")


def has_rung(settings: Settings) -> bool:
    """Whether the last night rang an alarm."""
    with open_for_reading(settings) as connection:
        return connection.execute(
            "select count(*) > 0 from ops.quality_checks where gate = ? and not success and run_id = "
            "(select run_id from ops.runs order by started_at desc limit 1)",
            [GATE],
        ).fetchone()[0]


def _check_calibration(connection: duckdb.DuckDBPyConnection, as_of: date, limits: MonitoringParams) -> list[tuple]:
    told = {"as_of": as_of, "days": limits.window_days, "least": limits.least_predictions}
    rows = []
    for model, count, predicted, outcome, error in connection.execute(_CALIBRATION, told).fetchall():
        if model in ("orders", "value"):
            gap = abs(predicted / outcome - 1) if outcome else 1.0
            is_fine, said = gap <= limits.most_bias, f"{predicted:,.2f} predicted, {outcome:,.2f} happened, on average"
        else:
            gap = abs(predicted - outcome)
            is_fine = gap <= limits.most_gap or gap <= limits.most_errors * error
            said = f"{predicted:.1%} predicted, {outcome:.1%} happened"
        detail = f"what {model} predicts comes true"
        rows.append(("ml.prediction_ledger", "calibration", model, is_fine, f"{said}, {count:,} predictions", detail))
    return rows


def _check_drift(connection: duckdb.DuckDBPyConnection, as_of: date, limits: MonitoringParams) -> list[tuple]:
    """Tonight's customers against the profile kept when the churn model learnt, or the first one kept after it."""
    columns = _read_columns(connection, limits)
    is_kept = "select count(*) > 0 from ml.predictions where predicted_on = ?"
    connection.execute("delete from ml.feature_profiles where as_of_date = ?", [as_of])
    if columns and connection.execute(is_kept, [as_of]).fetchone()[0]:
        _keep_profile(connection, as_of, columns)
    baseline = _find_baseline(connection, as_of)
    if baseline is None:
        return []
    kept = connection.execute(
        "select feature, edges, shares from ml.feature_profiles where as_of_date = ? order by feature", [baseline]
    ).fetchall()
    rows = []
    for feature, edges, shares in kept:
        if feature in columns:
            drift = measure_drift(np.array(shares), find_shares(columns[feature], np.array(edges, dtype=float)))
            detail = f"{feature} is spread as on {baseline}, when the models had learnt"
            observed = f"population stability index {drift:.3f}, at most {limits.most_drift}"
            is_fine = drift <= limits.most_drift
            rows.append(("features.customer_features", "population_stability", feature, is_fine, observed, detail))
    return rows


def _find_baseline(connection: duckdb.DuckDBPyConnection, as_of: date) -> date | None:
    (learnt_on,) = connection.execute(
        "select max(trained_on) from ml.model_cards where starts_with(model, 'churn')"
    ).fetchone()
    return connection.execute(
        "select coalesce(max(as_of_date) filter (where as_of_date <= $learnt_on), min(as_of_date)) "
        "from ml.feature_profiles where as_of_date < $as_of",
        {"learnt_on": learnt_on, "as_of": as_of},
    ).fetchone()[0]


def _read_columns(connection: duckdb.DuckDBPyConnection, limits: MonitoringParams) -> dict[str, np.ndarray]:
    table = connection.execute(_SAMPLE, {"customers": limits.customers}).to_arrow_table()
    if table.num_rows < limits.least_predictions:
        return {}
    is_number = [
        not pa.types.is_nested(field.type) and not pa.types.is_temporal(field.type) and field.type != pa.string()
        for field in table.schema
    ]
    names = [
        name
        for name, good in zip(table.column_names, is_number, strict=True)
        if good and name not in _NO_FEATURES and not name.startswith(("has_lapsed_", "falls_dormant_"))
    ]
    return {name: table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names}


def _keep_profile(connection: duckdb.DuckDBPyConnection, as_of: date, columns: dict[str, np.ndarray]) -> None:
    profiles = {feature: sort_into_groups(values) for feature, values in columns.items()}
    edges, shares = ([list(part) for part in column] for column in zip(*profiles.values(), strict=True))
    dates = pa.repeat(pa.scalar(as_of, pa.date32()), len(profiles))
    kept = pa.table(
        {
            "as_of_date": dates,
            "feature": list(profiles),
            "edges": pa.array(edges, pa.list_(pa.float64())),
            "shares": pa.array(shares, pa.list_(pa.float64())),
        }
    )
    connection.register("kept_profiles", kept)
    connection.execute("insert into ml.feature_profiles by name from kept_profiles")
    connection.unregister("kept_profiles")
