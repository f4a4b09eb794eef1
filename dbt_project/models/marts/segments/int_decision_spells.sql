{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_spells_changed', 'schema': 'marts'}
) }}
-- What a later night needs to know of tonight, and of every night before: a night that is run again, or mended, begins
-- where the one before it had left.
with remembered as (

    select * from {{ ref('int_decisions_remembered') }}
    where {{ is_to_build('customer_id', 'int_spells_changed') }}

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}
    where {{ is_to_build('customer_id', 'int_spells_changed') }}

),

judged as (

    select * from {{ ref('int_customers_judged') }}

),

tonight as (

    select
        assigned.customer_id,
        assigned.is_at_risk,
        judged.let_go_since
    from assigned
    inner join judged on assigned.customer_id = judged.customer_id
    where assigned.is_at_risk or judged.let_go_since is not null

),

running as (

    select * from remembered
    where valid_to is null

),

compared as (

    select
        coalesce(tonight.customer_id, running.customer_id) as customer_id,
        tonight.is_at_risk,
        tonight.let_go_since,
        coalesce(
            tonight.is_at_risk = running.is_at_risk
            and tonight.let_go_since is not distinct from running.let_go_since,
            false
        ) as is_unchanged
    from tonight
    full outer join running on tonight.customer_id = running.customer_id

),

earlier as (

    select
        remembered.customer_id,
        remembered.is_at_risk,
        remembered.let_go_since,
        remembered.valid_from,
        case
            when remembered.valid_to is null and not compared.is_unchanged then {{ day_before(as_of_date()) }}
            else remembered.valid_to
        end as valid_to
    from remembered
    left join compared on remembered.customer_id = compared.customer_id

),

begun as (

    select
        customer_id,
        is_at_risk,
        let_go_since,
        {{ as_of_date() }} as valid_from,
        cast(null as date) as valid_to
    from compared
    where not is_unchanged and is_at_risk is not null

),

final as (

    select * from earlier
    union all
    select * from begun

)

select * from final
