{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='fail',
    unique_key='customer_id',
    meta={'changed_by': 'int_spells_changed', 'schema': 'marts'}
) }}
with remembered as (

    select * from {{ ref('int_segments_remembered') }}
    where {{ is_to_build('customer_id', 'int_spells_changed') }}

),

tonight as (

    select
        customer_id,
        segment,
        tier
    from {{ ref('int_segments_assigned') }}
    where {{ is_to_build('customer_id', 'int_spells_changed') }}

),

running as (

    select * from remembered
    where valid_to is null

),

compared as (

    select
        coalesce(tonight.customer_id, running.customer_id) as customer_id,
        tonight.segment,
        tonight.tier,
        -- another tier is another spell, in the same segment as before
        case when tonight.segment = running.segment then running.segment_since else {{ as_of_date() }} end
            as segment_since,
        coalesce(tonight.segment = running.segment and tonight.tier = running.tier, false) as is_unchanged
    from tonight
    full outer join running on tonight.customer_id = running.customer_id

),

earlier as (

    select
        remembered.customer_id,
        remembered.segment,
        remembered.tier,
        remembered.segment_since,
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
        segment,
        tier,
        segment_since,
        {{ as_of_date() }} as valid_from,
        cast(null as date) as valid_to
    from compared
    where not is_unchanged and segment is not null

),

final as (

    select * from earlier
    union all
    select * from begun

)

select * from final
