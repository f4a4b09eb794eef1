"""What `python -m datasets map` says, what it leaves behind, and how it ends."""

import pytest

from datasets.__main__ import main
from datasets.mapping.command import EXAMPLE


@pytest.fixture
def run(shop, monkeypatch, capsys):
    monkeypatch.setenv("RAPPORT_HOME", str(shop.folder / "home"))

    def call(*words):
        code = main(["map", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_check_shows_the_first_rows_and_writes_nothing(shop, run):
    before = sorted(shop.folder.iterdir())
    code, out, _ = run(str(shop.path), "--check", "--landing", str(shop.landing))
    assert code == 0
    assert "sales/order_lines: 3 rows, 2024-03-01 to 2024-03-01" in out
    assert "  order_id  line_no  product_id  quantity  unit_price\n  1001      1        A1          2.000" in out
    assert out.endswith(f"{shop.path}: no problem, no warning; nothing was written.\n")
    assert [path for path in sorted(shop.folder.iterdir()) if path.name != "home"] == before


def test_check_tells_every_problem_and_ends_with_2(shop, run):
    shop.replace("customer_ref: Card", "customer: Card")
    shop.replace("where: Qty < 0", "where: Qty < 0 and Lin = 1")
    code, out, err = run(str(shop.path), "--check")
    assert code == 2
    assert "  1. line 16: entities, sales/orders: customer is no column" in out
    assert "  2. line 28: entities, sales/returns, where: Qty < 0 and Lin = 1: there is no column Lin" in out
    assert err.splitlines()[-1] == f"{shop.path} would be refused; mend what is listed and check again."


def test_a_problem_refuses_the_write_with_2(shop, run):
    shop.replace("customer_ref: Card", "customer: Card")
    code, out, err = run(str(shop.path), "--landing", str(shop.landing))
    assert (code, out) == (2, "")
    assert "has one problem; nothing was written." in err
    assert not shop.landing.exists()


def test_a_warning_refuses_nothing(shop, run):
    shop.replace("timezone: Europe/London\n", "")
    code, out, _ = run(str(shop.path), "--landing", str(shop.landing))
    assert code == 0
    assert "ordered_at carries no offset" in out
    assert (shop.landing / "sales/orders/2024-03-04/orders.parquet").is_file()


def test_mail_addresses_and_phones_are_shown_in_part_only(shop, run):
    shop.till.write_text(shop.till.read_text().replace("C-17", "anna.smith@example.com"))
    shop.replace("customer_ref: Card", "email: Card")
    code, out, err = run(str(shop.path), "--check")
    assert code == 0
    assert "ann..." in out
    assert "anna.smith" not in out + err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Which mapping?"),
        (("shop.yml",), "Say where the drops go with --landing DIR"),
        (("none.yml", "--check"), "The mapping none.yml can't be read"),
        (("none.yml", "--check", "--date", "tomorrow"), "--date tomorrow is not a date"),
    ],
)
def test_a_wrong_call_gets_one_sentence(run, words, told):
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_the_example_works_as_it_says(shop, run):
    code, text, _ = run("--example")
    assert (code, text) == (0, EXAMPLE.read_text())
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# Receipt,"))
    export = [line.removeprefix("# ") for line in lines[start : start + 6]]
    assert lines[start + 6] == ""
    shop.path.write_text(text)
    shop.till.write_text("\n".join(export) + "\n")
    code, out, _ = run(str(shop.path), "--check")
    assert code == 0
    assert "no problem, no warning" in out
    code, out, _ = run(str(shop.path), "--landing", str(shop.landing))
    assert code == 0
    assert "= source total                                          9.80" in out
