"""What must hold for the file that others will read, asked of the file itself before it becomes current."""

from expectations.rules import NoRows, NoRowsWhere, OneOf, TableSuite, key_of, never_null
from expectations.segments import SEGMENTS

_PERSONAL = ("customer_ref", "email", "loyalty_id", "phone")

_COLUMNS = (
    "select table_name, column_name, data_type from information_schema.columns"
    " where table_catalog = current_database() and exists (select 1 from {table}) and "
)

_NO_PERSONAL_COLUMN = NoRows(
    "no table of the file has a column for personal data",
    _COLUMNS + "lower(column_name) in (" + ", ".join(f"'{name}'" for name in _PERSONAL) + ")",
)

_NO_NESTED_TYPE = NoRows(
    "no table of the file has a nested type",
    _COLUMNS + "(data_type in ('JSON', 'VARIANT') or contains(data_type, '[')"
    " or regexp_matches(data_type, '^(STRUCT|MAP|UNION)'))",
)

_AS_OF_THE_NIGHT = NoRowsWhere("customers are as of the night", "as_of_date <> {as_of}", ("as_of_date",))


def _table(name: str, *key: str, may_be_empty: str | None = None) -> TableSuite:
    return TableSuite("main", name, key, key_of(*key), may_be_empty)


SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "main",
        "customers",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            OneOf("segment", SEGMENTS),
            _AS_OF_THE_NIGHT,
            _NO_PERSONAL_COLUMN,
            _NO_NESTED_TYPE,
        ),
    ),
    _table("customer_aliases", "old_customer_id", may_be_empty="most nights nobody turns out to be somebody else"),
    _table("segment_summary", "as_of_date", "segment"),
    _table(
        "customer_reasons", "customer_id", "rank", may_be_empty="too short a history gives no probability to explain"
    ),
    _table("churn_causes", "customer_id", may_be_empty="on a retailer's first nights nobody is dormant"),
    _table("churn_patterns", "pattern", may_be_empty="a short history, or nothing that holds, teaches no pattern"),
    _table(
        "prediction_ledger",
        "model",
        "predicted_on",
        "customer_id",
        may_be_empty="until the first horizon has passed no prediction has met what happened",
    ),
    _table("value_bridge", "month", "cause", may_be_empty="before the first month is over there is nothing to compare"),
    _table("segment_history", "customer_id", "valid_from"),
    _table(
        "segment_transitions",
        "month",
        "from_segment",
        "to_segment",
        may_be_empty="on the first night nobody has moved yet",
    ),
    _table("orders", "order_id"),
    _table("order_lines", "order_id", "line_no"),
    _table("products", "product_id"),
    _table("returns", "return_id", may_be_empty="not every retailer lands returns, and some have none"),
    TableSuite("main", "interactions", key=("kind", "reference_id"), rules=never_null("occurred_at", "kind", "source")),
    TableSuite(
        "main",
        "basket_rules",
        key=("item_kind", "antecedent", "antecedent_2", "consequent"),
        rules=never_null("level", "antecedent", "consequent"),
        may_be_empty="few orders, or no two things bought together often enough, give no rule",
    ),
    _table(
        "recommendations",
        "customer_id",
        "rank",
        may_be_empty="before the first line of merchandise there is nothing to recommend",
    ),
    _table("offers", "offer_id", may_be_empty="on some nights nobody is near VIP or at risk, or the budget is spent"),
    _table("offer_products", "offer_id", "position", may_be_empty="without offers there is nothing in them"),
    TableSuite("main", "model_cards", key=("model", "metric"), rules=never_null("model", "metric", "status")),
)
