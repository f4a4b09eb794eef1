{#- How a night adds to the night before's tables. The models in intermediate/changes list what has changed since; each
    table that grows takes the rows of those keys out and puts them in again, built by the same SQL that builds all rows
    from nothing. The pipeline decides which of both it is (pipeline/built.py). -#}

{#- The day at whose end the tables stood when the last build was done; nothing when all is built from nothing. -#}
{% macro built_until() -%}
    {{ return(var('built_until')) }}
{%- endmacro %}

{#- Keys of a landed entity whose rows in force are others now than at the last build. `touched` and `keys` are the
    pipeline's notes of drops loaded and rows taken out since. -#}
{% macro changed_keys(source_name, table, key, event_column=none) -%}
    {%- set rows = source(source_name, table) -%}
    {%- set before = "cast('" ~ built_until() ~ "' as date)" -%}
    select {{ key }} from {{ rows }}
    where
        _drop_on in (select touched.drop_on from {{ source('touched', 'drops') }} as touched where touched.table_name = '{{ table }}')
        and _drop_on <= {{ as_of_date() }}
    union
    select {{ key }} from {{ rows }}
    where _drop_on > {{ before }} and _drop_on <= {{ as_of_date() }}
    union
    select {{ key }} from {{ rows }}
    where _superseded_on > {{ before }} and _superseded_on <= {{ as_of_date() }}
    {%- if event_column %}
    union
    select {{ key }} from {{ rows }}
    where {{ event_column }} >= {{ before }} + interval 1 day and {{ event_column }} < {{ as_of_date() }} + interval 1 day
    {%- endif %}
    union
    select {{ key }} from {{ source('touched', table) }}
{%- endmacro %}

{#- Rows whose identifiers now name another person, or nobody, or somebody for the first time. -#}
{% macro changed_by_identity(relation, key, identifiers) -%}
    {%- for name in identifiers %}
    select {{ key }} from {{ relation }}
    where {{ name }} in (select changed.token from {{ ref('int_changed_identifiers') }} as changed where changed.kind = '{{ name }}')
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The condition under which a model that grows takes a row: any, or tonight one of a changed key. `column` is the key's
    name in the model of changes, where it has another. -#}
{% macro is_to_build(key, changes, where=none, column=none) -%}
    {%- set changed = ref(changes) -%}
    {%- if is_incremental() -%}
    {{ key }} in (
        select changed.{{ column or key.split('.') | last }} from {{ changed }} as changed{{ ' where changed.' ~ where if where }}
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{#- The condition under which a test looks at an order: any, or one that tonight's build has put in. -#}
{% macro is_built_tonight(key, changes) -%}
    {%- set changed = ref(changes) -%}
    {%- if built_until() -%}
    {{ key }} in (select changed.{{ key.split('.') | last }} from {{ changed }} as changed)
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{#- dbt's strategy `replace_changed`: out with the rows whose key is in the model that meta.changed_by names, in with the
    new ones. -#}
{% macro get_incremental_replace_changed_sql(arguments) -%}
    {%- set target, keys = arguments['target_relation'], arguments['unique_key'] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set changed = api.Relation.create(
        database=target.database, schema=config.get('meta').get('schema', 'intermediate'),
        identifier=config.get('meta')['changed_by']
    ) -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {#- `exists` with a condition between both would have DuckDB copy the whole table first -#}
    delete from {{ target }} where ({{ keys | join(', ') }}) in (
        select {% for key in keys %}changed.{{ key }}{{ ', ' if not loop.last }}{% endfor %} from {{ changed }} as changed
        {{ 'where changed.' ~ config.get('meta')['where'] if config.get('meta').get('where') }}
    );
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}
