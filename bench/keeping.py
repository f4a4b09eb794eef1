"""Who is not worth keeping, on a simulated retailer whose truth says who buys on price only.

Each customer is compared with the person most of their orders are of. The night is judged twice: with what a minute of
support and a return cost unknown, as it is until somebody sets them, and with both set.
"""

import argparse
from pathlib import Path

import yaml

from bench.measuring import make_table
from bench.truthful import COSTS, OWNER, TO_SEGMENTS, TruthfulShop, add_size_options
from pipeline.dbt import DBT_PROJECT

TITLE = "who is not worth keeping, on simulated truth"

_AGAIN = ("build", "segment")

_JUDGED = f"""
    {OWNER}
    select
        count(*) as customers,
        count(*) filter (where is_price_only) as price_only,
        count(*) filter (where is_price_only and is_known_enough) as price_only_known_enough,
        count(*) filter (where keep_status = 'let_go') as let_go,
        count(*) filter (where keep_status = 'let_go' and is_price_only) as both,
        count(*) filter (where keep_status = 'let_go' and margin < 0) as losses
    from (
        select customers.keep_status, people.is_price_only, value.margin_after_service_12m as margin,
            value.orders_12m >= {{least_orders}} and value.tenure_days >= {{least_days}} as is_known_enough
        from marts.customers join intermediate.int_customer_value as value using (customer_id)
        join owner using (customer_id) join '{{truth}}/people.parquet' as people using (person_id)
        where customers.orders_total > 0
    )
"""
_HEADER = ("cost to serve", "customers", "price-only", "let go", "precision", "recall", "with evidence", "at a loss")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    add_size_options(parser, people=5000, seed=2)


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown with precision and recall of let_go against the people who buy on price only."""
    shop = TruthfulShop(folder, options.people, options.days, options.seed)
    shop.simulate()
    rows = []
    for name, costs, stages in (("unknown", {}, TO_SEGMENTS), ("set", COSTS, _AGAIN)):
        shop.run_stages(stages, costs)
        rows.append((name, *_measure(shop)))
    return f"{shop.title}; set: 0.40 a minute, 4 a return\n\n" + make_table(_HEADER, rows)


def _measure(shop: TruthfulShop) -> tuple[str, ...]:
    """One row of the table; "with evidence" leaves out those with too few orders or days to let anybody go."""
    limits = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    query = _JUDGED.replace("{least_orders}", str(limits["let_go_min_orders"]))
    query = query.replace("{least_days}", str(limits["let_go_min_days"]))
    ((customers, price_only, known_enough, let_go, both, losses),) = shop.ask(query)
    return (
        f"{customers:,}",
        f"{price_only:,}",
        f"{let_go:,}",
        f"{both / max(let_go, 1):.3f}",
        f"{both / max(price_only, 1):.3f}",
        f"{both / max(known_enough, 1):.3f} of {known_enough:,}",
        f"{losses:,}",
    )
