"""Data Docs: one HTML site with the results of the last runs, and the Great Expectations context that writes it."""

import shutil
from pathlib import Path
from typing import Any

SITE = "data_docs"
RESULTS = "validations"
SUITES = "expectations"

# Every result of a kept run is read again when a gate rewrites the index page, so the number of runs kept is what
# a gate pays for; five nights are enough to see when something began.
KEEP_RUNS = 5


def open_context(output: Path) -> Any:
    """A Great Expectations context that lives in memory but keeps results and Data Docs under `output`."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    stores = InMemoryStoreBackendDefaults()
    stores.stores[stores.validation_results_store_name]["store_backend"] = _folder(output / RESULTS)
    # Kept on disk because the index page drops suites it can't find, and each gate knows only its own.
    stores.stores[stores.expectations_store_name]["store_backend"] = _folder(output / SUITES)
    stores.data_docs_sites = {
        SITE: {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": _folder(output / SITE),
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "site_section_builders": {"profiling": "none"},
        }
    }
    config = DataContextConfig(
        store_backend_defaults=stores, analytics_enabled=False, progress_bars=ProgressBarsConfig(globally=False)
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def build_site(context: Any, output: Path, run_id: str, keys: list[Any]) -> Path:
    """Add pages for these results, drop those of runs no longer kept, rewrite the index; return the index page."""
    _forget_old_runs(output, run_id)
    pages = [*keys, *(key.expectation_suite_identifier for key in keys)]
    context.build_data_docs(site_names=[SITE], resource_identifiers=pages)
    return output / SITE / "index.html"


def _folder(path: Path) -> dict[str, Any]:
    # Unescaped, a $ in the path would be taken for the name of an environment variable.
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(path).replace("$", r"\$")}


def _forget_old_runs(output: Path, run_id: str) -> None:
    """Keep this run and the last ones before it. Both trees are laid out gate/schema/table/run/time/file."""
    newest: dict[str, int] = {}
    trees = (output / RESULTS, output / SITE / RESULTS)
    folders = [folder for tree in trees for folder in tree.glob("*/*/*/*") if folder.is_dir()]
    for folder in folders:
        newest[folder.name] = max(newest.get(folder.name, 0), folder.stat().st_mtime_ns)
    others = sorted((name for name in newest if name != run_id), key=lambda name: newest[name], reverse=True)
    keep = {run_id, *others[: KEEP_RUNS - 1]}
    for folder in folders:
        if folder.name not in keep:
            shutil.rmtree(folder)
