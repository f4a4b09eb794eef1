"""What only DuckDB understands is in macros/portable.sql alone, so that the project can run on Spark later."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "dbt_project"
PORTABLE = PROJECT / "macros" / "portable.sql"

_A_DATE = r"(?:\b\w+_on\b|\bas_of_date\b|as_of_date\(\) \}\}| as date\))"

# What only DuckDB knows, or means otherwise than Spark does -> what to write instead.
DIALECT = {
    r"\bquantile_(?:cont|disc)\b|\bmedian\((?!'|\")": "the macro quantile or median",
    r"\b(?:arg_min|min_by)(?:_null)?\(": "the macro first_by",
    r"\b(?:arg_max|max_by)(?:_null)?\(": "the macro last_by",
    r"\bany_value\(": "min or max",
    r"\bunnest\(|\brange\(|\bgenerate_series\(": "values, one for each round of a Jinja loop",
    r"\bqualify\b": "a subquery with row_number and where",
    r"\*\s+(?:exclude|replace)\b": "the names of the columns",
    r"\bfilter\s*\(\s*where\b": "case inside the aggregate",
    r"\bgroup by all\b|\border by all\b": "the names of the columns",
    r"'0x'": "the macro hexadecimal_number",
    r"\bsha256\(": "the macro sha256_of",
    r"\bas (?:varchar|text)\b(?=\))": "the type string",
    r"\buuid\b": "the type string",
    r"::": "cast",
    r"\bformat\(": "texts joined with ||",
    r"\bstring_agg\(|\blist\w*\(|\barray_agg\(": "the macro join_sorted",
    r"\bto_days\(|\bdate_add\(|\bdate_sub\(": "the macro days_after",
    r"\bdate_?diff\(": "the macro days_between",
    rf"{_A_DATE} [-+] (?!interval\b)": "the macro days_after, or days_between for the days between two dates",
    r"(?<=\s)//(?=\s)": "the macro divide_whole",
    r'(?<=\bas )"\w+"': "adapter.quote",
}


def find_dialect(sql: str) -> list[str]:
    """What of a model only DuckDB would understand, each with what to write instead; comments aside."""
    code = re.sub(r"\{#.*?#\}|--[^\n]*|\{%-?\s*for .*?%\}", "", sql, flags=re.DOTALL)
    return [
        f"{found[0]!r}: use {instead}"
        for pattern, instead in DIALECT.items()
        for found in re.finditer(pattern, code, re.IGNORECASE)
    ]


def _sql_files() -> list[Path]:
    folders = (PROJECT / "models", PROJECT / "tests", PROJECT / "macros")
    return [path for folder in folders for path in sorted(folder.rglob("*.sql")) if path != PORTABLE]


def test_only_the_portable_macros_speak_duckdb():
    spoken = {
        str(path.relative_to(PROJECT)): found for path in _sql_files() if (found := find_dialect(path.read_text()))
    }
    assert spoken == {}


def test_every_portable_macro_has_a_default():
    names = re.findall(r"\{% macro (duckdb|default)__(\w+)\(", PORTABLE.read_text())
    spoken_by = {engine: {name for by, name in names if by == engine} for engine in ("duckdb", "default")}
    assert spoken_by["duckdb"]
    assert spoken_by["duckdb"] == spoken_by["default"]


def test_what_only_duckdb_knows_is_found():
    planted = {
        "select quantile_cont(gap_days, 0.5) from days": "median",
        "select arg_max(kind, (likelihood, kind)) from best": "last_by",
        "select min_by(amount, place) from best": "first_by",
        "select any_value(weight) from weights": "min or max",
        "select unnest(range(3)) as step": "values",
        "select * from best qualify place <= 3": "row_number",
        "select placed.* exclude (place) from placed": "names of the columns",
        "select count(*) filter (where is_new) from people": "case inside",
        "select a, sum(b) from t group by all": "names of the columns",
        "select cast('0x' || left(md5(name), 8) as bigint) from t": "hexadecimal_number",
        "select sha256(name) from t": "sha256_of",
        "select cast(null as varchar) as name": "string",
        "select cast(token as uuid) from t": "string",
        "select token::bigint from t": "cast",
        "select format('{} days', n) from t": "||",
        "select string_agg(name, ',') from t": "join_sorted",
        "select day - to_days(3) from t": "days_after",
        "select ordered_on + 1 from t": "days_after",
        "select {{ as_of_date() }} - {{ var('days') }}": "days_after",
        "select cast(opened_at as date) + 7 from t": "days_after",
        "select last_order_on - first_order_on from t": "days_between",
        "select cents // 3 from t": "divide_whole",
        'select n as "left" from t': "adapter.quote",
    }
    missed = [sql for sql, instead in planted.items() if instead not in " ".join(find_dialect(sql))]
    assert missed == []


def test_what_both_engines_know_is_let_be():
    plain = [
        "select a is distinct from b, concat_ws(', ', a, b), a || b, cast(a as string) from t",
        "select row_number() over by_day as place from t window by_day as (partition by a order by ordered_on, b)",
        "select cast({{ day }} + interval 12 month as date), contains(lower(reason), word) from t",
        "select {{ days_after('ordered_on', -90) }}, {{ median('gap_days') }}, max(case when a then b end) from t",
        "-- min_by(a, b) of old, ordered_on + 1\nselect 1",
    ]
    assert [find_dialect(sql) for sql in plain] == [[], [], [], [], []]
