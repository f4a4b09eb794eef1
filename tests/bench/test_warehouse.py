"""The warehouse entry runs both nights and the bare pass, and refuses to compare unlike facts."""

import re

import duckdb
import pytest

from bench import warehouse
from bench.__main__ import main
from bench.measuring import fit_exponent
from bench.shop import Shop
from pipeline.errors import RapportError


def test_it_measures_both_nights_at_a_tiny_size(capsys, tmp_path):
    assert main(["warehouse", "--lines", "2000", "--pairs", "1", "--folder", str(tmp_path)]) == 0
    told = capsys.readouterr()
    rows = [line.strip("| ").split(" | ") for line in told.out.splitlines() if line.startswith("| ")]
    lines, customers, *figures = rows[2]
    assert int(lines.replace(",", "")) > 500
    assert int(customers) > 10
    assert all(re.fullmatch(r"\d+\.\d+%?", figure) for figure in figures)
    assert [row[0] for row in rows[-10:-5]] == list(warehouse.STAGES)
    assert "both facts hold the same" in told.err
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_to_compare_unlike_facts(tmp_path):
    shop = Shop(tmp_path, 1)
    bench = warehouse._Bench(shop, tmp_path / "model")
    fact = (
        "create table {} as select range::varchar as order_id, '1' as line_no, date '2024-01-01' as ordered_on, "
        "'p' as product_id, true as is_merchandise, 1.0 as quantity, {} as unit_price, 1.0 as gross_amount, "
        "0.0 as discount_amount, 1.0 as net_sales, 1.0 as unit_cost, null as coupon_id, null as offer_id, "
        "0.0 as gross_margin from range(3)"
    )
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(fact.format("marts.order_lines", "1.0"))
    with duckdb.connect(str(tmp_path / "bare.duckdb")) as connection:
        connection.execute(fact.format("order_lines", "if(range = 2, 1.1, 1.0)"))
    with pytest.raises(RapportError, match="holds 3 rows, the bare pass made 3 or other ones"):
        bench._prove_same_lines(tmp_path)


def test_growth_is_the_slope_of_the_logarithms():
    assert fit_exponent([1, 10, 100], [3, 30, 300]) == pytest.approx(1)
    assert fit_exponent([2, 4, 8], [4, 16, 64]) == pytest.approx(2)
