"""What stays of a row after a load: e-mails and phones nowhere, unknown columns in the vault only."""

import duckdb

from tests.pipeline.landing.small_shop import LINE_HEADER, LINES, ORDER_HEADER, ORDERS

PERSONAL = ("ada@mail.example", "+44 7700 900123", "07700900124", "Lovelace", "a@mail.example")


def unknown_columns(shop) -> list[tuple]:
    with duckdb.connect(str(shop.settings.vault), read_only=True) as connection:
        columns = "source, entity, drop_on::varchar, file, row_number, values_json"
        return connection.execute(f"select {columns} from vault.unknown_columns order by all").fetchall()


def test_a_quarantined_row_tells_no_mailbox_and_no_phone(shop):
    lines = "".join(f"o1,9{n},p,{value},1,\n" for n, value in enumerate(("ada@mail.example", "call +44 7700 900123")))
    orders = (
        f"{ORDERS}b1,2024-01-01,,,,,07700900124,,EUR,\nb2,+44 7700 900123,,,ada@mail.example,,,,,ada@mail.example\n"
    )
    shop.drop_sales(orders=orders, lines=f"{LINES}{lines}")
    shop.load()
    found = shop.rows(
        "select row_json || message from quarantine.sales_orders union all "
        "select row_json || message from quarantine.sales_order_lines"
    )
    told = " ".join(text for (text,) in found)
    assert len(found) == 4
    assert not [text for text in PERSONAL if text in told]
    assert told.count("[e-mail]") == 3
    assert told.count("[phone]") == 6
    message = shop.rows("select message from quarantine.sales_order_lines where row_number = 4")
    assert message == [('quantity is "[e-mail]", which is not a number',)]


def test_ids_dates_and_numbers_of_a_quarantined_row_stay_readable(shop):
    shop.drop_sales(lines=f"{LINES}o1,2024010112345,0012345678,-1,1675159200,\n")
    shop.load()
    row = shop.rows("select row_json from quarantine.sales_order_lines")[0][0]
    assert all(text in row for text in ('"o1"', '"2024010112345"', '"0012345678"', '"-1"', '"1675159200"'))


def test_free_text_of_good_rows_is_masked(shop):
    shop.drop_sales()
    contact = "contact_id,opened_at,customer_ref,topic\nk1,2024-01-01,c1,ring 07700900124 about order o1\n"
    shop.drop("support/contacts", "2024-01-01", contact)
    member = 'loyalty_id,enrolled_at,attributes\nm1,2024-01-01,"{""mail"": ""ada@mail.example"", ""size"": 3}"\n'
    shop.drop("loyalty/members", "2024-01-01", member)
    shop.load()
    assert shop.rows("select topic from raw.support_contacts") == [("ring [phone] about order o1",)]
    assert shop.rows("select attributes from raw.loyalty_members") == [('{"mail": "[e-mail]", "size": 3}',)]


def test_no_file_but_the_vault_holds_what_came(shop):
    orders = f"{ORDER_HEADER},full_name\n"
    orders += "o1,2024-01-01,c1,,ada@mail.example,+44 7700 900123,store,07700 900 124,EUR,,Ada Lovelace\n"
    orders += "o2,never,,,ada@mail.example,07700900124,ada@mail.example,,,,Ada Lovelace\n"
    orders += "ada@mail.example,never,,,,,,,,,Ada Lovelace\n"
    shop.drop_sales(orders=orders, lines=f"{LINES}o1,9,ada@mail.example,-1,1,\n")
    shop.drop("sales/order_lines", "2024-01-02", "Ada Lovelace,ada@mail.example\n")
    shop.load()
    assert list(shop.settings.temporary.iterdir()) == []
    files = [path for path in shop.settings.home.rglob("*") if path.is_file() and path != shop.settings.vault]
    assert shop.settings.warehouse in files
    for path in files:
        content = path.read_bytes()
        assert not [text for text in PERSONAL if text.encode() in content], path
    assert b"Lovelace" in shop.settings.vault.read_bytes()


def test_an_identifier_that_names_nobody_is_no_identifier(shop):
    shop.drop_sales()
    contacts = "contact_id,opened_at,email,phone\nk1,2024-01-01,n/a,000-0000-0000\nk2,2024-01-01,ada@mail.example,\n"
    shop.drop("support/contacts", "2024-01-01", contacts)
    shop.drop("loyalty/members", "2024-01-01", "loyalty_id,enrolled_at\nunknown,2024-01-01\n")
    shop.load()
    assert shop.reasons("support/contacts") == [(1, "no_identifier")]
    assert "is given or usable" in shop.rows("select message from quarantine.support_contacts")[0][0]
    assert shop.rows("select rule, message from quarantine.loyalty_members") == [
        ("missing_value", "loyalty_id is empty or names nobody; every row of loyalty/members needs it")
    ]


def test_a_line_whose_order_id_was_masked_is_not_looked_at_every_night(shop):
    shop.drop_sales(lines=f"{LINES}ada@mail.example,1,p,1,1,\n")
    shop.load()
    assert shop.reasons("sales/order_lines") == [(4, "line_without_order")]
    assert shop.load().files == ()


def test_unknown_columns_are_kept_in_the_vault_and_reported(shop):
    orders = "order_id,ordered_at,full_name,Note\no1,2024-01-01,Ada Lovelace,x\no2,never,,\n"
    shop.drop_sales(orders=orders)
    shop.drop("sales/orders", "2024-01-01", "order_id,ordered_at,full_name\no3,2024-01-01,Bob\n", "z.csv")
    summary = shop.load()
    name = "sales/orders/2024-01-01/part.csv"
    assert unknown_columns(shop) == [
        ("sales", "orders", "2024-01-01", name, 1, '{"full_name":"Ada Lovelace","note":"x"}'),
        ("sales", "orders", "2024-01-01", name, 2, '{"full_name":null,"note":null}'),
        ("sales", "orders", "2024-01-01", "sales/orders/2024-01-01/z.csv", 1, '{"full_name":"Bob"}'),
    ]
    assert summary.warnings[0] == (
        "sales/orders has a column 'full_name' that the landing contract does not know; its values are kept in the "
        f"vault only (2 files, 3 rows, first {name})"
    )
    ledger = shop.rows("select unknown_columns from raw.files where entity = 'orders' order by file")
    assert ledger == [("full_name, note",), ("full_name",)]


def test_a_changed_drop_replaces_its_unknown_columns(shop):
    shop.drop_sales(orders="order_id,ordered_at,full_name\no1,2024-01-01,Ada\no2,2024-01-01,\n")
    shop.drop_sales("2024-01-02", orders="order_id,ordered_at,full_name\no5,2024-01-01,Eve\n", lines=f"{LINE_HEADER}\n")
    shop.load()
    shop.drop("sales/orders", "2024-01-01", ORDERS)
    shop.load()
    assert [row[5] for row in unknown_columns(shop)] == ['{"full_name":"Eve"}']


def test_unknown_columns_of_parquet_are_kept_with_their_row(shop):
    shop.drop("sales/order_lines", "2024-01-01", f"{LINE_HEADER}\n")
    path = shop.drop("sales/orders", "2024-01-01", b"", "orders.parquet")
    duckdb.execute(
        "copy (select 'o' || n as order_id, date '2024-01-01' as ordered_at, {'city': 'Ely', 'n': n} as address "
        f"from range(2) as t(n)) to '{path}'"
    )
    shop.load()
    found = [(row[4], row[5]) for row in unknown_columns(shop)]
    assert [number for number, _ in found] == [1, 2]
    assert "Ely" in found[0][1]


def test_a_file_named_for_a_person_is_masked_where_others_read(shop):
    shop.drop_sales()
    shop.drop("sales/orders", "2024-01-01", b"", "for ada@mail.example.csv")
    summary = shop.load()
    assert "ada@mail" not in summary.blocked[0].message
    files = shop.rows("select file, message from raw.landed_files where entity = 'orders' order by file")
    assert files[0][0].endswith("for [e-mail]")
    assert "ada@mail" not in str(files)
