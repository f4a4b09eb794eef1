"""The RFM and segment step beside polars and pandas doing the same work on the same Parquet files.

From the facts (orders, returns, contacts, interactions) to each customer's value, R, F and M scores, tier and
segment. Ours is the project's own SQL as dbt compiled it; the peers are bench/peers/segments_*.py. Each is a process of
its own, and none is timed before all three have given the same rows.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
import yaml

from bench.measuring import Comparison, Measured, compare, make_table, measure, positive, run_apart
from bench.shop import BUILDING, COSTS, LINES_PER_PERSON, MODELS, Shop
from pipeline.errors import RapportError
from pipeline.progress import say
from pipeline.transform import DBT_PROJECT

TITLE = "the RFM and segment step, beside polars and pandas"
POLARS = "polars==2.1.0"
# How many times the peer's CPU ours may take.
PEERS = {"polars": 1.2, "pandas": 1 / 8}

_PEERS = Path(__file__).parent / "peers"
_RESULTS = {"value": "int_customer_value", "ranked": "int_customers_ranked", "assigned": "int_segments_assigned"}
# Where the step begins: what these models read is somebody else's work.
_FACTS = (
    *("orders", "returns", "interactions", "int_contacts_identified", "int_identifiers_resolved"),
    "int_customers_remembered",
)
# People enough to learn a churn model from.
SMALL = 2000
_RULES = ("dormant_gap_share", "dormant_after_days_without_gaps", "at_risk_cutoff", "at_risk_margin")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The entry's own options."""
    parser.add_argument("--lines", type=positive, default=20_000_000, help="order lines, about (default: 20,000,000)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=tuple(PEERS), help="which of them (default: both)")
    parser.add_argument("--pairs", type=positive, default=5, help="runs of each in turn (default: 5)")


def run(options: argparse.Namespace, folder: Path) -> str:
    """Make facts, prove that all give the same rows, measure; Markdown with which goal holds."""
    pythons = {name: _find_python(name, folder) for name in options.peers}
    step = _Step(folder / "step", pythons)
    step.prepare(Shop(folder / "shop", max(options.lines // LINES_PER_PERSON, 1)))
    step.prove_same_rows()
    beside = {}
    for name in options.peers:
        beside[name] = compare(name, step.run_ours, lambda peer=name: step.run_peer(peer), options.pairs)
    return f"{step.describe()}, {options.pairs} pairs, {os.cpu_count()} cores; medians\n\n{_tell(beside)}"


def _find_python(peer: str, folder: Path) -> str:
    """The Python that has the peer: our own for pandas; polars gets an environment, so that ours stays as it is."""
    if peer != "polars":
        return sys.executable
    say(f"making an environment with {POLARS} …")
    venv.create(folder / "polars", with_pip=True)
    python = str(folder / "polars" / "bin" / "python")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", POLARS]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RapportError(f"{POLARS} can't be installed: {done.stderr.strip().splitlines()[-1]}")
    return python


@dataclass(frozen=True)
class _Step:
    """The facts of one shop as Parquet, the compiled models, and the three ways to go from one to the other."""

    folder: Path
    pythons: dict[str, str]

    @property
    def facts(self) -> Path:
        """The tables that all three read."""
        return self.folder / "facts"

    def prepare(self, shop: Shop) -> None:
        """Build the shop's warehouse once, for its facts and for the models as dbt compiled them."""
        home = self._build(shop)
        target = home / "dbt" / "target"
        manifest = json.loads((target / "manifest.json").read_text())
        compiled = target / "compiled" / "rapport"
        models, facts = _find_step(manifest["nodes"] | manifest["sources"], compiled)
        self.facts.mkdir(parents=True)
        run_apart(_export, home / "warehouse.duckdb", self.facts, facts)
        plan = _plan(models, facts, compiled, self.facts)
        (self.folder / "plan.json").write_text(json.dumps(plan))
        (self.facts / "rules.json").write_text(json.dumps(_read_rules(shop)))

    def _build(self, shop: Shop) -> Path:
        model = self.folder / "model"
        shop.make()
        if shop.people > SMALL:
            small = Shop(self.folder / "small", SMALL)
            small.make()
            small.learn(model)
        else:
            shop.learn(model)
        say("building the facts …")
        home = shop.open_home("home", model)
        shop.run_night(home, shop.today, *BUILDING, *MODELS, "segment")
        # a night leaves what it compiled, but not what dbt knows of each model
        shop.run(home, "pipeline", "dbt", "--date", str(shop.today), "parse")
        return home

    def run_ours(self) -> Measured:
        """The project's SQL, in one process."""
        return self._run([sys.executable, "-m", "bench.compiled", str(self.folder / "plan.json")], "ours")

    def run_peer(self, name: str) -> Measured:
        """The peer's script, in the environment it needs."""
        return self._run([self.pythons[name], str(_PEERS / f"segments_{name}.py"), str(self.facts)], name)

    def prove_same_rows(self) -> None:
        """Refuse to compare unless every customer's every column is the same."""
        self.run_ours()
        for name in self.pythons:
            self.run_peer(name)
            for result in _RESULTS:
                rows = run_apart(_compare, *(self.folder / side / f"{result}.parquet" for side in ("ours", name)))
                say(f"{name} gives the same {rows:,} rows of {_RESULTS[result]}")

    def describe(self) -> str:
        """How large it is."""
        orders, customers = (_count(self.facts / "orders.parquet"), _count(self.folder / "ours" / "value.parquet"))
        return f"{orders:,} orders, {customers:,} customers"

    def _run(self, command: list[str], side: str) -> Measured:
        plain = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        return measure([*command, str(self.folder / side)], plain)


def _find_step(nodes: dict[str, dict], compiled: Path) -> tuple[list[dict], list[dict]]:
    """The models from the facts to the segments in the order in which they are built, and the tables they read.

    What a model reads is what its SQL names: a build from nothing asks no table of changes.
    """
    models: dict[str, dict] = {}
    facts: dict[str, dict] = {}

    def add(key: str) -> None:
        node = nodes[key]
        if key in models or key in facts:
            return
        if node["name"] in _FACTS or node["name"].startswith("stg_") or node["resource_type"] != "model":
            facts[key] = node
            return
        query = (compiled / node["original_file_path"]).read_text()
        for parent in node["depends_on"]["nodes"]:
            if nodes[parent]["relation_name"] in query:
                add(parent)
        models[key] = node

    for result in _RESULTS.values():
        add(f"model.rapport.{result}")
    return list(models.values()), list(facts.values())


def _plan(models: Sequence[dict], facts: Sequence[dict], compiled: Path, folder: Path) -> dict[str, list]:
    """What bench.compiled is told to do."""
    relations = {model["name"]: model["relation_name"] for model in models}
    return {
        "facts": [(fact["relation_name"], str(folder / f"{fact['name']}.parquet")) for fact in facts],
        "models": [(model["relation_name"], str(compiled / model["original_file_path"])) for model in models],
        "results": [(name, relations[result]) for name, result in _RESULTS.items()],
    }


def _export(warehouse: Path, folder: Path, facts: Sequence[dict]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        connection.execute("set enable_progress_bar = false")
        for fact in facts:
            connection.execute(f"copy {fact['relation_name']} to '{folder / fact['name']}.parquet'")


def _read_rules(shop: Shop) -> dict[str, object]:
    declared = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    return {
        "as_of_date": shop.today.isoformat(),
        "cost_per_handling_minute": float(COSTS["RAPPORT_COST_PER_MINUTE"]),
        "cost_per_return": float(COSTS["RAPPORT_COST_PER_RETURN"]),
        **{name: declared[name] for name in _RULES},
    }


def _count(file: Path) -> int:
    with duckdb.connect() as connection:
        return connection.execute(f"select count(*) from '{file}'").fetchone()[0]


def _compare(ours: Path, theirs: Path) -> int:
    """The number of rows, once all are the same; money is decimals with us and whole cents with the peers."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        columns = connection.execute(f"describe select * from '{ours}'").fetchall()
        unlike = []
        for name, kind, *_ in columns:
            value = f"cast(ours.{name} * 100 as bigint)" if kind.startswith("DECIMAL") else f"ours.{name}"
            unlike.append(f"count(*) filter (where {value} is distinct from theirs.{name}) as {name}")
        counted = connection.execute(
            f"select count(*), {', '.join(unlike)} from '{ours}' as ours full join '{theirs}' as theirs "
            "on ours.customer_id = theirs.customer_id"
        ).fetchone()
    wrong = [f"{name} in {count:,}" for (name, *_), count in zip(columns, counted[1:], strict=True) if count]
    if wrong:
        raise RapportError(f"{theirs} is not {ours}: of {counted[0]:,} rows, {'; '.join(wrong)} differ")
    return counted[0]


def _tell(beside: dict[str, Comparison]) -> str:
    header = (
        "peer",
        "ours CPU s",
        "its CPU s",
        "ratio of CPU",
        "ratio of wall",
        "ours GiB",
        "its GiB",
        "goal",
        "holds",
    )
    rows = [
        [
            name,
            f"{median(one.cpu for one in compared.product):.2f}",
            f"{median(one.cpu for one in compared.peer):.2f}",
            f"{compared.cpu_ratio:.3f}",
            f"{compared.wall_ratio:.3f}",
            f"{max(one.peak_memory for one in compared.product) / 2**30:.1f}",
            f"{max(one.peak_memory for one in compared.peer) / 2**30:.1f}",
            f"at most {PEERS[name]:g} times its CPU",
            "yes" if compared.cpu_ratio <= PEERS[name] else "**no**",
        ]
        for name, compared in beside.items()
    ]
    return make_table(header, rows)
