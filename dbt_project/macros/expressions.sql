{#- The stable number in [0, 1) of a text: the same on every night and machine. -#}
{% macro stable_fraction(text) -%}
    ({{ hexadecimal_number('left(md5(' ~ text ~ '), 8)') }} / 4294967296.0)
{%- endmacro %}

{#- Customers and offers are named by the first 80 bits of a hash. -#}
{% macro short_id(prefix, text) -%}
    ('{{ prefix }}_' || left({{ text }}, 20))
{%- endmacro %}

{#- A variable that may be null, as SQL. 0 is a number. -#}
{% macro number_or_null(variable) -%}
    {{ 'null' if variable is none else variable }}
{%- endmacro %}

{#- A share as a whole percentage: 3 %. -#}
{% macro percent(share) -%}
    (cast(round(100 * {{ share }}) as integer) || ' %')
{%- endmacro %}

{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{#- Quantity times price, to the cent. Multiplied in 38 digits: DuckDB keeps a product in the 18 of its factors. -#}
{% macro times(quantity, price) -%}
    cast(round({{ quantity }} * cast({{ price }} as decimal(38, 8)), 2) as decimal(18, 2))
{%- endmacro %}

{#- A number with its noun: 1 day, 2 days. -#}
{% macro counted(number, noun) -%}
    ({{ number }} || ' {{ noun }}' || case when {{ number }} = 1 then '' else 's' end)
{%- endmacro %}
