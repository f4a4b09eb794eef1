"""The summary a person reads after a night, from what the night wrote."""

from pipeline.errors import RapportError
from pipeline.identity.report import describe_erasures, describe_people
from pipeline.landing.report import describe_files, describe_load
from pipeline.publish.versions import current_version
from pipeline.settings import Settings
from pipeline.warehouse import open_for_reading

# How each estimate is measured: in words, and how the number is written.
_MEASURES = {
    "next_order": ("days off by", ".1f"),
    "orders": ("off by", ".2f"),
    "value": ("of the best fifth by spend found", ".0%"),
}
_MOST_ALARMS = 8
_ANSWERS = {"live": "the model answers", "last_good": "an earlier model answers", "rules": "a rule answers"}
_SEGMENT_ORDER = ("vip", "near_vip", "regular", "at_risk", "dormant", "churned")


def summarise(settings: Settings) -> str:
    """The last published night in one screen. RapportError when nothing was published yet."""
    folder = current_version(settings)
    if folder is None:
        raise RapportError("nothing is published yet; run a night with: python -m pipeline nightly --date DATE")
    with open_for_reading(settings) as connection:
        run = connection.execute(
            "select run_id, as_of_date, customers, offers from ops.runs where run_id = ?", [folder.name]
        ).fetchone()
        if run is None:
            raise RapportError(f"{folder} was not written by this warehouse; is RAPPORT_HOME right?")
        sections = [
            [f"Published {run[0]}: {run[2]:,} customers, {run[3]:,} offers, as of {run[1]}"],
            describe_load(connection, run[0]),
            describe_people(connection),
            describe_erasures(connection, settings.landing, run[1]),
            _describe_rules(connection),
            _describe_segments(connection, run[1]),
            _describe_offers(connection),
            _describe_models(connection),
            _describe_alarms(connection, run[0]),
            _describe_gates(connection, run[0]),
            _describe_stages(connection, run[0]),
            [
                "Read it",
                f"  DuckDB, BI tools  {settings.published / 'current' / 'crm.duckdb'}",
                f"  Parquet           {settings.published / 'current' / 'parquet'}",
                f"  all checks        {settings.validation / 'index.html'}",
            ],
        ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def summarise_files(settings: Settings) -> str:
    """Every file of the last run, published or not, with the sum of its rows."""
    with open_for_reading(settings) as connection:
        return describe_files(connection)


def _describe_rules(connection) -> list[str]:
    dormant, churned, has_consents = connection.execute(
        "select dormant_after_days, churned_after_days, has_consents from intermediate.int_settings_resolved"
    ).fetchone()
    tiers = connection.execute(
        "select tier, threshold_amount from intermediate.int_tiers_resolved order by tier_rank"
    ).fetchall()
    lines = [
        "Rules of tonight",
        f"  dormant after {dormant} days without a purchase, churned after {churned}",
        "  tiers by net revenue of 12 months: " + ", ".join(f"{tier} from {amount:,}" for tier, amount in tiers),
    ]
    if not has_consents:
        lines.append("  no consents have landed: check consent before sending")
    return lines


def _describe_segments(connection, as_of) -> list[str]:
    rows = connection.execute(
        """
        select segment, customers, coalesce(net_revenue_12m / nullif(sum(net_revenue_12m) over (), 0), 0)
        from marts.segment_summary where as_of_date = ?
        """,
        [as_of],
    ).fetchall()
    rows.sort(key=lambda row: _SEGMENT_ORDER.index(row[0]))
    lines = [f"  {segment:<10}{customers:>12,}  {share:>7.1%} of revenue" for segment, customers, share in rows]
    return ["Customers", *lines, f"  {'buyers':<10}{sum(row[1] for row in rows):>12,}"]


def _describe_offers(connection) -> list[str]:
    rows = connection.execute(
        """
        select program, count(*) filter (where arm = 'treatment'), count(*) filter (where arm = 'control'),
            coalesce(sum(cost) filter (where arm = 'treatment'), 0)
        from marts.offers group by program order by program
        """
    ).fetchall()
    lines = [f"  {name:<18}{sent:>7,} to send, {held:,} held out, cost {cost:,}" for name, sent, held, cost in rows]
    rejected = connection.execute(
        "select reason, count(*) from marts.offer_rejections group by reason order by reason"
    ).fetchall()
    lines += [f"  not offered: {count:,} {reason.replace('_', ' ')}" for reason, count in rejected]
    return ["Offers", *(lines or ["  none tonight"])]


def _describe_models(connection) -> list[str]:
    """One line a model: how well it ranks, beside the best naive rule on the same customers."""
    rows = connection.execute(
        """
        select model, max(value), max(low95), max(high95), arg_max(baseline, baseline_value), max(baseline_value),
            any_value(grade), any_value(status), any_value(rows)
        from ml.model_cards where metric = 'auc' and grade is not null
        group by model order by model
        """
    ).fetchall()
    lines = []
    for model, value, low, high, baseline, baseline_value, grade, status, learnt_from in rows:
        if value is None:
            answers = "a rule answers" if learnt_from else "nothing is told"
            lines.append(f"  {model:<12} can't be judged with so few customers or so short a history; {answers}")
        else:
            answers = _ANSWERS[status]
            lines.append(
                f"  {model:<12} AUC {value:.3f} ({low:.3f}–{high:.3f}); best rule, {baseline.replace('_', ' ')}, "
                f"{baseline_value:.3f}; grade {grade}, {answers}"
            )
    return ["Models, judged on past days that they had not learnt from", *lines, *_describe_estimates(connection)]


def _describe_estimates(connection) -> list[str]:
    """The same of orders and value to come, each by its own measure."""
    rows = connection.execute(
        """
        select model, any_value(value), any_value(low95), any_value(high95),
            case metric when 'mae' then arg_min(baseline, baseline_value) else arg_max(baseline, baseline_value) end,
            case metric when 'mae' then min(baseline_value) else max(baseline_value) end,
            any_value(grade), any_value(status)
        from ml.model_cards where metric in ('mae', 'best_20_found') and grade is not null
        group by model, metric order by model
        """
    ).fetchall()
    lines = []
    for model, value, low, high, baseline, baseline_value, grade, status in rows:
        if value is None:
            answers = "the customer's own median gap answers" if model == "next_order" else "nothing is told"
            lines.append(f"  {model:<12} can't be judged with so few customers or so short a history; {answers}")
            continue
        measure, style = _MEASURES[model]
        answers = _ANSWERS[status]
        lines.append(
            f"  {model:<12} {measure} {value:{style}} ({low:{style}}–{high:{style}}); best rule, "
            f"{baseline.replace('_', ' ')}, {baseline_value:{style}}; grade {grade}, {answers}"
        )
    return lines


def _describe_alarms(connection, run_id: str) -> list[str]:
    """What no longer fits; nothing where all does."""
    rows = connection.execute(
        "select detail, observed from ops.quality_checks where run_id = ? and gate = 'alarms' and not success"
        " order by table_name desc, column_name",
        [run_id],
    ).fetchall()
    if not rows:
        return []
    shown = [f"  does not hold: {detail} ({observed})" for detail, observed in rows[:_MOST_ALARMS]]
    more = [f"  and {len(rows) - _MOST_ALARMS} more in quality_checks"] if len(rows) > _MOST_ALARMS else []
    return ["Warnings: the models are due to be trained", *shown, *more]


def _describe_gates(connection, run_id: str) -> list[str]:
    rows = connection.execute(
        "select gate, count(*), count(*) filter (where success) from ops.quality_checks"
        " where run_id = ? group by gate order by gate",
        [run_id],
    ).fetchall()
    return ["Gates", "  " + ", ".join(f"{gate} {passed}/{count}" for gate, count, passed in rows)]


def _describe_stages(connection, run_id: str) -> list[str]:
    rows = connection.execute(
        "select stage, seconds from ops.stages where run_id = ? order by started_at, stage", [run_id]
    ).fetchall()
    return [
        "Seconds",
        "  " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in rows),
        f"  total {sum(r[1] for r in rows):.0f}",
    ]
