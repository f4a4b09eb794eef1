{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    on_schema_change='append_new_columns',
    unique_key='customer_id',
    meta={'changed_by': 'int_spells_changed', 'schema': 'marts'}
) }}
with remembered as (

    select
        *,
        lead(valid_from) over (partition by customer_id order by valid_from) is null as is_last
    from {{ ref('int_segments_remembered') }}
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
        remembered.valid_to,
        remembered.seen_until,
        coalesce(remembered.is_last and not compared.is_unchanged, false) as is_followed,
        compared.segment is not null as is_there
    from remembered
    left join compared on remembered.customer_id = compared.customer_id

),

-- Who was one person with somebody else for some nights, and is themselves again, was in their last segment meanwhile:
-- it leaves no hole. When they were last seen in it is kept, should one of those nights be told anew.
closed as (

    select
        customer_id,
        segment,
        tier,
        segment_since,
        valid_from,
        case
            when is_followed and (valid_to is null or is_there) then {{ day_before(as_of_date()) }} else valid_to
        end as valid_to,
        case when is_followed and is_there then valid_to else seen_until end as seen_until
    from earlier

),

begun as (

    select
        customer_id,
        segment,
        tier,
        segment_since,
        {{ as_of_date() }} as valid_from,
        cast(null as date) as valid_to,
        cast(null as date) as seen_until
    from compared
    where not is_unchanged and segment is not null

),

final as (

    select * from closed
    union all
    select * from begun

)

select * from final
