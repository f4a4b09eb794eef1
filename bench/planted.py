"""Basket rules and steps up, held against a simulated retailer whose truth says what goes with what, and who steps up.

An association has enough data when its truth expects twice the baskets a rule must be in. Products of one category are
liked by the same people and found together more often than by chance; so is a product with what its neighbours of the
category are planted with. A rule on products that is none of these (planted, of one category, by way of a planted one)
is false. Offers of a step up
are compared with a rule that looks at prices alone: the next dearer product of the subcategory, the dearest step first.
"""

import argparse
from pathlib import Path

import duckdb
import numpy as np

from bench.measuring import make_table
from bench.truthful import OWNER, TruthfulShop, add_size_options
from ml.params import load_params
from ml.recommend.ladders import offer_steps

TITLE = "planted associations and steps up, on simulated truth"

_STAGES = ("begin", "load", "stage", "identify", "build", "baskets")
_RESAMPLES = 2000

_PLANTED = """
    with planted as (
        select
            list_sort(list_filter([antecedent, antecedent_2], x -> x is not null)) as antecedents, consequent,
            confidence * antecedent_baskets as expected
        from '{truth}/associations.parquet'
    ),
    rules as (
        select list_sort(list_filter([antecedent, antecedent_2], x -> x is not null)) as antecedents, consequent
        from ml.basket_rules where item_kind = 'product'
    )
    select len(antecedents) as antecedents, count(*) as planted, count(*) filter (where expected >= $enough) as enough,
        count(*) filter (where expected >= $enough and (antecedents, consequent) in (from rules)) as found
    from planted group by all order by all
"""
_FALSE = """
    with planted as (
        select list_filter([antecedent, antecedent_2, consequent], x -> x is not null) as items
        from '{truth}/associations.parquet'
    ),
    items as (select row_number() over () as number, unnest(items) as product_id from planted),
    ways as (
        select distinct items.product_id, products.category
        from items join items as beside on items.number = beside.number and items.product_id <> beside.product_id
        join marts.products as products on beside.product_id = products.product_id
    ),
    rules as (
        select rule.*, list_filter([rule.antecedent, rule.antecedent_2, rule.consequent], x -> x is not null) as items,
            one.category as category, other.category as category_2, product.category as of_consequent
        from ml.basket_rules as rule
        join marts.products as product on rule.consequent = product.product_id
        join marts.products as one on rule.antecedent = one.product_id
        left join marts.products as other on rule.antecedent_2 = other.product_id
        where rule.item_kind = 'product'
    )
    select case when antecedent_2 is null then 1 else 2 end as antecedents, count(*) as rules,
        count(*) filter (where is_planted) as planted,
        count(*) filter (where not is_planted and is_alike) as alike,
        count(*) filter (where not is_planted and not is_alike and is_by_way) as by_way,
        count(*) filter (where not is_planted and not is_alike and not is_by_way) as false
    from (
        select *, of_consequent = category or coalesce(of_consequent = category_2, false) as is_alike,
            exists (select 1 from planted where list_has_all(planted.items, rules.items)) as is_planted,
            (consequent, category) in (from ways) or (consequent, category_2) in (from ways)
            or (antecedent, of_consequent) in (from ways) or (antecedent_2, of_consequent) in (from ways) as is_by_way
        from rules
    ) group by all order by all
"""
_LINES = "select customer_id, order_id, ordered_on, product_id, unit_price from marts.order_lines where is_merchandise"
_PRODUCTS = "select product_id, subcategory, unit_cost from marts.products where is_merchandise"
_FAULTS = "select distinct customer_id, product_id from marts.returns where customer_id is not null"

# One who keeps buying is the same person for both; the step is to the next dearer product, the dearest of them first.
_BY_PRICE = """
    with prices as (
        select lines.product_id, products.subcategory, median(lines.unit_price) as price
        from ($lines) as lines join ($products) as products using (product_id)
        group by all
    ),
    nexts as (
        select lower.product_id, upper.product_id as next_product_id, upper.price - lower.price as gained
        from prices as lower join prices as upper
            on lower.subcategory = upper.subcategory and upper.price >= lower.price * (1 + $min_price_step)
        qualify row_number() over (partition by lower.product_id order by upper.price, upper.product_id) = 1
    ),
    bought as (
        select customer_id, product_id, count(distinct order_id) as orders from ($lines) group by all
    )
    select kept.customer_id, kept.product_id as from_product_id, nexts.next_product_id as product_id, nexts.gained
    from bought as kept join nexts using (product_id)
    where kept.orders >= $keeper_orders and not exists (
        select 1 from bought where bought.customer_id = kept.customer_id and bought.product_id = nexts.next_product_id
    )
    qualify row_number() over (partition by kept.customer_id order by nexts.gained desc, kept.product_id) = 1
"""
_ACCEPTED = f"""
    {OWNER},
    best as (
        select * from ours
        qualify row_number() over (
            partition by customer_id order by chance * coalesce(margin_gained, price_gained) desc, from_product_id
        ) = 1
    ),
    judged as (
        select offers.how, offers.customer_id,
            case when below.next_product_id = offers.product_id then people.step_up_willingness else 0 end as accepts,
            (upper.first_price - upper.unit_cost) - (below.first_price - below.unit_cost) as margin, upper.faulty_share
        from (
            select 'ours' as how, customer_id, from_product_id, product_id from best
            union all select 'price', customer_id, from_product_id, product_id from by_price
        ) as offers
        join owner using (customer_id) join '{{truth}}/people.parquet' as people using (person_id)
        join '{{truth}}/ladders.parquet' as below on offers.from_product_id = below.product_id
        join '{{truth}}/ladders.parquet' as upper on offers.product_id = upper.product_id
    )
    select
        ours.accepts, price.accepts, ours.accepts * ours.margin, price.accepts * price.margin, ours.faulty_share,
        price.faulty_share
    from judged as ours join judged as price using (customer_id)
    where ours.how = 'ours' and price.how = 'price'
    order by customer_id
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    add_size_options(parser, people=20_000, seed=5)


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown: how many planted associations are found, how many rules are false, and how steps up are taken."""
    shop = TruthfulShop(folder, options.people, options.days, options.seed)
    shop.simulate()
    shop.run_stages(_STAGES, {})
    baskets = shop.ask("select count(*) from marts.orders where lines > 0")[0][0]
    params = load_params()
    enough = 2 * max(params.baskets.product.min_baskets, params.baskets.product.min_support * baskets)
    planted, rules = shop.ask(_PLANTED.replace("$enough", str(enough))), shop.ask(_FALSE)
    return (
        f"{shop.title}, {baskets:,} baskets\n\n{describe_rules(planted, rules)}\n\n{describe_steps(_judge_steps(shop))}"
    )


def describe_rules(planted: list[tuple[int, ...]], rules: list[tuple[int, ...]]) -> str:
    """Two Markdown tables, from (antecedents, planted, enough data, found) and (antecedents, rules, planted, of one
    category, by way of a planted one, false)."""
    totals = [sum(row[column] for row in planted) for column in (2, 3)]
    counted = [sum(row[column] for row in rules) for column in (1, 5)]
    found, false = totals[1] / max(totals[0], 1), counted[1] / max(counted[0], 1)
    header = ("antecedents", "planted", "with enough data", "found")
    of_rules = ("antecedents", "rules published", "planted", "of one category", "by way of a planted one", "false")
    return "\n\n".join(
        (
            make_table(header, [tuple(f"{number:,}" for number in row) for row in planted]),
            f"Found: {found:.1%} (goal: at least 95 %).",
            make_table(of_rules, [tuple(f"{number:,}" for number in row) for row in rules]),
            f"False: {false:.1%} (goal: at most 1 %).",
        )
    )


def describe_steps(judged: np.ndarray) -> str:
    """A Markdown table from one row a customer: acceptance, margin and faults of our offer and of the price's."""
    rows = []
    for name, ours, price in (("chance to accept", 0, 1), ("margin gained an offer", 2, 3), ("faulty share", 4, 5)):
        difference = judged[:, ours] - judged[:, price]
        low, high = _resample(difference)
        rows.append(
            (name, f"{judged[:, ours].mean():.4f}", f"{judged[:, price].mean():.4f}", f"{low:+.4f} to {high:+.4f}")
        )
    header = (f"steps up offered to {len(judged):,} customers", "ours", "by price", "95 % interval of the difference")
    return make_table(header, rows)


def _resample(differences: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(20171231)
    means = [differences[random.integers(0, len(differences), len(differences))].mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _judge_steps(shop: TruthfulShop) -> np.ndarray:
    params = load_params().ladders
    by_price = _BY_PRICE.replace("$lines", _LINES).replace("$products", _PRODUCTS)
    for name in ("min_price_step", "keeper_orders"):
        by_price = by_price.replace(f"${name}", str(getattr(params, name)))
    with duckdb.connect(str(shop.home / "warehouse.duckdb"), read_only=True) as connection:
        ours = offer_steps(connection, _LINES, _PRODUCTS, _FAULTS, params)
        connection.register("ours", ours)
        connection.execute(f"create temp table by_price as {by_price}")
        judged = connection.execute(_ACCEPTED.replace("{truth}", str(shop.truth))).fetchall()
    return np.array(judged, dtype=float)
