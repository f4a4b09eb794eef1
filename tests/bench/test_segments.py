"""The segments entry proves that a peer gives the same rows before it measures, and says which columns don't."""

import duckdb
import pytest

from bench.__main__ import main
from bench.segments import _compare, _find_step
from pipeline.errors import RapportError


def test_it_measures_a_peer_at_a_tiny_size(capsys, tmp_path):
    call = ["segments", "--lines", "2000", "--peers", "pandas", "--pairs", "1", "--folder", str(tmp_path)]
    assert main(call) == 0
    told = capsys.readouterr()
    row = next(line.split(" | ") for line in told.out.splitlines() if line.startswith("| pandas"))
    assert all(float(figure) > 0 for figure in row[1:5])
    for table in ("int_customer_value", "int_customers_ranked", "int_segments_assigned"):
        assert f"rows of {table}" in told.err
    assert list(tmp_path.iterdir()) == []


def test_it_names_the_columns_that_differ(tmp_path):
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    with duckdb.connect() as connection:
        row = "select 'c' || range as customer_id, 1.25::decimal(18, 2) as amount, {} as segment from range(4)"
        connection.execute(f"copy ({row.format(repr('vip'))}) to '{ours}'")
        peer = row.replace("1.25::decimal(18, 2)", "125").format("if(range = 3, 'churned', 'vip')")
        connection.execute(f"copy ({peer}) to '{theirs}'")
    with pytest.raises(RapportError, match="of 4 rows, segment in 1 differ"):
        _compare(ours, theirs)


def test_a_row_that_is_missing_differs(tmp_path):
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'c' || range as customer_id from range(4)) to '{ours}'")
        connection.execute(f"copy (select 'c' || range as customer_id from range(3)) to '{theirs}'")
    with pytest.raises(RapportError, match="of 4 rows, customer_id in 1 differ"):
        _compare(ours, theirs)


def test_the_step_begins_at_the_facts_and_builds_what_is_read_first(tmp_path):
    reads = {
        "stg_sales__orders": (),
        "orders": ("stg_sales__orders",),
        "int_changed_customers": (),
        "int_customer_value": ("int_purchase_days", "orders"),
        "int_purchase_days": ("orders",),
        "int_customers_ranked": ("int_customer_value",),
        "int_segments_assigned": ("int_customer_value", "int_customers_remembered"),
        "int_customers_remembered": (),
    }
    nodes = {}
    for name, parents in reads.items():
        declared = [*parents, "int_changed_customers"] if name == "int_customer_value" else parents
        nodes[f"model.rapport.{name}"] = {
            "name": name,
            "resource_type": "model",
            "relation_name": f'"{name}"',
            "original_file_path": f"{name}.sql",
            "depends_on": {"nodes": [f"model.rapport.{parent}" for parent in declared]},
        }
        (tmp_path / f"{name}.sql").write_text(" ".join(f'"{parent}"' for parent in parents))
    models, facts = _find_step(nodes, tmp_path)
    assert [node["name"] for node in models] == [
        "int_purchase_days",
        "int_customer_value",
        "int_customers_ranked",
        "int_segments_assigned",
    ]
    assert {node["name"] for node in facts} == {"orders", "int_customers_remembered"}
