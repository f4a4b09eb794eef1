{#- Whose a row is: the person of the strongest identifier on it that names one. A card outranks an account, which
    household members may share; an account outranks a mailbox, and that a phone. `row` is the row's alias, `identifiers`
    the columns it has; `joins` and `person` belong together. -#}
{% macro joins_to_people(row, identifiers) -%}
    {%- for name in identifiers %}
    left join {{ ref('int_identifiers_resolved') }} as by_{{ name }}
        on by_{{ name }}.kind = '{{ name }}' and {{ row }}.{{ name }} = by_{{ name }}.token
    {%- endfor %}
{%- endmacro %}

{% macro person_of(identifiers) -%}
    coalesce({% for name in identifiers %}by_{{ name }}.customer_id{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro all_identifiers() -%}
    {{ return(['loyalty_id', 'customer_ref', 'email', 'phone']) }}
{%- endmacro %}
