"""Sealing an audited version, switching readers to it, all at once, and taking erased people out of older ones."""

from datetime import UTC, date, datetime
from pathlib import Path

from pipeline.errors import RapportError
from pipeline.publish.redact import redact_checks, redact_versions
from pipeline.publish.seal import seal
from pipeline.publish.tables import LEDGERS
from pipeline.publish.versions import drop_old_versions, point_current_at, version_folder
from pipeline.publish.write import write_tables
from pipeline.runs import code_version
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading, open_for_writing


def switch(settings: Settings, as_of: date, run_id: str) -> None:
    """Seal the run's version and make it current. Only a version that its gate has passed can be sealed."""
    folder = version_folder(settings, run_id)
    _require_audit(settings, run_id, folder)
    _close_run(settings, run_id)
    redact_checks(settings)
    write_tables(settings, folder, LEDGERS)
    about = {
        "run_id": run_id,
        "as_of_date": as_of.isoformat(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": code_version(),
    }
    seal(settings, folder, about)
    point_current_at(settings, folder)
    _forget_open_run(settings)
    drop_old_versions(settings)
    redact_versions(settings, folder)


def _require_audit(settings: Settings, run_id: str, folder: Path) -> None:
    with open_for_reading(settings) as connection:
        checks, failures = connection.execute(
            "select count(*), count(*) filter (where not success) from ops.quality_checks "
            "where run_id = ? and gate = 'published'",
            [run_id],
        ).fetchone()
    if not folder.exists() or checks == 0 or failures > 0:
        raise RapportError(f"run {run_id} has no version that its last gate has passed; run the night again.")


def _close_run(settings: Settings, run_id: str) -> None:
    """Write the run's end; the run stays open until the switch, so that a crash before it can be taken up."""
    with open_for_writing(settings) as connection:
        connection.execute(
            """
            update ops.runs set
                finished_at = ?,
                published = true,
                customers = (select count(*) from marts.customers where segment is not null),
                offers = (select count(*) from marts.offers),
                rows_loaded = (select coalesce(sum(rows_loaded), 0) from raw.files where run_id = ?),
                rows_quarantined = (select coalesce(sum(rows_quarantined), 0) from raw.files where run_id = ?)
            where run_id = ?
            """,
            [datetime.now(UTC).replace(tzinfo=None), run_id, run_id, run_id],
        )


def _forget_open_run(settings: Settings) -> None:
    with open_for_writing(settings) as connection:
        connection.execute("delete from ops.open_run")
