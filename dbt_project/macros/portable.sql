{#- What engines say each in their own way. DuckDB's is duckdb__; default__ is Spark's. Nothing else in the project may
    use them directly; a test looks. -#}

{#- Whole days from one date to another. -#}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between')(first, last)) }}
{%- endmacro %}
{% macro duckdb__days_between(first, last) -%} ({{ last }} - {{ first }}) {%- endmacro %}
{% macro default__days_between(first, last) -%} cast(datediff({{ last }}, {{ first }}) as bigint) {%- endmacro %}

{#- The number below which a share of some numbers lies, between the two nearest of them. -#}
{% macro quantile(number, share) -%}
    {{ return(adapter.dispatch('quantile')(number, share)) }}
{%- endmacro %}
{% macro duckdb__quantile(number, share) -%} quantile_cont({{ number }}, {{ share }}) {%- endmacro %}
{% macro default__quantile(number, share) -%} percentile({{ number }}, {{ share }}) {%- endmacro %}
{% macro median(number) -%} {{ quantile(number, 0.5) }} {%- endmacro %}

{#- The value of the first or the last row of a group, in an order; empty where that row's value is. -#}
{% macro first_by(value, order) -%}
    {{ return(adapter.dispatch('first_by')(value, order)) }}
{%- endmacro %}
{% macro duckdb__first_by(value, order) -%} arg_min_null({{ value }}, {{ order }}) {%- endmacro %}
{% macro default__first_by(value, order) -%} min_by({{ value }}, {{ order }}) {%- endmacro %}
{% macro last_by(value, order) -%}
    {{ return(adapter.dispatch('last_by')(value, order)) }}
{%- endmacro %}
{% macro duckdb__last_by(value, order) -%} arg_max_null({{ value }}, {{ order }}) {%- endmacro %}
{% macro default__last_by(value, order) -%} max_by({{ value }}, {{ order }}) {%- endmacro %}

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

{#- The whole number that some hexadecimal digits say. -#}
{% macro hexadecimal_number(digits) -%}
    {{ return(adapter.dispatch('hexadecimal_number')(digits)) }}
{%- endmacro %}
{% macro duckdb__hexadecimal_number(digits) -%} cast('0x' || {{ digits }} as bigint) {%- endmacro %}
{% macro default__hexadecimal_number(digits) -%} cast(conv({{ digits }}, 16, 10) as bigint) {%- endmacro %}

{#- The SHA-256 of a text, in hexadecimal digits. -#}
{% macro sha256_of(text) -%}
    {{ return(adapter.dispatch('sha256_of')(text)) }}
{%- endmacro %}
{% macro duckdb__sha256_of(text) -%} sha256({{ text }}) {%- endmacro %}
{% macro default__sha256_of(text) -%} sha2({{ text }}, 256) {%- endmacro %}

{#- A token as what joins fastest: where an engine has numbers of 128 bits, its 32 hexadecimal digits are one. -#}
{% macro compact_token(token) -%}
    {{ return(adapter.dispatch('compact_token')(token)) }}
{%- endmacro %}
{% macro duckdb__compact_token(token) -%} cast({{ token }} as uuid) {%- endmacro %}
{% macro default__compact_token(token) -%} cast({{ token }} as string) {%- endmacro %}

{#- How many times one whole number goes into another whole; both from 0 up. -#}
{% macro divide_whole(number, by) -%}
    {{ return(adapter.dispatch('divide_whole')(number, by)) }}
{%- endmacro %}
{% macro duckdb__divide_whole(number, by) -%} (({{ number }}) // ({{ by }})) {%- endmacro %}
{% macro default__divide_whole(number, by) -%} (({{ number }}) div ({{ by }})) {%- endmacro %}
