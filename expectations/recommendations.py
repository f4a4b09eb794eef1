"""What must hold for what is recommended to people."""

from expectations.rules import (
    Between,
    NoRows,
    NoRowsWhere,
    OneOf,
    TableSuite,
    Unique,
    key_of,
    never_null,
    refers_to,
    shares,
)

KINDS = ("repeat", "complement", "explore", "upsell")
_PAIR = "r.customer_id = b.customer_id and r.product_id = b.product_id"


def name_what_is_withheld(rows: str, what: str) -> tuple[NoRows, ...]:
    """What nobody is shown, whichever way they are shown it: `what` in the rules' words (recommended, offered).

    `rows` is a table, or a query in brackets, with customer_id, rank and product_id.
    """
    bad = f"select b.customer_id, b.rank, b.product_id from {rows} as b"
    return (
        NoRows(
            f"what is {what} is merchandise, and still sold",
            f"{bad} join marts.products as p on p.product_id = b.product_id"
            " where not (p.is_merchandise and p.is_active)",
            ("product_id",),
        ),
        NoRows(
            f"nothing is {what} that is known to be sold out with nothing on its way",
            f"{bad} join ("
            " select product_id, arg_max(on_hand, snapshot_on) as on_hand, max(snapshot_on) as snapshot_on,"
            " arg_max(coalesce(on_order, 0), snapshot_on) as on_order from staging.stg_sales__stock"
            " group by product_id) as s on s.product_id = b.product_id"
            " where s.on_hand <= 0 and s.on_order <= 0 and s.snapshot_on > {as_of} - 30",
            ("product_id",),
        ),
        NoRows(
            f"nothing is {what} that the customer returned",
            f"{bad} join marts.returns as r on {_PAIR}",
            ("product_id",),
        ),
        NoRows(
            f"nothing is {what} that the customer complained of",
            f"{bad} join marts.interactions as r on {_PAIR}"
            " where r.kind = 'support' and r.detail in ('complaint', 'return_request')",
            ("product_id",),
        ),
        NoRows(
            f"a durable is not {what} to who has one of its kind",
            f"{bad} join marts.int_products_durable as d on d.product_id = b.product_id where exists (select 1 from"
            " marts.int_products_bought as r join marts.int_products_durable as k on k.product_id = r.product_id"
            " where r.customer_id = b.customer_id and k.kind = d.kind)",
            ("product_id",),
        ),
    )


_REPEATS_WERE_BOUGHT = NoRows(
    "a repeat was bought before, and nothing else was",
    "select b.customer_id, b.rank, b.product_id, b.kind from {table} as b where (b.kind = 'repeat') <> exists ("
    f"select 1 from marts.int_products_bought as r where {_PAIR})",
    ("product_id", "kind"),
)

_RULES_EXIST = NoRows(
    "a complement's reason is a published rule",
    "select b.customer_id, b.rank, b.because_of, b.because_of_2, b.product_id from {table} as b"
    " where b.kind = 'complement' and not exists (select 1 from ml.basket_rules as r where r.item_kind = 'product'"
    " and r.antecedent = b.because_of and r.antecedent_2 is not distinct from b.because_of_2"
    " and r.consequent = b.product_id)",
    ("because_of", "because_of_2", "product_id"),
)

_RANKS = NoRows(
    "ranks run from 1 without a hole, and scores never rise with them",
    "select customer_id, rank, score from (select *, lag(rank, 1, 0) over by_rank as before,"
    " lag(score) over by_rank as score_before from {table} window by_rank as (partition by customer_id order by rank))"
    " where rank <> before + 1 or score > score_before",
    ("score",),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "marts",
        "recommendations",
        key=("customer_id", "rank"),
        rules=(
            *key_of("customer_id", "rank"),
            Unique(("customer_id", "product_id")),
            *never_null("product_id", "kind", "score", "reason", "expected_on"),
            OneOf("kind", KINDS),
            *shares(("score",)),
            Between("rank", low=1),
            NoRowsWhere("in_stock is true or unknown", "not in_stock", ("in_stock",)),
            NoRowsWhere("expected_on is after the night", "expected_on <= {as_of}", ("expected_on",)),
            refers_to("customer_id", "marts.customers"),
            refers_to("product_id", "marts.products"),
            *name_what_is_withheld("{table}", "recommended"),
            *(_REPEATS_WERE_BOUGHT, _RULES_EXIST, _RANKS),
        ),
        may_be_empty="before the first line of merchandise there is nothing to recommend",
    ),
)
