{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='return_id',
    meta={'changed_by': 'int_changed_returns'}
) }}
with returns as (

    select * from {{ ref('stg_sales__returns') }}
    where {{ is_to_build('return_id', 'int_changed_returns') }}

),

costs as (

    select * from {{ ref('stg_sales__product_costs') }}

),

orders as (

    select
        order_id,
        customer_id
    from {{ ref('int_orders_identified') }}

),

final as (

    select
        returns.return_id,
        returns.order_id,
        returns.line_no,
        coalesce({{ person_of(['customer_ref']) }}, orders.customer_id) as customer_id,
        returns.product_id,
        returns.returned_at,
        returns.returned_on,
        returns.quantity,
        returns.refund_amount,
        -- goods that come back are worth their cost again; where that is unknown, the whole refund is lost
        {{ money('returns.refund_amount - coalesce(' ~ times('returns.quantity', 'costs.unit_cost') ~ ', 0)') }}
            as margin_lost,
        returns.reason
    from returns
    left join orders on returns.order_id = orders.order_id
    left join costs
        on
            returns.product_id = costs.product_id
            and returns.returned_on >= costs.valid_from
            and returns.returned_on < costs.valid_before
    {{ joins_to_people('returns', ['customer_ref']) }}

)

select * from final
