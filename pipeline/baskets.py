"""The stage that finds what is bought together: lines are counted where they are, and rules come back as columns."""

from datetime import date

import pyarrow as pa

from ml.baskets.rules import mine_rules
from ml.params import RuleParams, load_params
from pipeline.learned import replace_table, say_plainly
from pipeline.progress import say
from pipeline.settings import Settings
from pipeline.warehouse import open_for_writing

# Merchandise only; a buyer is a customer, where one is known.
_LINES = """
    select lines.order_id as basket_id, {item} as item, lines.ordered_on, lines.customer_id as buyer
    from marts.order_lines as lines
"""
_OF_PRODUCTS = " inner join marts.products as products on lines.product_id = products.product_id"
_MERCHANDISE = " where lines.is_merchandise and {item} is not null"
_QUERIES = {
    "product": (_LINES + _MERCHANDISE).format(item="lines.product_id"),
    **{
        kind: (_LINES + _OF_PRODUCTS + _MERCHANDISE).format(item=f"products.{kind}")
        for kind in ("subcategory", "category")
    },
}


def mine_baskets(settings: Settings, as_of: date, run_id: str) -> None:
    """Find what is bought together: products, subcategories and categories."""
    params = load_params().baskets
    with say_plainly(), open_for_writing(settings) as connection:
        mined = {kind: mine_rules(connection, query, kind, getattr(params, kind)) for kind, query in _QUERIES.items()}
    for kind, rules in mined.items():
        _tell(kind, rules, getattr(params, kind))
    replace_table(settings, "basket_rules", pa.concat_tables(mined.values()))


def _tell(kind: str, rules: pa.Table, params: RuleParams) -> None:
    """What the limits did: how many items and baskets they left, and how many rules came of how many tried."""
    counted = {name.decode(): int(number) for name, number in rules.schema.metadata.items()}
    held = counted["rules_held"]
    cut = f", the strongest of {held:,} that hold (max_rules)" if held > rules.num_rows else ""
    say(
        f"rules on {kind} items: {rules.num_rows:,} of {counted['rules_tried']:,} tried{cut}; "
        f"{counted['items_counted']:,} items in enough of {counted['baskets_counted']:,} baskets, "
        f"{counted['baskets_cut']:,} baskets of more than {params.max_basket_items} items cut"
    )
