"""Why customers stopped, as churn_causes states it, on a simulated retailer whose truth says why each of them left.

Each customer is compared with the person most of their orders are of. Judged are dormant and churned customers. Some of
them have not left at all in truth: they count against a stated cause, and are told apart.

Then the churn model's own reasons, of those who left in the last 60 days: the night their risk is rising. A reason that
could be no cause (overdue, visits, …) or that speaks for staying names none: it counts as unknown.
"""

import argparse
from pathlib import Path

import numpy as np

from bench.measuring import make_table
from bench.truthful import COSTS, OWNER, TO_SEGMENTS, TruthfulShop, add_size_options

TITLE = "why customers stopped, on simulated truth"

_RESAMPLES = 2000
_JUST_LEFT_DAYS = 60

# Rows of (stated, true, customers); the true cause is empty for who has not left.
_PAIRS = f"""
    {OWNER}
    select causes.cause, case when not people.is_alive then people.cause end as true_cause, count(*)
    from marts.churn_causes as causes
    join owner using (customer_id) join '{{truth}}/people.parquet' as people using (person_id)
    group by all order by all
"""

# The same of what customer_reasons says of who has just left: by the first reason, or the first that can be a cause.
_REASONS = f"""
    {OWNER},
    reasons as (
        select customer_id, rank,
            case
                when
                    direction = 'raises'
                    and reason_code in ('price', 'stock_out', 'product', 'service', 'moved_channel')
                    then reason_code
            end as cause
        from ml.customer_reasons
    ),
    stated as (
        select customer_id, coalesce(arg_min(cause, rank) filter (cause is not null{{of_rank}}), 'unknown') as cause
        from reasons group by customer_id
    )
    select stated.cause, people.cause as true_cause, count(*)
    from stated join owner using (customer_id) join '{{truth}}/people.parquet' as people using (person_id)
    where not people.is_alive
        and people.leave_on > (select max(as_of_date) - {_JUST_LEFT_DAYS} from features.customer_features)
    group by all order by all
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    add_size_options(parser, people=20_000, seed=3)


def run(options: argparse.Namespace, folder: Path) -> str:
    """Markdown: how often each cause is stated, right and missed; then all leavers beside the commonest cause."""
    shop = TruthfulShop(folder, options.people, options.days, options.seed)
    shop.simulate()
    shop.run_stages(TO_SEGMENTS, COSTS)
    first, able = (shop.ask(_REASONS.replace("{of_rank}", of_rank)) for of_rank in (" and rank = 1", ""))
    return f"{shop.title}\n\n{describe(shop.ask(_PAIRS))}\n\n{describe_reasons(first, able)}"


def describe(pairs: list[tuple[str, str | None, int]]) -> str:
    """Two Markdown tables from counts of (stated cause, true cause or None for who has not left, customers)."""
    causes = sorted({true for _, true, _ in pairs if true} | {stated for stated, _, _ in pairs})
    header = ("cause", "stated", "right", "precision", "of leavers only", "true", "recall")
    return "\n\n".join((make_table(header, [_describe_cause(cause, pairs) for cause in causes]), _describe_all(pairs)))


def describe_reasons(first: list[tuple[str, str, int]], able: list[tuple[str, str, int]]) -> str:
    """A Markdown table of the same for what two ways of reading the reasons name, of customers who have just left."""
    found = [_compare_leavers(pairs) for pairs in (first, able)]
    rows = [("customers who have just left", *(f"{sum(count for *_, count in pairs):,}" for pairs in (first, able)))]
    rows += [(measure, one, other) for (measure, one), (_, other) in zip(*found, strict=True)]
    named = [sum(count for said, _, count in pairs if said != "unknown") for pairs in (first, able)]
    right = [sum(count for said, true, count in pairs if said == true != "unknown") for pairs in (first, able)]
    rows.append(
        ("named a cause; of these right", *(f"{n:,}; {_divide(r, n)}" for n, r in zip(named, right, strict=True)))
    )
    return make_table(("measure", "the first reason", "the first that can be a cause"), rows)


def _describe_cause(cause: str, pairs: list[tuple[str, str | None, int]]) -> tuple[str, ...]:
    stated = sum(count for said, _, count in pairs if said == cause)
    of_leavers = sum(count for said, true, count in pairs if said == cause and true)
    right = sum(count for said, true, count in pairs if said == cause == true)
    true = sum(count for _, true, count in pairs if true == cause)
    return (
        cause,
        f"{stated:,}",
        f"{right:,}",
        _divide(right, stated),
        _divide(right, of_leavers),
        f"{true:,}",
        _divide(right, true),
    )


def _describe_all(pairs: list[tuple[str, str | None, int]]) -> str:
    """Shares right among those who have left, with 95 % intervals; what a cause other than `unknown` is worth apart."""
    leavers = [(said, true, count) for said, true, count in pairs if true]
    rows = [
        ("customers called dormant or churned", f"{sum(count for *_, count in pairs):,}"),
        ("… who have left", f"{sum(count for *_, count in leavers):,}"),
    ]
    return make_table(("measure", "figure"), rows + _compare_leavers(leavers))


def _compare_leavers(leavers: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    """Share right, of those who have left, beside the commonest cause said of everybody."""
    left = sum(count for *_, count in leavers)
    by_cause: dict[str, int] = {}
    for _, true, count in leavers:
        by_cause[true] = by_cause.get(true, 0) + count
    right = sum(count for said, true, count in leavers if said == true)
    commonest = max(by_cause.values())
    low, high = _draw_ratio(leavers, max(by_cause, key=by_cause.get))
    return [
        ("of these, stated cause right", _divide(right, left)),
        (f"commonest cause ({max(by_cause, key=by_cause.get)}) for everybody", _divide(commonest, left)),
        ("times as often right", f"{right / commonest:.2f} ({low:.2f} to {high:.2f})"),
    ]


def _draw_ratio(leavers: list[tuple[str, str, int]], commonest: str) -> tuple[float, float]:
    """95 % interval of (stated right) / (commonest right), drawing the leavers again."""
    counts = np.array([count for *_, count in leavers])
    right = np.array([said == true for said, true, _ in leavers])
    common = np.array([true == commonest for _, true, _ in leavers])
    drawn = np.random.default_rng(20171231).multinomial(counts.sum(), counts / counts.sum(), size=_RESAMPLES)
    low, high = np.quantile(drawn[:, right].sum(axis=1) / np.maximum(drawn[:, common].sum(axis=1), 1), (0.025, 0.975))
    return float(low), float(high)


def _divide(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"
