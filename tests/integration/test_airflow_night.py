"""The DAG and the command line are the same night."""

import os
import subprocess
from pathlib import Path

from tests.integration.conftest import AS_OF, ROOT, make_home


def test_the_dag_publishes_what_the_command_line_does(first_night, tmp_path):
    by_command, night = first_night
    assert night.returncode == 0, night.stderr
    by_airflow = make_home(tmp_path)
    first_version = min((by_command.path / "published" / "versions").iterdir())

    run = subprocess.run(
        ["bin/airflow", "night", AS_OF],
        cwd=ROOT,
        env={**os.environ, **by_airflow.environment},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    expected = {
        file.stem: file.read_bytes()
        for file in Path(first_version / "parquet").glob("*.parquet")
        if file.stem not in {"runs", "quality_checks", "model_cards", "landed_files"}
    }
    assert by_airflow.parquet_bytes() == expected
