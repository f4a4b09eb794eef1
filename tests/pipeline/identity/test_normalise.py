"""One person's many spellings give one identifier, and what names nobody gives none."""

import duckdb
import phonenumbers
import pytest

from pipeline.errors import UsageError
from pipeline.identity.normalise import give_phone_region, normalise_sql

REGIONS = ("GB", "US", "DE", "IT", "FR", "RU", "JP", "BR", "AU")


@pytest.fixture
def normalise():
    with duckdb.connect() as connection:
        give_phone_region(connection, "GB")

        def ask(kind, value, region=None):
            if region:
                give_phone_region(connection, region)
            query = f"select {normalise_sql(kind, 'value')} from (select cast(? as varchar) as value)"
            return connection.execute(query, [value]).fetchone()[0]

        yield ask


@pytest.mark.parametrize("region", REGIONS)
def test_phones_are_read_as_the_numbering_plans_say(normalise, region):
    formats = phonenumbers.PhoneNumberFormat
    for owner in REGIONS:
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(owner, kind)
            expected = phonenumbers.format_number(number, formats.E164)
            abroad = phonenumbers.format_number(number, formats.INTERNATIONAL)
            written = [expected, abroad, abroad.replace("+", "00")]
            if owner == region:
                written.append(phonenumbers.format_number(number, formats.NATIONAL))
            for text in written:
                assert normalise("phone", text, region) == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "07000 123456",
        "+44 7000 123456",
        "+44 (0)7000 123456",
        "+4407000123456",
        "0044 7000-123456",
        "(07000) 123.456",
        "44 7000 123456",
        "07000123456 x12",
        "07000 123 456 ext. 9",
    ],
)
def test_a_phone_written_in_any_way_is_one_number(normalise, text):
    assert normalise("phone", text) == "+447000123456"


@pytest.mark.parametrize("text", ["000-0000-0000", "00000000000", "1111111111", "n/a", "", "12", "call me", None])
def test_what_is_no_phone_names_nobody(normalise, text):
    assert normalise("phone", text) is None


@pytest.mark.parametrize("text", [" Ada@Mail.Example ", "ada+shop@mail.example", "mailto:ada@mail.example"])
def test_an_email_written_in_any_way_is_one_address(normalise, text):
    assert normalise("email", text) == "ada@mail.example"


@pytest.mark.parametrize("text", ["till3@shop.example", "POS-12@shop.example", "no-reply@shop.example", "guest@x.org"])
def test_a_tills_mailbox_names_nobody(normalise, text):
    assert normalise("email", text) is None
    assert normalise("email", f"a{text}") == f"a{text}".lower()


@pytest.mark.parametrize("text", ["n/a", "ada@mail", "ada", "@mail.example", "a b@mail.example", "a@b@c.de", "", None])
def test_what_is_no_email_names_nobody(normalise, text):
    assert normalise("email", text) is None


@pytest.mark.parametrize("kind", ["customer_ref", "loyalty_id"])
def test_references_keep_their_case_and_words_for_nothing_name_nobody(normalise, kind):
    assert normalise(kind, " Ab-12 ") == "Ab-12"
    assert [normalise(kind, text) for text in ("Guest", "N/A", "0", "  ", None)] == [None] * 5


def test_a_region_nobody_numbers_is_refused_in_a_sentence(normalise):
    with pytest.raises(UsageError, match="RAPPORT_PHONE_REGION='XX' is not a country"):
        normalise("phone", "1", "XX")
