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

{#- An amount as a whole number of cents. -#}
{% macro cents(amount) -%}
    cast(100 * cast({{ money(amount) }} as decimal(38, 2)) as bigint)
{%- endmacro %}

{#- An amount shared among a whole number of things, to the cent, half a cent away from zero; nothing among none. In whole
    cents, since a double holds 33.105 as a little less. -#}
{% macro money_each(amount, number) -%}
    {%- set doubled = '2 * cast(nullif(' ~ number ~ ', 0) as bigint)' -%}
    {%- set rounded = divide_whole('2 * abs(' ~ cents(amount) ~ ') + cast(' ~ number ~ ' as bigint)', doubled) -%}
    {{ money('sign(' ~ amount ~ ') * 0.01 * cast(' ~ rounded ~ ' as decimal(20, 0))') }}
{%- endmacro %}

{#- How often an amount must be added to reach another; neither is negative. -#}
{% macro times_to_reach(goal, amount) -%}
    {{ divide_whole(cents(goal) ~ ' + ' ~ cents(amount) ~ ' - 1', cents(amount)) }}
{%- endmacro %}

{#- Quantity times price, to the cent. Multiplied in 38 digits: DuckDB keeps a product in the 18 of its factors. -#}
{% macro times(quantity, price) -%}
    cast(round({{ quantity }} * cast({{ price }} as decimal(38, 8)), 2) as decimal(18, 2))
{%- endmacro %}

{#- A number with its noun: 1 day, 2 days. -#}
{% macro counted(number, noun) -%}
    ({{ number }} || ' {{ noun }}' || case when {{ number }} = 1 then '' else 's' end)
{%- endmacro %}

{#- The lower end of the interval of a share that was seen among so many, z standard errors wide (Wilson 1927). -#}
{% macro share_low(share, number, z) -%}
    (
        ({{ share }} + {{ z * z / 2 }} / {{ number }}
        - {{ z }} * sqrt(({{ share }} * (1 - {{ share }}) + {{ z * z / 4 }} / {{ number }}) / {{ number }}))
        / (1 + {{ z * z }} / {{ number }})
    )
{%- endmacro %}

{#- A CTE `sampled`: so many of those who have bought, the same ones on every date and night. By a hash of the id, so that
    chance alone chooses; with a limit, so that an engine knows how few they are and holds them against long tables,
    not the tables against them. -#}
{% macro sample_buyers(most) -%}
sampled as (

    select customer_id
    from {{ ref('int_customer_facts') }}
    where orders_total > 0
    order by md5(customer_id), customer_id
    limit {{ most }}

)
{%- endmacro %}
