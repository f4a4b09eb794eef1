{#- What engines say each in their own way. DuckDB's is duckdb__; default__ is Spark's. Nothing else in the project may
    use them directly; a test looks. -#}

{#- Whole days from one date to another. -#}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between')(first, last)) }}
{%- endmacro %}
{% macro duckdb__days_between(first, last) -%} ({{ last }} - {{ first }}) {%- endmacro %}
{% macro default__days_between(first, last) -%} datediff({{ last }}, {{ first }}) {%- endmacro %}

{#- The middle of some numbers, between the two middle ones where there is an even number of them. -#}
{% macro median(number) -%}
    {{ return(adapter.dispatch('median')(number)) }}
{%- endmacro %}
{% macro duckdb__median(number) -%} quantile_cont({{ number }}, 0.5) {%- endmacro %}
{% macro default__median(number) -%} percentile({{ number }}, 0.5) {%- endmacro %}

{#- Some texts as one, in their order; empty ones are left out. -#}
{% macro join_sorted(text) -%}
    {{ return(adapter.dispatch('join_sorted')(text)) }}
{%- endmacro %}
{% macro duckdb__join_sorted(text) -%} string_agg({{ text }}, ',' order by {{ text }}) {%- endmacro %}
{% macro default__join_sorted(text) -%} array_join(array_sort(collect_list({{ text }})), ',') {%- endmacro %}

{#- The first day of a date's month, and of the month after that. -#}
{% macro month_of(day) -%} cast(date_trunc('month', {{ day }}) as date) {%- endmacro %}
{% macro month_after(month) -%} cast({{ month }} + interval 1 month as date) {%- endmacro %}

{#- A date some days later. -#}
{% macro days_after(day, days) -%}
    {{ return(adapter.dispatch('days_after')(day, days)) }}
{%- endmacro %}
{% macro duckdb__days_after(day, days) -%} ({{ day }} + cast({{ days }} as integer)) {%- endmacro %}
{% macro default__days_after(day, days) -%} date_add({{ day }}, cast({{ days }} as int)) {%- endmacro %}
{% macro day_after(day) -%} {{ days_after(day, 1) }} {%- endmacro %}
{% macro day_before(day) -%} {{ days_after(day, -1) }} {%- endmacro %}
