"""The stages of a night, in order: what each reads, writes and is gated by.

Airflow and the command line both run stages through `run_stage`. Nothing heavy is imported here; a stage's own
module is imported when the stage runs, so that reading this list costs nothing.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pipeline import runs
from pipeline.errors import UsageError
from pipeline.progress import say
from pipeline.settings import Settings


@dataclass(frozen=True)
class Stage:
    """One step of the night. `function` is `module:name`, called with (settings, as_of, run_id)."""

    name: str
    group: str
    title: str
    function: str
    reads: str
    writes: str

    @property
    def command(self) -> str:
        """The command line that runs this stage alone."""
        return f"python -m pipeline {self.name.replace('_', '-')} --date DATE"

    @property
    def is_gate(self) -> bool:
        """Whether this stage validates instead of building."""
        return self.name.startswith("gate_")


def _gate(name: str, group: str, reads: str) -> Stage:
    return Stage(
        name=f"gate_{name}",
        group=group,
        title=f"Validate {reads}",
        function=f"pipeline.gates:check_{name}",
        reads=reads,
        writes="ops.quality_checks, Data Docs",
    )


STAGES: tuple[Stage, ...] = (
    Stage("begin", "land", "Open the run", "pipeline.runs:begin", "nothing", "ops.runs"),
    Stage("load", "land", "Load new drops", "pipeline.load:load", "landing drops", "raw.*, quarantine.*, vault"),
    _gate("raw", "land", "raw.*"),
    Stage(
        "mend",
        "land",
        "Tell nights anew that late drops change",
        "pipeline.mend:mend",
        "raw.*",
        "marts.segment_history, marts.segment_summary",
    ),
    Stage("stage", "transform", "Clean and type", "pipeline.transform:stage", "raw.*", "staging.*"),
    _gate("staging", "transform", "staging.*"),
    Stage(
        "identify",
        "transform",
        "Tell who is who",
        "pipeline.identity.resolve:identify",
        "staging.*, identity_overrides.csv",
        "identity.*",
    ),
    Stage(
        "build",
        "transform",
        "Build facts",
        "pipeline.transform:build",
        "staging.*, identity.*",
        "marts.*",
    ),
    _gate("marts", "transform", "marts.*"),
    Stage(
        "features",
        "transform",
        "Describe every customer to the models",
        "pipeline.transform:describe",
        "marts.*",
        "features.*",
    ),
    _gate("features", "transform", "features.*"),
    Stage(
        "train",
        "model",
        "Train the churn model where no earlier one can answer",
        "pipeline.train:train",
        "marts.*",
        "models/churn",
    ),
    Stage(
        "score",
        "model",
        "Score every customer",
        "pipeline.score:score",
        "features.*, models/churn",
        "ml.churn_scores, ml.customer_reasons, ml.model_cards",
    ),
    Stage(
        "baskets", "model", "Mine basket rules", "pipeline.baskets:mine_baskets", "marts.order_lines", "ml.basket_rules"
    ),
    Stage(
        "value",
        "model",
        "Estimate value and dates",
        "pipeline.value:estimate",
        "marts.*",
        "ml.lifetime_scores, ml.timing_scores, ml.model_cards",
    ),
    Stage(
        "ledger",
        "model",
        "Meet predictions with what happened",
        "pipeline.ledger:keep_ledger",
        "ml.*, marts.*",
        "ml.predictions, ml.prediction_ledger, ops.quality_checks",
    ),
    _gate("scores", "model", "ml.*"),
    Stage(
        "segment",
        "decide",
        "Place every customer",
        "pipeline.transform:segment",
        "marts.*, ml.churn_scores",
        "marts.customers, marts.segment_*",
    ),
    _gate("segments", "decide", "marts.customers, marts.segment_*"),
    Stage(
        "recommend",
        "decide",
        "Recommend to every customer",
        "pipeline.recommend:recommend",
        "marts.*, ml.basket_rules",
        "ml.next_baskets, marts.recommendations",
    ),
    _gate("recommendations", "decide", "marts.recommendations"),
    Stage(
        "offer",
        "decide",
        "Choose offers",
        "pipeline.transform:offer",
        "marts.*",
        "marts.offers, marts.offer_products",
    ),
    _gate("offers", "decide", "marts.offers, marts.offer_products"),
    Stage(
        "write_version",
        "publish",
        "Write the new version",
        "pipeline.publish.write:write_version",
        "marts.*, ml.*",
        "published/versions/RUN/crm.duckdb",
    ),
    _gate("published", "publish", "the new crm.duckdb"),
    Stage(
        "switch",
        "publish",
        "Seal it and switch",
        "pipeline.publish.switch:switch",
        "the new version",
        "published/current",
    ),
)


def find_stage(name: str) -> Stage:
    """The stage of that name, or UsageError listing the names there are."""
    for stage in STAGES:
        if stage.name == name:
            return stage
    raise UsageError(f"there is no stage {name!r}; the stages are: {', '.join(stage.name for stage in STAGES)}")


def run_stage(name: str, settings: Settings, as_of: date) -> None:
    """Run one stage of the night of `as_of`, continuing that night's open run (`begin` opens it)."""
    stage = find_stage(name)
    with runs.hold_night_lock(settings):
        run_id = runs.begin(settings, as_of) if stage.name == "begin" else runs.find_open_run(settings, as_of)
        say(f"{stage.title.lower()} …")
        started = time.perf_counter()
        if stage.name != "begin":
            load_function(stage)(settings, as_of, run_id)
        seconds = time.perf_counter() - started
        runs.record_stage(settings, run_id, stage.name, seconds)
        say(f"{stage.title.lower()}: {seconds:.1f} s")


def run_night(settings: Settings, as_of: date) -> None:
    """Run every stage in order. A stage that fails ends the night; nothing later runs."""
    with runs.hold_night_lock(settings):
        for stage in STAGES:
            run_stage(stage.name, settings, as_of)


def load_function(stage: Stage) -> Callable[[Settings, date, str], object]:
    """The stage's function, its module imported now."""
    module, function = stage.function.split(":")
    return getattr(importlib.import_module(module), function)
