"""The knobs of the models, read from params.yml: frozen, checked, nothing unknown and nothing missing."""

from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

DEFAULT_PATH = Path(__file__).with_name("params.yml")


class ParamsError(ValueError):
    """The params file says something that can't be meant."""


@dataclass(frozen=True)
class RegressionParams:
    """Logistic regression."""

    inverse_penalty: float
    max_iterations: int


@dataclass(frozen=True)
class BoostingParams:
    """Gradient-boosted trees."""

    trees: int
    learning_rate: float
    max_leaves: int
    min_leaf_rows: int
    feature_share: float
    members: int


@dataclass(frozen=True)
class ChurnParams:
    """How churn models are trained, judged and used; params.yml says what each knob means."""

    horizons_days: tuple[int, ...]
    min_customers: int
    min_class_customers: int
    min_rule_rows: int
    max_training_rows: int
    max_judged_rows: int
    judged_days: int
    judge_step_days: int
    probability_floor: float
    grade_a_gain: float
    bootstrap_resamples: int
    bootstrap_seed: int
    calibration_bins: int
    score_chunk_rows: int
    reasons_horizon_days: int
    last_good_days: int
    regression: RegressionParams
    boosting: BoostingParams

    def __post_init__(self) -> None:
        _require(0 < self.probability_floor < 0.5, "churn.probability_floor lies between 0 and 0.5")
        _require(min(self.judged_days, self.judge_step_days) >= 1, "churn.judged_days, judge_step_days are 1 or more")
        _require(self.bootstrap_resamples >= 200, "churn.bootstrap_resamples is 200 or more")
        horizons = self.horizons_days
        rise = bool(horizons) and horizons == tuple(sorted(set(horizons)))
        _require(rise, "churn.horizons_days rise and never repeat")
        _require(self.reasons_horizon_days in horizons, "churn.reasons_horizon_days is one of churn.horizons_days")


@dataclass(frozen=True)
class LifetimeParams:
    """How lifetime models are fitted."""

    max_iterations: int
    tolerance: float
    start_histories: int
    origin_least_weeks: int
    origin_least_share: float
    most_log_error: float
    most_regularity: int

    def __post_init__(self) -> None:
        _require(0 < self.tolerance < 0.01, "lifetime.tolerance lies between 0 and 0.01")
        _require(0 < self.origin_least_share <= 1, "lifetime.origin_least_share lies between 0 and 1")
        _require(self.start_histories >= 100, "lifetime.start_histories is 100 or more")
        _require(self.most_regularity >= 1, "lifetime.most_regularity is 1 or more")


@dataclass(frozen=True)
class ValueParams:
    """How value and orders to come are learnt and judged; params.yml says what each knob means."""

    max_customers: int
    least_history_days: int
    min_history_days: int
    least_horizon_days: int
    origins: int
    origin_step_days: int
    judge_step_days: int
    prior_purchases: float
    penalty: float
    groups: int
    least_group: int
    grade_a_gain: float

    def __post_init__(self) -> None:
        _require(self.max_customers >= 100, "value.max_customers is 100 or more")
        _require(self.least_horizon_days >= 1, "value.least_horizon_days is 1 or more")
        _require(self.origins >= 1, "value.origins is 1 or more")
        _require(self.groups >= 1 and self.least_group >= 10, "value.groups is 1 or more, least_group 10 or more")


@dataclass(frozen=True)
class TimingParams:
    """How dates are learnt and judged; params.yml says what each knob means."""

    horizon_days: int
    least_horizon_days: int
    min_history_days: int
    origins: int
    origin_step_days: int
    judged_days: int
    judge_step_days: int
    min_rows: int
    max_rows: int
    groups: int
    trees: int
    learning_rate: float
    max_leaves: int
    min_leaf_rows: int
    min_responders: int
    responders_share: float

    def __post_init__(self) -> None:
        counts = [name for name in self.__dataclass_fields__ if self.__dataclass_fields__[name].type is int]
        low = [name for name in counts if getattr(self, name) < 1]
        _require(not low, f"timing.{low[0] if low else ''} is 1 or more")
        _require(0 < self.responders_share < 1, "timing.responders_share lies between 0 and 1")


@dataclass(frozen=True)
class MonitoringParams:
    """What is kept of predictions and when an alarm rings; params.yml says what each knob means."""

    customers: int
    days_between: int
    ledger_days: int
    window_days: int
    least_predictions: int
    most_gap: float
    most_errors: float
    most_bias: float
    most_drift: float

    def __post_init__(self) -> None:
        _require(self.customers >= 100, "monitoring.customers is 100 or more")
        _require(self.days_between >= 1, "monitoring.days_between is 1 or more")
        _require(self.ledger_days >= self.window_days, "monitoring.ledger_days is no less than window_days")


@dataclass(frozen=True)
class RuleParams:
    """Which items bought together, of one kind, become rules; params.yml says what each knob means."""

    min_support: float
    min_baskets: int
    min_customers: int
    min_confidence: float
    min_lift: float
    max_p_value: float
    holdout_share: float
    max_holdout_p_value: float
    max_basket_items: int
    max_antecedent_pairs: int
    max_rules: int

    def __post_init__(self) -> None:
        for name in ("min_support", "min_confidence", "max_p_value", "max_holdout_p_value"):
            _require(0 <= getattr(self, name) <= 1, f"baskets: {name} lies between 0 and 1")
        _require(0 < self.holdout_share < 1, "baskets: holdout_share lies between 0 and 1")
        _require(self.min_baskets >= 1, "baskets: min_baskets is 1 or more")
        _require(self.max_basket_items >= 2, "baskets: max_basket_items is 2 or more")


@dataclass(frozen=True)
class BasketParams:
    """Rules on each kind of items."""

    product: RuleParams
    subcategory: RuleParams
    category: RuleParams


@dataclass(frozen=True)
class RecommendParams:
    """What is recommended and how its weights are learnt; params.yml says what each knob means."""

    history_days: int
    listed_repeats: int
    basket_repeats: int
    listed_finds: int
    least_gone_share: float
    repeat_candidates: int
    explore_candidates: int
    popular_candidates: int
    neighbours: int
    neighbour_buyers: int
    neighbour_products: int
    seed_products: int
    learning_rounds: int
    min_learning_orders: int
    max_learning_orders: int
    networks: int
    hidden_units: int
    epochs: int
    batch_rows: int
    learning_rate: float
    weight_decay: float
    learning_seed: int

    def __post_init__(self) -> None:
        counts = [name for name in self.__dataclass_fields__ if self.__dataclass_fields__[name].type is int]
        low = [name for name in counts if getattr(self, name) < 1]
        _require(not low, f"recommend.{low[0] if low else ''} is 1 or more")
        _require(self.min_learning_orders >= 20, "recommend.min_learning_orders is 20 or more")


@dataclass(frozen=True)
class LadderParams:
    """Price ladders and the step up; params.yml says what each knob means."""

    min_buyers: int
    keeper_orders: int
    min_price_step: float
    prior_customers: int
    most_fault_ratio: float
    offers_each: int

    def __post_init__(self) -> None:
        _require(self.min_buyers >= 1, "ladders.min_buyers is 1 or more")
        _require(self.keeper_orders >= 1, "ladders.keeper_orders is 1 or more")
        _require(self.min_price_step >= 0, "ladders.min_price_step is 0 or more")
        _require(self.prior_customers >= 1, "ladders.prior_customers is 1 or more")
        _require(self.most_fault_ratio >= 1, "ladders.most_fault_ratio is 1 or more: 1 is as often as all products")


@dataclass(frozen=True)
class Params:
    """Every knob of the models."""

    churn: ChurnParams
    lifetime: LifetimeParams
    value: ValueParams
    timing: TimingParams
    monitoring: MonitoringParams
    baskets: BasketParams
    recommend: RecommendParams
    ladders: LadderParams


def load_params(path: Path | str = DEFAULT_PATH) -> Params:
    """Read a params file; an unknown or missing key, or a value of the wrong type, is a ParamsError."""
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamsError(f"{path} can't be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    return _build(Params, content, "", path)


def _build(kind: type, content: Any, prefix: str, path: Path) -> Any:
    if not isinstance(content, dict):
        raise ParamsError(f"{path}: {prefix.rstrip('.') or 'the file'} must hold keys and values")
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind)]
    unknown = sorted(str(key) for key in content if key not in known)
    missing = [name for name in known if name not in content]
    if unknown:
        raise ParamsError(f"{path}: unknown key {prefix}{unknown[0]}; known here: {', '.join(known)}")
    if missing:
        raise ParamsError(f"{path}: missing key {prefix}{missing[0]}")
    values = {name: _convert(hints[name], content[name], f"{prefix}{name}", path) for name in known}
    try:
        return kind(**values)
    except ParamsError as error:
        raise ParamsError(f"{path}: {error}") from None


def _convert(kind: Any, value: Any, name: str, path: Path) -> Any:
    if is_dataclass(kind):
        return _build(kind, value, f"{name}.", path)
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_convert(get_args(kind)[0], item, name, path) for item in value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise ParamsError(f"{path}: {name} is {value!r}, which is not a {getattr(kind, '__name__', 'list of numbers')}")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ParamsError(rule)
