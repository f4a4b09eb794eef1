{{ config(materialized='view') }}
with remembered as (

    select * from {{ ref('int_decisions_remembered') }}

),

final as (

    select
        customer_id,
        is_at_risk as was_at_risk,
        let_go_since
    from remembered
    where valid_to is null

)

select * from final
