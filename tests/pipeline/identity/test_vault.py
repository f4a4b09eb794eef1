"""Personal identifiers: tokens in the warehouse, values in the vault only, files for their owner only."""

import hashlib
import stat
from dataclasses import replace

import pytest

from pipeline.errors import RapportError
from pipeline.identity import vault
from pipeline.warehouse import open_for_reading
from tests.pipeline.landing.small_shop import LINE_HEADER, ORDER_HEADER

ORDERS = (
    f"{ORDER_HEADER}\n"
    "o1,2024-01-01,C-770077,L-420042, Ada@Mail.Example ,+44 20 7946 0000,,,,\n"
    "o2,2024-01-01,C-770077,,ada@mail.example,(44) 2079460000,,,,\n"
    "o3,never,C-780078,L-430043,grace@mail.example,0170 123456,,,,\n"
)
# long enough never to stand in a token by chance
PERSONAL = (
    "C-770077",
    "C-780078",
    "L-420042",
    "L-430043",
    "ada@mail",
    "Ada@Mail",
    "grace@",
    "7946 00",
    "2079460000",
    "0170 12",
    "0170123456",
)


def _drop(shop):
    shop.drop_sales(orders=ORDERS, lines=f"{LINE_HEADER}\no1,1,p,1,1,0\n")


def _vault(shop) -> list[tuple]:
    with open_for_reading(shop.settings, shop.settings.vault) as connection:
        return connection.execute("select kind, token, value from vault.identifiers order by all").fetchall()


def test_no_plain_identifier_enters_the_warehouse(shop):
    _drop(shop)
    told = []
    shop.load(report=told.append)
    tables = ("raw.sales_orders", "quarantine.sales_orders")
    seen = str([shop.rows(f"select * from {table}") for table in tables]) + str(told)
    written = shop.settings.warehouse.read_bytes().decode("latin-1")
    for value in PERSONAL:
        assert value not in seen
        assert value not in written
    assert shop.reasons("sales/orders") == [(3, "does_not_parse")]


def test_tokens_are_the_keyed_hash_of_the_normalised_value(shop):
    shop.settings = replace(shop.settings, secret="a secret of the tests")
    _drop(shop)
    shop.load()
    expected = hashlib.sha256(b"a secret of the testsemail:ada@mail.example").hexdigest()[:32]
    assert shop.rows("select distinct email from raw.sales_orders") == [(expected,)]
    counted = "count(distinct phone), count(distinct customer_ref), count(loyalty_id)"
    assert shop.rows(f"select {counted} from raw.sales_orders") == [(1, 1, 1)]
    assert not shop.settings.secret_file.exists()
    secret_free = (shop.settings.warehouse, shop.settings.vault)
    assert all(b"a secret of the tests" not in path.read_bytes() for path in secret_free)


def test_the_vault_maps_every_token_back_once(shop):
    _drop(shop)
    shop.load()
    shop.drop("sales/orders", "2024-01-02", ORDERS)
    shop.load()
    found = _vault(shop)
    assert sorted((kind, value) for kind, _, value in found) == [
        ("customer_ref", "C-770077"),
        ("customer_ref", "C-780078"),
        ("email", "ada@mail.example"),
        ("email", "grace@mail.example"),
        ("loyalty_id", "L-420042"),
        ("loyalty_id", "L-430043"),
        ("phone", "+44170123456"),
        ("phone", "+442079460000"),
    ]
    quarantined = shop.rows("select row_json->>'$.email' from quarantine.sales_orders")[0][0]
    assert ("email", quarantined, "grace@mail.example") in found


def test_a_value_that_stands_on_many_rows_of_one_file_is_kept_once(shop):
    _drop(shop)
    returns = "".join(f"r{n},p,2024-01-01,1,1,C-990099\n" for n in range(3))
    header = "return_id,product_id,returned_at,quantity,refund_amount,customer_ref\n"
    shop.drop("sales/returns", "2024-01-01", header + returns)
    shop.load()
    assert [value for _, _, value in _vault(shop)].count("C-990099") == 1


def test_secret_and_vault_are_for_their_owner_only(shop):
    _drop(shop)
    shop.load()
    for path in (shop.settings.secret_file, shop.settings.vault):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.settings.temporary.stat().st_mode) == 0o700
    assert len(shop.settings.secret_file.read_text().strip()) == 64


def test_the_secret_stays_from_night_to_night(shop):
    assert vault.read_secret(shop.settings) == vault.read_secret(shop.settings)


def test_a_lost_secret_is_refused_instead_of_renaming_every_customer(shop):
    _drop(shop)
    shop.load()
    shop.settings.secret_file.unlink()
    with pytest.raises(RapportError, match=r"is gone but .* was made with a secret"):
        shop.load()


def test_another_secret_is_refused(shop):
    _drop(shop)
    shop.load()
    shop.drop("sales/orders", "2024-01-02", ORDERS)
    with pytest.raises(RapportError, match="RAPPORT_SECRET is not the one"):
        shop.load(secret="another")
    assert shop.rows("select max(_drop_on)::varchar from raw.sales_orders") == [("2024-01-01",)]
