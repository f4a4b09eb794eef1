"""What must hold for what the models say."""

from expectations.rules import Between, NoRows, NoRowsWhere, OneOf, TableSuite, key_of, never_null, shares

_LEAK = (
    "nothing honest predicts people this well: a feature has seen the label; set 2026-11-23. If it is honest, say why "
    "in dbt_project/seeds/high_auc_allowed.csv"
)

_FALSE_RULES = "with one in twenty or more the whole list may be chance; set 2026-11-26"


def _never_rises(short: int, long: int) -> NoRowsWhere:
    """Who has not bought for the longer window has not bought for the shorter one either."""
    first, second = f"churn_probability_{short}d", f"churn_probability_{long}d"
    return NoRowsWhere(f"{second} is not above {first}", f"{second} > {first} + 1e-9", (first, second))


_EVERY_CUSTOMER = NoRows(
    "every current customer is scored",
    "select f.customer_id from features.customer_features as f where"
    " not exists (select 1 from {table} as b where b.customer_id = f.customer_id)",
    ("customer_id",),
)

_ONCE = NoRows(
    "a rule stands once, whichever of its antecedents is named first",
    "select item_kind, least(antecedent, antecedent_2) as antecedent, greatest(antecedent, antecedent_2) as"
    " antecedent_2, consequent, count(*) as times from {table} group by all having count(*) > 1",
    ("antecedent", "antecedent_2", "consequent"),
)

_MERCHANDISE_ONLY = NoRows(
    "a rule on products names merchandise only",
    "select b.level, b.antecedent, b.antecedent_2, b.consequent, p.product_id as not_merchandise from {table} as b"
    " join marts.products as p on p.product_id in (b.antecedent, b.antecedent_2, b.consequent)"
    " where b.level = 'product' and not p.is_merchandise",
    ("antecedent", "antecedent_2", "consequent"),
)

SUITES: tuple[TableSuite, ...] = (
    TableSuite(
        "ml",
        "churn_scores",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            *shares(f"churn_probability_{days}d" for days in (30, 60, 90, 180)),
            *shares(("dormancy_probability",)),
            _never_rises(30, 60),
            _never_rises(60, 90),
            _never_rises(90, 180),
            NoRowsWhere("scores are the night's", "as_of_date is distinct from {as_of}", ("as_of_date",)),
            _EVERY_CUSTOMER,
        ),
    ),
    TableSuite(
        "ml",
        "lifetime_scores",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            *shares(("probability_alive",)),
            Between("expected_orders_12m", low=0),
            Between("clv_12m_revenue", low=0),
            NoRowsWhere(
                "clv_12m_revenue lies in its interval",
                "clv_12m_revenue is not null and not coalesce("
                "clv_12m_revenue between clv_12m_revenue_low and clv_12m_revenue_high, false)",
                ("clv_12m_revenue", "clv_12m_revenue_low", "clv_12m_revenue_high"),
            ),
            NoRowsWhere("estimates are the night's", "as_of_date is distinct from {as_of}", ("as_of_date",)),
            NoRows(
                "every buyer has a row",
                "select o.customer_id from marts.orders as o where o.customer_id is not null and o.status = 'completed'"
                " and o.lines > 0 and not exists (select 1 from {table} as b where b.customer_id = o.customer_id)"
                " group by o.customer_id",
                ("customer_id",),
            ),
        ),
    ),
    TableSuite(
        "ml",
        "timing_scores",
        key=("customer_id",),
        rules=(
            *key_of("customer_id"),
            Between("offer_days", low=1),
            NoRowsWhere("dates are the night's", "as_of_date is distinct from {as_of}", ("as_of_date",)),
            NoRowsWhere("the next order is after the night", "next_order_on <= {as_of}", ("next_order_on",)),
            NoRowsWhere(
                "intervals of the next order lie in one another",
                "not (next_order_on_low80 <= next_order_on_low50 and next_order_on_low50 <= next_order_on"
                " and next_order_on <= next_order_on_high50 and next_order_on_high50 <= next_order_on_high80)",
                ("next_order_on", "next_order_on_low50", "next_order_on_high50"),
            ),
            NoRowsWhere(
                "dormancy_on lies in its interval",
                "dormancy_on < dormancy_on_low or dormancy_on > dormancy_on_high",
                ("dormancy_on_low", "dormancy_on", "dormancy_on_high"),
            ),
        ),
    ),
    TableSuite(
        "ml",
        "customer_reasons",
        key=("customer_id", "rank"),
        rules=(
            *key_of("customer_id", "rank"),
            *never_null("reason_code", "contribution", "sentence"),
            Between("rank", low=1, high=3),
            OneOf("direction", ("raises", "lowers")),
            NoRowsWhere(
                "direction is the sign of the contribution",
                "(direction = 'raises') <> (contribution > 0)",
                ("direction", "contribution"),
            ),
            NoRows(
                "whoever has a probability has a reason",
                "select s.customer_id from ml.churn_scores as s where s.churn_probability_60d is not null"
                " and not exists (select 1 from {table} as b where b.customer_id = s.customer_id)",
                ("customer_id",),
            ),
        ),
        may_be_empty="too short a history gives no probability to explain",
    ),
    TableSuite(
        "ml",
        "prediction_ledger",
        key=("model", "predicted_on", "customer_id"),
        rules=(
            *key_of("model", "predicted_on", "customer_id"),
            *never_null("horizon_days", "predicted", "outcome"),
            Between("horizon_days", low=1),
            NoRowsWhere(
                "a prediction is listed once its horizon has passed",
                "predicted_on + cast(horizon_days as integer) > {as_of}",
                ("horizon_days",),
            ),
            NoRowsWhere(
                "a probability meets a yes or no",
                "(starts_with(model, 'churn') or model = 'dormancy')"
                " and (predicted not between 0 and 1 or outcome not in (0, 1))",
                ("predicted", "outcome"),
            ),
        ),
        may_be_empty="until the first horizon has passed no prediction has met what happened",
    ),
    TableSuite(
        "ml",
        "basket_rules",
        key=("item_kind", "antecedent", "antecedent_2", "consequent"),
        rules=(
            *never_null("level", "item_kind", "antecedent", "consequent", "support", "confidence", "lift", "p_value"),
            OneOf("level", ("product", "category")),
            OneOf("item_kind", ("product", "subcategory", "category")),
            *shares(("support", "confidence", "p_value")),
            NoRowsWhere("lift is above 1", "lift <= 1", ("lift",)),
            NoRowsWhere(
                "lift lies within its interval",
                "not (lift_low95 <= lift and lift <= lift_high95)",
                ("lift", "lift_low95", "lift_high95"),
            ),
            NoRowsWhere(
                "a rule held in the later days too", "not coalesce(holdout_lift > 1, false)", ("holdout_lift",)
            ),
            NoRowsWhere("a rule is beyond chance", "p_value > 0.05", ("p_value",), because=_FALSE_RULES),
            NoRowsWhere(
                "no rule comes of more customers than baskets", "customers > baskets", ("customers", "baskets")
            ),
            Between("baskets", low=1),
            Between("customers", low=1),
            NoRowsWhere("a rule does not recommend what is in the basket", "consequent in (antecedent, antecedent_2)"),
            _ONCE,
            _MERCHANDISE_ONLY,
        ),
        may_be_empty="few orders, or no two things bought together often enough, give no rule",
    ),
    TableSuite(
        "ml",
        "model_cards",
        key=("model", "metric", "baseline"),
        rules=(
            *never_null("model", "version", "metric", "status"),
            NoRowsWhere(
                "no model in use has an AUC above 0.95",
                "lower(metric) = 'auc' and value > 0.95 and status <> 'rules' and not exists (select 1"
                " from seeds.high_auc_allowed as a where a.model = b.model and trim(a.reason) <> '')",
                ("value", "status"),
                because=_LEAK,
            ),
        ),
    ),
)
