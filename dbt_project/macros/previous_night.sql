{#- A published table as the last night left it, or nothing on the first night. Tonight's model of that name is built
    from it, so it can't be a ref: dbt would see a circle. -#}
{% macro previous_relation(schema, name) -%}
    {%- if execute -%}
        {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#- A spell that ended the day before tonight, or later, was ended by tonight's first run or by a later night: before
    tonight it was still running. -#}
{% macro end_of_spell_before_tonight(valid_to) -%}
    case when {{ day_after(valid_to) }} < {{ as_of_date() }} then {{ valid_to }} end
{%- endmacro %}

