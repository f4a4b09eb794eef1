{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='month',
    meta={'changed_by': 'int_changed_months'}
) }}
with lines as (

    select
        product_id,
        ordered_on,
        {{ month_of('ordered_on') }} as month,
        quantity,
        net_sales
    from {{ ref('order_lines') }}
    {%- if is_incremental() %}
    -- whole months, told apart by their days: the lines lie in the order of their days
    where ordered_on >= (select min(month) from {{ ref('int_changed_months') }})
    {%- endif %}

),

final as (

    select
        product_id,
        month,
        min(ordered_on) as first_sold_on,
        max(ordered_on) as last_sold_on,
        cast(sum(quantity) as decimal(18, 3)) as units,
        {{ money('sum(net_sales)') }} as net_sales
    from lines
    where {{ is_to_build('month', 'int_changed_months') }}
    group by product_id, month

)

select * from final
