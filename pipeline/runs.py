"""A run's identity and ledger: which night is open, what each stage took, how it ended."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib.metadata import version

from pipeline.errors import RapportError
from pipeline.settings import PROJECT_ROOT, Settings

_LEDGER = """
    create schema if not exists ops;
    create table if not exists ops.runs (
        run_id varchar, as_of_date date, started_at timestamp, finished_at timestamp, rows_loaded bigint,
        rows_quarantined bigint, customers bigint, offers bigint, published boolean, code_version varchar);
    -- at most one row: the run that stages continue; it stays until readers see the run's version
    create table if not exists ops.open_run (run_id varchar, as_of_date date);
    create table if not exists ops.stages (run_id varchar, stage varchar, started_at timestamp, seconds double);
    create table if not exists ops.quality_checks (
        run_id varchar, gate varchar, table_name varchar, expectation varchar, column_name varchar,
        success boolean, observed varchar, detail varchar);
"""

_held_locks: set[str] = set()


@contextmanager
def hold_night_lock(settings: Settings) -> Iterator[None]:
    """Keep two nights of one home from mixing; taken again inside itself without harm."""
    from pipeline.warehouse import make_folder

    path = str(settings.lock_file)
    if path in _held_locks:
        yield
        return
    make_folder(settings.home)
    try:
        with settings.lock_file.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _held_locks.add(path)
            try:
                yield
            finally:
                _held_locks.discard(path)
    except BlockingIOError:
        raise RapportError(
            f"another night is running in {settings.home}; wait for it to end, then run this again."
        ) from None


def begin(settings: Settings, as_of: date) -> str:
    """Open a new run for the night of `as_of`; a run left open by a crash is closed as unpublished."""
    from pipeline.warehouse import open_for_writing

    started_at = datetime.now(UTC).replace(tzinfo=None)
    run_id = f"{as_of:%Y%m%d}-{started_at:%Y%m%dT%H%M%S%f}"
    with open_for_writing(settings) as connection:
        connection.execute(_LEDGER)
        connection.execute("begin")
        connection.execute(
            "update ops.runs set published = false, finished_at = ? where run_id in (select run_id from ops.open_run)",
            [started_at],
        )
        connection.execute("delete from ops.open_run")
        connection.execute("insert into ops.open_run values (?, ?)", [run_id, as_of])
        connection.execute(
            "insert into ops.runs (run_id, as_of_date, started_at, published, code_version) values (?, ?, ?, false, ?)",
            [run_id, as_of, started_at, code_version()],
        )
        connection.execute("commit")
    return run_id


def find_open_run(settings: Settings, as_of: date) -> str:
    """The open run of the night of `as_of`, begun now if there is none."""
    from pipeline.warehouse import open_for_writing

    with open_for_writing(settings) as connection:
        connection.execute(_LEDGER)
        found = connection.execute("select run_id from ops.open_run where as_of_date = ?", [as_of]).fetchone()
    return found[0] if found else begin(settings, as_of)


def record_stage(settings: Settings, run_id: str, stage: str, seconds: float) -> None:
    """Note how long a stage took, replacing an earlier try of the same stage."""
    from pipeline.warehouse import open_for_writing

    with open_for_writing(settings) as connection:
        connection.execute("delete from ops.stages where run_id = ? and stage = ?", [run_id, stage])
        started_at = datetime.now(UTC).replace(tzinfo=None)
        connection.execute("insert into ops.stages values (?, ?, ?, ?)", [run_id, stage, started_at, round(seconds, 2)])


def code_version() -> str:
    """The commit this code is at, or the package set's version where there is no git."""
    try:
        found = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
        return found.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return f"dbt-duckdb {version('dbt-duckdb')}"
