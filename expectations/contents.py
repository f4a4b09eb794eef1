"""The first page of a run's checks: what each gate said of each table, with links to Data Docs.

Great Expectations' own index draws its table with scripts from the internet; on a server without it the page is empty.
This one is plain HTML.
"""

import json
from html import escape
from pathlib import Path

from expectations.docs import RESULTS, SITE

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Checks of {run}</title>
<style>
body {{ font: 15px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left }}
.failed {{ background: #fde8e8; font-weight: bold }}
</style>
<h1>Checks of run {run}</h1>
<p>{passed} of {count} passed. Each table's page lists its rules and what was found.</p>
<table><tr><th>gate</th><th>table</th><th>checks passed</th><th></th></tr>
{rows}
</table>
<p><a href="{site}/index.html">Data Docs of the last runs</a> (drawn with scripts from the internet)</p>
</html>
"""


def write_contents(output: Path, run_id: str) -> Path:
    """Write `index.html` for the results that a run has so far under `output`; return its path."""
    rows, passed, count = [], 0, 0
    results = output / RESULTS
    for file in sorted(results.glob(f"*/*/*/{run_id}/*/*.json")):
        result = json.loads(file.read_text())
        statistics = result["statistics"]
        passed += statistics["successful_expectations"]
        count += statistics["evaluated_expectations"]
        rows.append(_row(file.relative_to(results), result["success"], statistics))
    page = _PAGE.format(run=escape(run_id), passed=passed, count=count, rows="\n".join(rows), site=SITE)
    index = output / "index.html"
    index.write_text(page, encoding="utf-8")
    return index


def _row(file: Path, success: bool, statistics: dict) -> str:
    gate, schema, table = file.parts[:3]
    link = f"{SITE}/{RESULTS}/{file.with_suffix('.html').as_posix()}"
    verdict = "passed" if success else "failed"
    told = f"{statistics['successful_expectations']} of {statistics['evaluated_expectations']}"
    return (
        f'<tr class="{verdict}"><td>{escape(gate)}</td>'
        f'<td><a href="{escape(link)}">{escape(f"{schema}.{table}")}</a></td>'
        f"<td>{told}</td><td>{verdict}</td></tr>"
    )
