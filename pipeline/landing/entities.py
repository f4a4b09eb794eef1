"""What a retailer may drop: every entity, its columns, and what each value must be. Declared here and nowhere else.

The raw tables, the row rules, the tokens for personal identifiers and the quarantine are all made from these
declarations.
"""

from dataclasses import dataclass
from datetime import date

EARLIEST_EVENT = date(1990, 1, 1)

TEXT = "VARCHAR"
MONEY = "DECIMAL(18,2)"
PRICE = "DECIMAL(18,8)"
QUANTITY = "DECIMAL(18,3)"
TIME = "TIMESTAMP"


@dataclass(frozen=True)
class Column:
    """One column of an entity.

    `minimum` and `maximum` are allowed values themselves, `above` is not. `codes` are compared and kept in lower case.
    `identifier` is the kind of personal identifier the column holds; such a value enters the warehouse as a token only.
    In `free_text` people write what they like; e-mails and phones are masked when it is loaded.
    """

    name: str
    sql_type: str = TEXT
    required: bool = False
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    codes: tuple[str, ...] = ()
    default: str | None = None
    identifier: str | None = None
    free_text: bool = False

    @property
    def is_id(self) -> bool:
        """Whether digits in the column are an id and not, say, a phone."""
        return self.sql_type == TEXT and self.name.endswith(("_id", "_no"))


@dataclass(frozen=True)
class Check:
    """A rule over several columns of one row: `is_broken` is SQL over them, `sentence` SQL that tells a person."""

    rule: str
    is_broken: str
    sentence: str


@dataclass(frozen=True)
class Entity:
    """One kind of file that lands, with its business key and the column that dates its rows."""

    source: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event_column: str | None = None
    checks: tuple[Check, ...] = ()
    parent: str | None = None

    @property
    def path(self) -> str:
        """How the entity is named in the landing folder and in messages."""
        return f"{self.source}/{self.name}"

    @property
    def table(self) -> str:
        """The table's name in the schemas raw and quarantine."""
        return f"{self.source}_{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column of the contract, in its order."""
        return tuple(column.name for column in self.columns)

    @property
    def has_identifiers(self) -> bool:
        """Whether a row may name a person."""
        return any(column.identifier for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """The columns a file can't do without."""
        return tuple(column.name for column in self.columns if column.required)


def _need_one_of(*names: str) -> Check:
    return Check(
        "no_identifier",
        " and ".join(f"{name} is null" for name in names),
        f"'none of {', '.join(names)} is given or usable; a row needs at least one to belong to somebody'",
    )


# DuckDB keeps a product in the 18 digits of its factors, too few for a large line: hence the cast.
_GROSS = "quantity * unit_price::decimal(38, 8)"

_DISCOUNT = Check(
    "discount_above_gross",
    # the same as being above the gross in whole cents, and ten times as fast as rounding; most lines have no discount
    f"case when discount_amount > 0 then discount_amount > {_GROSS} + 0.005 end",
    f"concat('discount_amount ', discount_amount, ' is above the line''s gross of ', round({_GROSS}, 2), "
    "'; it is the discount of the whole line, and unit_price is the price before it')",
)
_RESOLVED = Check(
    "resolved_before_opened",
    "resolved_at < opened_at",
    "concat('resolved_at ', resolved_at, ' lies before opened_at ', opened_at)",
)
_CURRENCY = Check(
    "other_currency",
    "upper(currency) <> getvariable('warehouse_currency')",
    "concat('currency is ', currency, '; this warehouse holds ', getvariable('warehouse_currency'), ' only')",
)

_CUSTOMER_REF = Column("customer_ref", identifier="customer_ref")
_LOYALTY_ID = Column("loyalty_id", identifier="loyalty_id")
_MEMBER_ID = Column("loyalty_id", required=True, identifier="loyalty_id")
_EMAIL = Column("email", identifier="email")
_PHONE = Column("phone", identifier="phone")


def _id(name: str) -> Column:
    return Column(name, required=True)


def _time(name: str) -> Column:
    return Column(name, TIME, required=True)


# Orders stand before their lines: a line is checked against the orders that are there when it is loaded.
ENTITIES: tuple[Entity, ...] = (
    Entity(
        "sales",
        "orders",
        key=("order_id",),
        event_column="ordered_at",
        checks=(_CURRENCY,),
        columns=(
            _id("order_id"),
            _time("ordered_at"),
            _CUSTOMER_REF,
            _LOYALTY_ID,
            _EMAIL,
            _PHONE,
            Column("channel", codes=("store", "web", "app", "phone", "other")),
            Column("store_id"),
            Column("currency"),
            Column("status", codes=("completed", "cancelled"), default="completed"),
        ),
    ),
    Entity(
        "sales",
        "order_lines",
        key=("order_id", "line_no"),
        checks=(_DISCOUNT,),
        parent="sales/orders",
        columns=(
            _id("order_id"),
            _id("line_no"),
            _id("product_id"),
            Column("quantity", QUANTITY, required=True, above=0),
            Column("unit_price", PRICE, required=True, minimum=0),
            Column("discount_amount", MONEY, minimum=0, default="0"),
            Column("coupon_id"),
            Column("offer_id"),
        ),
    ),
    Entity(
        "sales",
        "returns",
        key=("return_id",),
        event_column="returned_at",
        columns=(
            _id("return_id"),
            _id("product_id"),
            _time("returned_at"),
            Column("quantity", QUANTITY, required=True, above=0),
            Column("refund_amount", MONEY, required=True, minimum=0),
            Column("order_id"),
            Column("line_no"),
            _CUSTOMER_REF,
            Column("reason", free_text=True),
        ),
    ),
    Entity(
        "sales",
        "products",
        key=("product_id",),
        columns=(
            _id("product_id"),
            Column("name"),
            Column("category"),
            Column("subcategory"),
            Column("brand"),
            Column("list_price", MONEY, minimum=0),
            Column("unit_cost", MONEY, minimum=0),
            Column("is_active", "BOOLEAN"),
        ),
    ),
    Entity(
        "sales",
        "stock",
        key=("product_id", "snapshot_on"),
        event_column="snapshot_on",
        columns=(
            _id("product_id"),
            Column("snapshot_on", "DATE", required=True),
            Column("on_hand", QUANTITY, required=True),
            Column("on_order", QUANTITY, minimum=0),
            Column("lead_time_days", "INTEGER", minimum=0),
        ),
    ),
    Entity(
        "support",
        "contacts",
        key=("contact_id",),
        event_column="opened_at",
        checks=(_need_one_of("customer_ref", "loyalty_id", "email", "phone"), _RESOLVED),
        columns=(
            _id("contact_id"),
            _time("opened_at"),
            _CUSTOMER_REF,
            _LOYALTY_ID,
            _EMAIL,
            _PHONE,
            Column("channel", free_text=True),
            Column(
                "kind",
                codes=("product_question", "order_status", "complaint", "return_request", "loyalty", "other"),
            ),
            Column("topic", free_text=True),
            Column("product_id"),
            Column("order_id"),
            Column("resolved_at", TIME),
            Column("csat", "INTEGER", minimum=1, maximum=5),
            Column("handling_minutes", QUANTITY, minimum=0),
        ),
    ),
    Entity(
        "loyalty",
        "members",
        key=("loyalty_id",),
        event_column="enrolled_at",
        columns=(
            _MEMBER_ID,
            _time("enrolled_at"),
            _CUSTOMER_REF,
            _EMAIL,
            _PHONE,
            Column("birth_year", "INTEGER"),
            Column("program_tier"),
            Column("attributes", free_text=True),
        ),
    ),
    Entity(
        "loyalty",
        "consents",
        key=("loyalty_id", "channel", "purpose", "changed_at"),
        event_column="changed_at",
        columns=(
            _MEMBER_ID,
            Column("channel", required=True, codes=("email", "sms", "push", "post", "phone")),
            Column("purpose", required=True, codes=("marketing", "profiling")),
            Column("granted", "BOOLEAN", required=True),
            _time("changed_at"),
            Column("expires_at", TIME),
        ),
    ),
    Entity(
        "loyalty",
        "points",
        key=("entry_id",),
        event_column="occurred_at",
        columns=(
            _id("entry_id"),
            _MEMBER_ID,
            _time("occurred_at"),
            Column("points", "BIGINT", required=True),
            Column("reason", free_text=True),
            Column("order_id"),
        ),
    ),
    Entity(
        "loyalty",
        "exposures",
        key=("offer_id",),
        event_column="sent_at",
        checks=(_need_one_of("loyalty_id", "customer_ref"),),
        columns=(
            _id("offer_id"),
            _time("sent_at"),
            _LOYALTY_ID,
            _CUSTOMER_REF,
            Column("channel"),
            Column("program"),
            Column("product_id"),
            Column("incentive_value", MONEY, minimum=0),
            Column("cost", MONEY, minimum=0),
            Column("expires_at", TIME),
            Column("arm", codes=("treatment", "control"), default="treatment"),
        ),
    ),
    Entity(
        "loyalty",
        "redemptions",
        key=("redemption_id",),
        event_column="redeemed_at",
        checks=(_need_one_of("loyalty_id", "customer_ref"),),
        columns=(
            _id("redemption_id"),
            _id("offer_id"),
            _time("redeemed_at"),
            Column("order_id"),
            _LOYALTY_ID,
            _CUSTOMER_REF,
        ),
    ),
    Entity(
        "privacy",
        "erasures",
        key=("request_id",),
        event_column="requested_at",
        checks=(_need_one_of("customer_ref", "loyalty_id", "email", "phone"),),
        columns=(_id("request_id"), _time("requested_at"), _CUSTOMER_REF, _LOYALTY_ID, _EMAIL, _PHONE),
    ),
)

REQUIRED_ENTITIES = ("sales/orders", "sales/order_lines")
