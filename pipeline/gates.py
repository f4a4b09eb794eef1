"""The stages that validate. A gate that does not say "passed" stops the night."""

from datetime import date
from functools import partial
from pathlib import Path

from pipeline.errors import GateRefused
from pipeline.progress import say
from pipeline.publish.versions import version_folder
from pipeline.settings import Settings
from pipeline.warehouse import connection_options, open_for_writing


def check(gate: str, settings: Settings, as_of: date, run_id: str) -> None:
    """Run one gate, keep its results in ops.quality_checks, and refuse with every failure named."""
    from expectations.engine import run_gate

    result = run_gate(
        gate=gate,
        database=_database_of(gate, settings, run_id),
        run_id=run_id,
        as_of=as_of,
        output=settings.validation,
        connect_options=connection_options(settings),
    )
    _record(settings, run_id, result)
    if not result.passed:
        failures = "\n".join(f"  - {failure}" for failure in result.failures)
        raise GateRefused(
            f"the {gate} gate refused; nothing was published and the last version is still current.\n{failures}\n"
            f"  All checks: {settings.validation / 'index.html'}"
        )
    say(f"{gate} gate: {len(result.checks)} checks passed")


check_raw = partial(check, "raw")
check_staging = partial(check, "staging")
check_marts = partial(check, "marts")
check_features = partial(check, "features")
check_training = partial(check, "training")
check_scores = partial(check, "scores")
check_segments = partial(check, "segments")
check_recommendations = partial(check, "recommendations")
check_offers = partial(check, "offers")
check_published = partial(check, "published")


def _database_of(gate: str, settings: Settings, run_id: str) -> Path:
    return version_folder(settings, run_id) / "crm.duckdb" if gate == "published" else settings.warehouse


def _record(settings: Settings, run_id: str, result: object) -> None:
    rows = [
        (run_id, result.gate, c.table_name, c.expectation, c.column_name, c.success, c.observed, c.detail)
        for c in result.checks
    ]
    with open_for_writing(settings) as connection:
        connection.execute("begin")
        connection.execute("delete from ops.quality_checks where run_id = ? and gate = ?", [run_id, result.gate])
        if rows:
            connection.executemany("insert into ops.quality_checks values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("commit")
