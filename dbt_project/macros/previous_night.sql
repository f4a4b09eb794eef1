{#- A published table as the last night left it, or nothing on the first night. Tonight's model of that name is built
    from it, so it can't be a ref: dbt would see a circle. -#}
{% macro previous_relation(schema, name) -%}
    {%- if execute -%}
        {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
